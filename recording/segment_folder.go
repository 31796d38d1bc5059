package recording

import (
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
)

// segmentFolder puts segments into a recording's folder. Several may be on their way
// at once: a reader has them in the order of their seals.
type segmentFolder struct {
	dir   string
	disk  disk
	last  atomic.Int64
	seals *lineWriter
}

func newSegmentFolder(dir string, d disk) (*segmentFolder, error) {
	seals, err := newLineWriter(d, filepath.Join(dir, segmentsFile))
	if err != nil {
		return nil, err
	}
	return &segmentFolder{dir: dir, disk: d, seals: seals}, nil
}

// seal writes a segment, gives it its readable name and seals it.
func (f *segmentFolder) seal(samples int, encode func(io.Writer) error) error {
	name := segmentName(int(f.last.Add(1)))
	var sealer *sealer
	err := writeWhole(f.disk, filepath.Join(f.dir, name), func(to io.Writer) error {
		sealer = newSealer(to)
		return encode(sealer)
	})
	if err == nil {
		err = f.seals.write(segmentSeal{Name: name, Samples: samples, Bytes: sealer.bytes, CRC32C: sealer.sum.Sum32()})
	}
	if err != nil {
		return fmt.Errorf("write a segment of samples: %w", err)
	}
	return nil
}

func (f *segmentFolder) close() error { return f.seals.close() }
