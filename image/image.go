// Package image makes this tool's image out of its own program, without a
// registry, an engine or a build.
package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// Image holds one static program for Linux and nothing else, like the one that
// scripts/static-image.sh makes.
type Image struct {
	// Name ends with the beginning of the digest of the image's configuration, and
	// so of all that is in the image: an image of that name is this one.
	Name string
	// Architecture is the program's, in Go's words and Kubernetes' (amd64, arm64).
	Architecture string
	// Size is that of the archive's one layer, in bytes.
	Size int64

	program *io.SectionReader
	config  []byte
	// layer is the SHA-256 of the layer, which is not compressed, in hexadecimal digits.
	layer string
}

// Of makes the image of a program of size bytes, which has to stay as it is for as
// long as the image is used. A program for another system is a [*PlatformError].
func Of(program io.ReaderAt, size int64) (*Image, error) {
	about, err := inspect(program)
	if err != nil {
		return nil, err
	}
	i := &Image{Architecture: about.architecture, program: io.NewSectionReader(program, 0, size)}
	digest := sha256.New()
	layer := counter{w: digest}
	if err := i.writeLayer(&layer); err != nil {
		return nil, fmt.Errorf("read the program: %w", err)
	}
	i.layer, i.Size = hex.EncodeToString(digest.Sum(nil)), layer.n
	if i.config, err = json.Marshal(configure(i.Architecture, i.layer)); err != nil {
		return nil, fmt.Errorf("write the image's configuration: %w", err)
	}
	i.Name = fmt.Sprintf("%s:%s-%.12s", tool, about.version, i.id())
	return i, nil
}

// id is the digest of the configuration, by which engines know the image.
func (i *Image) id() string {
	digest := sha256.Sum256(i.config)
	return hex.EncodeToString(digest[:])
}

// counter counts the bytes that are written to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
