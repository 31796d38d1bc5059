package analysis

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

var update = flag.Bool("update", false, "write the reports of the golden recordings anew")

// The golden recordings are rows of the sensitivity matrix as a real cluster
// gave them. A rule that reads one of them otherwise shows here.
func TestGoldenRecordings(t *testing.T) {
	folders, err := filepath.Glob("../testdata/golden/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden recordings (%v)", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			r, err := recording.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := Analyze(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			// The list of single failures only repeats what the findings sum up.
			rep.Failures = rep.Failures[:min(len(rep.Failures), 20)]
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false) // as render.JSON does
			if err := encoder.Encode(rep); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, "report.json")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("the report is not %s; look at the difference with: go test ./report/analysis -run Golden -update && git diff %s", file, file)
			}
		})
	}
}
