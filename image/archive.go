package image

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// FullName is the name with the registry that stands for none, as containerd calls
// the image.
func (i *Image) FullName() string { return "docker.io/library/" + i.Name }

// entry of an archive's manifest.json.
type entry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// WriteArchive writes the image as docker save does: the form that docker load, podman
// load, kind load image-archive and ctr images import all take, in every version.
func (i *Image) WriteArchive(w io.Writer) error {
	configName, layerName := i.id()+".json", i.layer+".tar"
	// The name is the full one: podman would put localhost/ before the short one.
	manifest, err := json.Marshal([]entry{{Config: configName, RepoTags: []string{i.FullName()}, Layers: []string{layerName}}})
	if err != nil {
		return fmt.Errorf("write the image's manifest: %w", err)
	}
	archive := tar.NewWriter(w)
	for _, file := range []struct {
		name string
		data []byte
	}{{"manifest.json", manifest}, {configName, i.config}} {
		if err := archive.WriteHeader(header(file.name, 0o644, int64(len(file.data)))); err != nil {
			return err
		}
		if _, err := archive.Write(file.data); err != nil {
			return err
		}
	}
	if err := archive.WriteHeader(header(layerName, 0o644, i.Size)); err != nil {
		return err
	}
	if err := i.writeLayer(archive); err != nil {
		return err
	}
	return archive.Close()
}

// writeLayer writes the layer, an archive with the program in it.
func (i *Image) writeLayer(w io.Writer) error {
	layer := tar.NewWriter(w)
	if err := layer.WriteHeader(header(tool, 0o755, i.program.Size())); err != nil {
		return err
	}
	// A reader of its own: the image may be written by several at once.
	if _, err := io.Copy(layer, io.NewSectionReader(i.program, 0, i.program.Size())); err != nil {
		return err
	}
	return layer.Close()
}

// header is that of a file of root's, as old as can be.
func header(name string, mode, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: size, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
}
