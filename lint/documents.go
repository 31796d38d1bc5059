package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	apiyaml "k8s.io/apimachinery/pkg/util/yaml"
	apijson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// document is one of those that a stream holds.
type document struct {
	// text is the document as it is written, before is how many lines of the file
	// stand before it.
	text   []byte
	before int
	// json is what kubectl makes of it; where it can make nothing, err says on
	// which line of the file, and what.
	json []byte
	line int
	err  error
}

// decoded gives a stream's text in UTF-8, as kubectl does (cli-runtime
// pkg/resource FileVisitor): a byte order mark tells UTF-16.
func decoded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(transform.NewReader(r, unicode.BOMOverride(unicode.UTF8.NewDecoder())))
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("no text; want YAML or JSON in UTF-8, or in UTF-16 with a byte order mark")
	}
	return text, nil
}

// documents splits a stream as kubectl does (k8s.io/apimachinery
// pkg/util/yaml YAMLOrJSONDecoder, which tells no lines): JSON values one after
// the other if it begins with a brace, otherwise, or from where that fails
// after at most one of them, YAML. Unlike kubectl it goes on behind a bad document.
func documents(text []byte) iter.Seq[document] {
	return func(yield func(document) bool) {
		before, firstErr := 0, error(nil)
		if apiyaml.IsJSONBuffer(text) {
			decoder, read := json.NewDecoder(bytes.NewReader(text)), 0
			from := 0
			for {
				var value json.RawMessage
				err := decoder.Decode(&value)
				if errors.Is(err, io.EOF) {
					return
				}
				if err != nil {
					at := from
					if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
						at = min(int(syntax.Offset), len(text))
					}
					if errors.Is(err, io.ErrUnexpectedEOF) {
						at = len(bytes.TrimSpace(text))
					}
					firstErr = &lineError{1 + bytes.Count(text[:at], newline), fmt.Errorf("JSON: %w", err)}
					break
				}
				to := int(decoder.InputOffset())
				begin := from + len(text[from:to]) - len(bytes.TrimLeft(text[from:to], " \t\r\n"))
				before += bytes.Count(text[from:begin], newline)
				if !yield(document{text: text[begin:to], before: before, json: asRead(value)}) {
					return
				}
				before += bytes.Count(text[begin:to], newline)
				from = to
				read++
			}
			if read > 1 {
				yield(badDocument(text[from:], before, firstErr))
				return
			}
			text = text[from:]
			if first, rest, cut := bytes.Cut(text, newline); cut && from > 0 && len(bytes.TrimSpace(first)) == 0 {
				text = rest
				before++
			}
		}
		for d := range yamlDocuments(text, before) {
			if d.err != nil && firstErr != nil {
				d = badDocument(d.text, d.before, firstErr)
			}
			firstErr = nil
			if !yield(d) {
				return
			}
		}
	}
}

// asRead gives a JSON value as kubectl sends it on once it has read it (k8s.io/apimachinery
// unstructured UnstructuredJSONScheme): 3.0 and 3e0 are whole numbers then, and of equal keys
// the last one alone is left.
func asRead(value json.RawMessage) []byte {
	var read any
	if apijson.UnmarshalCaseSensitivePreserveInts(value, &read) != nil {
		return value
	}
	written, err := json.Marshal(read)
	if err != nil {
		return value
	}
	return written
}

var (
	newline   = []byte("\n")
	separator = []byte("---")
)

// yamlDocuments splits at the lines that begin with ---.
func yamlDocuments(text []byte, before int) iter.Seq[document] {
	return func(yield func(document) bool) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), newline)
		begin, line, at := 0, before, 0
		flush := func(to int) bool {
			chunk, first := text[begin:to], before
			begin, before = to, line
			return len(bytes.TrimSpace(chunk)) == 0 || yield(yamlDocument(chunk, first))
		}
		for at < len(text) {
			end := len(text)
			if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
				end = at + i + 1
			}
			if behind, ok := bytes.CutPrefix(text[at:end], separator); ok {
				if !flush(at) {
					return
				}
				behind = bytes.TrimSpace(behind)
				if len(behind) > 0 && behind[0] != '#' {
					err := &lineError{line + 1, fmt.Errorf("%q behind ---; want a line of its own", behind)}
					if !yield(badDocument(nil, line, err)) {
						return
					}
				}
				begin, before = end, line+1
			}
			at = end
			line++
		}
		flush(len(text))
	}
}

func yamlDocument(text []byte, before int) document {
	value, err := yaml.YAMLToJSON(text)
	if err != nil {
		return badDocument(text, before, yamlError(err, before))
	}
	return document{text: text, before: before, json: value}
}

// badDocument is one that cannot be read. Where err tells no line it is the
// document's first.
func badDocument(text []byte, before int, err error) document {
	d := document{text: text, before: before, line: before + 1, err: err}
	if at, ok := errors.AsType[*lineError](err); ok {
		d.line, d.err = at.line, at.err
	}
	return d
}

// lineError is an error and the line of the file that it is about.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

// yamlLine is how go.yaml.in/yaml tells a line.
var yamlLine = regexp.MustCompile(`line (\d+): `)

// yamlError says an error in one line, with its line in the file where it tells one.
func yamlError(err error, before int) error {
	message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n")
	message, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	if strings.HasPrefix(message, "invalid map key") {
		message = "a mapping or a list as a key; want a text, in quotes if it holds braces"
	}
	found := yamlLine.FindStringSubmatchIndex(message)
	if found == nil {
		return errors.New("YAML: " + message)
	}
	line, _ := strconv.Atoi(message[found[2]:found[3]])
	return &lineError{before + line, errors.New("YAML: " + message[:found[0]] + message[found[1]:])}
}
