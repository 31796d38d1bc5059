package main

import "golang.org/x/sys/windows"

// obeysEscapes asks a console to obey escape sequences, and tells whether it will.
func obeysEscapes(fd uintptr) bool {
	var mode uint32
	console := windows.Handle(fd)
	return windows.GetConsoleMode(console, &mode) == nil &&
		windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
