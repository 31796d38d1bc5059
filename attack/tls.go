package attack

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// tlsConfig reads the file that the target names. Its errors are of
// check.FieldError, with fields as seen from the check.
func tlsConfig(t *check.TLS, host string, read readFile) (*tls.Config, error) {
	if t == nil {
		return &tls.Config{ServerName: host}, nil
	}
	config := &tls.Config{
		ServerName:         cmp.Or(t.ServerName, host),
		InsecureSkipVerify: t.InsecureSkipVerify, //nolint:gosec // asked for, and told in the report
	}
	if t.CAFile == "" {
		return config, nil
	}
	pem, err := read(t.CAFile, check.MostText)
	if err != nil {
		return nil, &check.FieldError{Field: "target.tls.caFile", Problem: fmt.Sprintf("%v; want a file that can be read", err)}
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, &check.FieldError{Field: "target.tls.caFile", Problem: t.CAFile + " holds no certificate; want one or more in PEM (-----BEGIN CERTIFICATE-----)"}
	}
	return config, nil
}
