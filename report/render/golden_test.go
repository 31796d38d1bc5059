package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var update = flag.Bool("update", false, "write the renderings of the golden reports anew")

// The golden reports are those of real runs. JSON has to give back what was
// read; the other formats lie beside it.
func TestGoldenReports(t *testing.T) {
	formats := map[string]func(io.Writer, *report.Report) error{
		"report.json": JSON,
		"report.txt":  func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) },
		"report.md":   Markdown,
		"junit.xml":   JUnit,
	}
	for name, r := range goldenReports(t) {
		for file, write := range formats {
			t.Run(name+"/"+file, func(t *testing.T) {
				var got bytes.Buffer
				if err := write(&got, r); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(golden, name, file)
				if *update && file != "report.json" {
					if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Errorf("this is not %s; look at the difference with: go test ./report/render -run Golden -update && git diff %s", path, path)
				}
			})
		}
	}
}

const golden = "../testdata/golden"

// goldenReports reads the reports by the names of their folders.
func goldenReports(t *testing.T) map[string]*report.Report {
	t.Helper()
	folders, err := filepath.Glob(golden + "/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden reports (%v)", err)
	}
	reports := map[string]*report.Report{}
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		var r report.Report
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		reports[filepath.Base(folder)] = &r
	}
	return reports
}
