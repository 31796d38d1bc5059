//go:build !linux

package matrix

import "errors"

func makeRealTime(string) error {
	return errors.New("only on Linux do the nodes' processes run where this one does")
}
