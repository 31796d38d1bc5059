// Package fakeprogram makes executables that tell of themselves what a test wants,
// without a compiler. They do not run.
package fakeprogram

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Program is what an executable tells.
type Program struct {
	// Path is its main package.
	Path             string
	Version          string
	OS, Architecture string
	// Interpreter is the program that loads it, of a dynamic one.
	Interpreter string
}

// Tool gives shutdowncheck itself, static and for linux/amd64.
func Tool() Program {
	return Program{Path: "github.com/shutdowncheck/shutdowncheck/cmd/shutdowncheck", Version: "(devel)", OS: "linux", Architecture: "amd64"}
}

// The sizes of ELF's headers for 64 bits.
const (
	headerSize  = 64
	segmentSize = 56
)

// ELF gives the executable: its segments are what debug/buildinfo reads, and the name of
// the interpreter. It is in ELF whatever the system.
func (p Program) ELF() []byte {
	type segment struct {
		kind, flags uint32
		data        []byte
	}
	segments := []segment{{kind: 1 /* PT_LOAD */, flags: 6 /* read, write */, data: p.buildInfo()}}
	if p.Interpreter != "" {
		segments = append(segments, segment{kind: 3 /* PT_INTERP */, flags: 4, data: []byte(p.Interpreter + "\x00")})
	}
	var table, data bytes.Buffer
	for _, s := range segments {
		at := uint64(headerSize+segmentSize*len(segments)+data.Len()+15) &^ 15 // build information is looked for at multiples of 16
		data.Write(make([]byte, int(at)-headerSize-segmentSize*len(segments)-data.Len()))
		data.Write(s.data)
		size := uint64(len(s.data))
		put(&table, s.kind, s.flags, at, at, at, size, size, uint64(16))
	}
	var file bytes.Buffer
	file.WriteString("\x7fELF\x02\x01\x01")
	file.Write(make([]byte, 9))
	const executable, amd64, version = 2, 62, 1
	put(&file, uint16(executable), uint16(amd64), uint32(version), uint64(0), uint64(headerSize), uint64(0), uint32(0),
		uint16(headerSize), uint16(segmentSize), uint16(len(segments)), uint16(0), uint16(0), uint16(0))
	return append(append(file.Bytes(), table.Bytes()...), data.Bytes()...)
}

// buildInfo is laid out as debug/buildinfo describes it, for Go 1.18 and later.
func (p Program) buildInfo() []byte {
	info := fmt.Sprintf("path\t%s\nmod\t%s\t%s\t\nbuild\tGOARCH=%s\nbuild\tGOOS=%s\n",
		p.Path, strings.TrimSuffix(p.Path, "/cmd/shutdowncheck"), p.Version, p.Architecture, p.OS)
	sentinel := strings.Repeat("\x00", 16)
	var b []byte
	b = append(b, "\xff Go buildinf:"...)
	const pointerSize, inline = 8, 2
	b = append(b, pointerSize, inline)
	b = append(b, sentinel...)
	for _, text := range []string{"go1.26", sentinel + info + sentinel} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

func put(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		if err := binary.Write(b, binary.LittleEndian, v); err != nil {
			panic(err) // values of fixed sizes alone can be written
		}
	}
}
