package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
)

// Go reads the system's certificates once, hence a process of its own.
func TestRootsOfAnEmptyImage(t *testing.T) {
	const there = "SHUTDOWNCHECK_TEST_ROOTS"
	if os.Getenv(there) != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			t.Fatal(err)
		}
		if pool.Equal(x509.NewCertPool()) {
			t.Fatal("no certificate is trusted")
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRootsOfAnEmptyImage$")
	cmd.Env = append(os.Environ(), there+"=1", "SSL_CERT_FILE=/nonexistent", "SSL_CERT_DIR=/nonexistent")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
