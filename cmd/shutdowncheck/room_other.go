//go:build !linux && !darwin && !windows

package main

func freeIn(string) (bytes int64, ok bool) { return 0, false }
