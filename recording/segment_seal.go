package recording

import (
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
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

// sealer computes a segment's seal while it is written.
type sealer struct {
	to    io.Writer
	bytes int64
	sum   hash.Hash32
}

func newSealer(to io.Writer) *sealer {
	return &sealer{to: to, sum: crc32.New(crc32.MakeTable(crc32.Castagnoli))}
}

func (s *sealer) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.bytes += int64(n)
	_, _ = s.sum.Write(p[:n]) // a hash never fails
	return n, err
}

// verify tells whether the file is the one that was sealed.
func (seal segmentSeal) verify(file *os.File) error {
	check := newSealer(io.Discard)
	if _, err := io.Copy(check, file); err != nil {
		return err
	}
	switch {
	case check.bytes != seal.Bytes:
		return fmt.Errorf("%d bytes long instead of %d", check.bytes, seal.Bytes)
	case check.sum.Sum32() != seal.CRC32C:
		return errors.New("its checksum is wrong")
	default:
		return nil
	}
}
