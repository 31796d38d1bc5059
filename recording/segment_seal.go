package recording

import (
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
)

// segmentSeal is a closed segment as segments.jsonl tells it. A segment is
// checked against it before it is decoded: a damaged Parquet file can make its
// reader ask for any amount of memory, or give wrong samples without a word.
type segmentSeal struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`
	Bytes   int64  `json:"bytes"`
	// CRC32C is the Castagnoli checksum of the whole file.
	CRC32C uint32 `json:"crc32c"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealer computes a segment's seal while it is written.
type sealer struct {
	to    io.Writer
	bytes int64
	sum   hash.Hash32
}

func newSealer(to io.Writer) *sealer {
	return &sealer{to: to, sum: crc32.New(castagnoli)}
}

func (s *sealer) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.bytes += int64(n)
	_, _ = s.sum.Write(p[:n]) // a hash never fails
	return n, err
}

// newSealCheck gives what tells whether a line is a whole seal. One that comes a
// second time would give its samples twice.
func newSealCheck() func(*segmentSeal) error {
	met := map[string]bool{}
	return func(seal *segmentSeal) error {
		switch {
		case seal.Name == "":
			return errors.New("it names no segment")
		case met[seal.Name]:
			return fmt.Errorf("it names %.40q again", seal.Name)
		}
		met[seal.Name] = true
		return nil
	}
}

// checkNames refuses seals of files that are no segments.
func checkNames(path string, seals []segmentSeal) error {
	for _, seal := range seals {
		if !segmentPattern.MatchString(seal.Name) {
			return fmt.Errorf("%s names the file %.100q; want names like %s", path, seal.Name, segmentName(1))
		}
	}
	return nil
}

// read gives the file's content if it is the one that was sealed, in buffer as
// far as that holds it.
func (seal segmentSeal) read(from *source, buffer []byte) ([]byte, error) {
	file, size, err := from.open(seal.Name, mostSegment)
	if err != nil {
		return buffer, err
	}
	defer file.Close()
	if size != seal.Bytes {
		return buffer, fmt.Errorf("%d bytes long instead of %d", size, seal.Bytes)
	}
	data := slices.Grow(buffer[:0], int(size))[:size]
	if _, err := io.ReadFull(file, data); err != nil {
		return data, bare(err)
	}
	if crc32.Checksum(data, castagnoli) != seal.CRC32C {
		return data, errors.New("its checksum is wrong")
	}
	return data, nil
}
