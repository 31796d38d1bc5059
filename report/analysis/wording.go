package analysis

import (
	"regexp"
	"strings"
)

// wording counts errors by their own words, which only people read.
type wording map[string]int

const (
	// wordingsKept bounds how many of them are told apart: a server may say another
	// thing each time.
	wordingsKept = 100
	// wordingShown is how many characters of one are shown.
	wordingShown = 160
)

// ownAddress is this side's of a connection, as package net gives it before the other's
// (net.OpError): its port is another one each time.
var ownAddress = regexp.MustCompile(`\S+->`)

func (w wording) take(words string) {
	words = ownAddress.ReplaceAllLiteralString(strings.ToValidUTF8(words, "�"), "")
	if _, known := w[words]; words != "" && (known || len(w) < wordingsKept) {
		w[words]++
	}
}

// told gives the most frequent of them, to follow what says how many errors there were;
// empty where there is none.
func (w wording) told() string {
	most := ""
	for words, n := range w {
		if most == "" || n > w[most] || n == w[most] && words < most {
			most = words
		}
	}
	shown := []rune(most)
	if len(shown) > wordingShown {
		most = string(shown[:wordingShown]) + "…"
	}
	switch len(w) {
	case 0:
		return ""
	case 1:
		return ": " + most
	default:
		return ", most often: " + most
	}
}
