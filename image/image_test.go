package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/image"
	"github.com/shutdowncheck/shutdowncheck/internal/fakeprogram"
)

func of(t *testing.T, program []byte) *image.Image {
	t.Helper()
	i, err := image.Of(bytes.NewReader(program), int64(len(program)))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func archive(t *testing.T, i *image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := i.WriteArchive(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files reads an archive, and wants all in it to be root's and as old as can be.
func files(t *testing.T, data []byte) (content map[string][]byte, modes map[string]int64) {
	t.Helper()
	content, modes = map[string][]byte{}, map[string]int64{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return content, modes
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || h.Uid != 0 || h.Gid != 0 || !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s: %+v", h.Name, h)
		}
		if content[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		modes[h.Name] = h.Mode
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// What the archive's parts say of each other has to be so, or an engine refuses it.
func TestArchive(t *testing.T) {
	program := fakeprogram.Tool()
	program.Architecture = "arm64"
	i := of(t, program.ELF())
	if i.Architecture != "arm64" {
		t.Errorf("architecture %s", i.Architecture)
	}
	outer, _ := files(t, archive(t, i))

	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(outer["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(outer) != 3 || len(manifest) != 1 || len(manifest[0].RepoTags) != 1 || len(manifest[0].Layers) != 1 {
		t.Fatalf("%d files, manifest %+v", len(outer), manifest)
	}
	id := digest(outer[manifest[0].Config])
	if want := "docker.io/library/shutdowncheck:dev-" + id[:12]; manifest[0].RepoTags[0] != want || i.FullName() != want {
		t.Errorf("called %s and %s, want %s", manifest[0].RepoTags[0], i.FullName(), want)
	}
	if i.Name != "shutdowncheck:dev-"+id[:12] {
		t.Errorf("called %s", i.Name)
	}

	var config struct {
		Architecture, OS string
		Config           struct {
			User       string
			Entrypoint []string
		}
		RootFS struct {
			Type    string
			DiffIDs []string `json:"diff_ids"`
		}
		History []any
	}
	if err := json.Unmarshal(outer[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	layer := outer[manifest[0].Layers[0]]
	if config.OS != "linux" || config.Architecture != "arm64" || config.Config.User != "65532" ||
		strings.Join(config.Config.Entrypoint, " ") != "/shutdowncheck" || config.RootFS.Type != "layers" ||
		strings.Join(config.RootFS.DiffIDs, " ") != "sha256:"+digest(layer) || len(config.History) != 1 {
		t.Errorf("configuration %s, of a layer with digest %s", outer[manifest[0].Config], digest(layer))
	}
	if i.Size != int64(len(layer)) {
		t.Errorf("size %d, want %d", i.Size, len(layer))
	}
	inner, modes := files(t, layer)
	if len(inner) != 1 || !bytes.Equal(inner["shutdowncheck"], program.ELF()) || modes["shutdowncheck"] != 0o755 {
		t.Errorf("the layer has %d files; modes %v", len(inner), modes)
	}
}

func TestImageIsReproducible(t *testing.T) {
	program := fakeprogram.Tool()
	i := of(t, program.ELF())
	if !bytes.Equal(archive(t, i), archive(t, of(t, program.ELF()))) || !bytes.Equal(archive(t, i), archive(t, i)) {
		t.Error("the same program gives different archives")
	}
	if other := of(t, append(program.ELF(), 0)); other.Name == i.Name {
		t.Errorf("another program's image is called %s too", i.Name)
	}
	program.Architecture = "arm64"
	if other := of(t, program.ELF()); other.Name == i.Name {
		t.Errorf("another architecture's image is called %s too", i.Name)
	}
}

// Only a release's version stands in the name: others are long, or no tag's.
func TestVersionInName(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3":                               "shutdowncheck:v1.2.3-",
		"v1.2.3-rc.1":                          "shutdowncheck:v1.2.3-rc.1-",
		"(devel)":                              "shutdowncheck:dev-",
		"":                                     "shutdowncheck:dev-",
		"v0.0.0-20261127201040-83fb91f0c1d2":   "shutdowncheck:dev-",
		"v1.2.4-0.20261127201040-83fb91f0c1d2": "shutdowncheck:dev-",
		"v1.2.3+dirty":                         "shutdowncheck:dev-",
		"v1.2.3-" + strings.Repeat("1", 200):   "shutdowncheck:dev-",
	} {
		program := fakeprogram.Tool()
		program.Version = version
		if i := of(t, program.ELF()); len(i.Name) != len(want)+12 || !strings.HasPrefix(i.Name, want) {
			t.Errorf("%q: %s, want %s and 12 digits", version, i.Name, want)
		}
	}
}

func TestOfRefuses(t *testing.T) {
	const linker = "/lib64/ld-linux-x86-64.so.2"
	for what, c := range map[string]struct {
		change func(*fakeprogram.Program)
		want   string
	}{
		"dynamic":       {func(p *fakeprogram.Program) { p.Interpreter = linker }, `it needs "` + linker + `" to run, which is not in the image; build it with CGO_ENABLED=0`},
		"other system":  {func(p *fakeprogram.Program) { p.OS, p.Architecture = "darwin", "arm64" }, "it is built for darwin/arm64"},
		"other program": {func(p *fakeprogram.Program) { p.Path = "k8s.io/kubectl" }, "it is no program of shutdowncheck"},
	} {
		t.Run(what, func(t *testing.T) {
			p := fakeprogram.Tool()
			c.change(&p)
			_, err := image.Of(bytes.NewReader(p.ELF()), int64(len(p.ELF())))
			if err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			if _, foreign := errors.AsType[*image.PlatformError](err); foreign != (what == "other system") {
				t.Errorf("%T", err)
			}
		})
	}
	script := "#!/bin/sh\n"
	if _, err := image.Of(strings.NewReader(script), int64(len(script))); err == nil || err.Error() != "it is no program of shutdowncheck" {
		t.Errorf("a script: %v", err)
	}
}

// cut is a program that has become shorter since it was looked at.
type cut struct{ io.ReaderAt }

func (c cut) ReadAt(p []byte, at int64) (int, error) {
	if at > 100 {
		return 0, io.EOF
	}
	return c.ReaderAt.ReadAt(p[:min(len(p), 100)], at)
}

func TestProgramThatIsCutIsNoImage(t *testing.T) {
	program := fakeprogram.Tool().ELF()
	later := &swapped{ReaderAt: bytes.NewReader(program)}
	i, err := image.Of(later, int64(len(program)))
	if err != nil {
		t.Fatal(err)
	}
	later.ReaderAt = cut{bytes.NewReader(program)}
	if err := i.WriteArchive(io.Discard); err == nil {
		t.Error("an archive of a part of the program was written")
	}
}

type swapped struct{ io.ReaderAt }
