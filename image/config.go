package image

// config is the image's configuration as the OCI image specification has it
// (github.com/opencontainers/image-spec, config.md). Nothing in it tells when or where the
// image was made: the same program gives the same bytes.
type config struct {
	Created      string    `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       execution `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
	History      []history `json:"history"`
}

type execution struct {
	User       string   `json:"User"`
	Entrypoint []string `json:"Entrypoint"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type history struct {
	Created   string `json:"created"`
	CreatedBy string `json:"created_by"`
}

const epoch = "1970-01-01T00:00:00Z"

func configure(architecture, layer string) config {
	return config{
		Created:      epoch,
		Architecture: architecture,
		OS:           "linux",
		Config:       execution{User: "65532", Entrypoint: []string{"/" + tool}},
		RootFS:       rootFS{Type: "layers", DiffIDs: []string{"sha256:" + layer}},
		History:      []history{{Created: epoch, CreatedBy: tool + " image"}},
	}
}
