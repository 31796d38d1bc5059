//go:build !windows

package main

// obeysEscapes tells whether a terminal obeys escape sequences.
func obeysEscapes(uintptr) bool { return true }
