package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row of the table of faults names tests that are there.
func TestFaultsNameTheirTests(t *testing.T) {
	const root = "../../"
	page, err := os.ReadFile(root + "docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("([a-z0-9/]+) `(Test\\w+)`")
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || strings.HasPrefix(cells[1], "--") || strings.TrimSpace(cells[1]) == "fault" {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(cells[4], -1)
		if len(tests) == 0 {
			t.Errorf("no test is named in %s", line)
		}
		for _, test := range tests {
			if !holdsTest(t, filepath.Join(root, test[1]), test[2]) {
				t.Errorf("package %s has no %s", test[1], test[2])
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d rows, want at least 20", rows)
	}
}

// holdsTest tells whether one of the test files in the folder has the test.
func holdsTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
