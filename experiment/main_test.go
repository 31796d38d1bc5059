package experiment

import (
	"flag"
	"os"
	"testing"
)

// A run mostly waits, so that there is room for more of them than for processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
