package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Read reads a check file, fills in its defaults and validates it. name is the
// file's name in errors. Each error is one line, "file:line: what is wrong",
// and a FileError: one for the first thing that is no check at all, or joined
// ones for all values that are out of bounds.
func Read(name string, data []byte) (Check, error) {
	node, err := document(name, data)
	if err != nil {
		return Check{}, err
	}
	d := decoder{file: name, lines: map[string]int{}}
	var c Check
	if err := d.decode(node, reflect.ValueOf(&c).Elem(), ""); err != nil {
		return Check{}, err
	}
	// Decoding once more over the defaults keeps the zeros that the file
	// names: "timeout: 0s" is an error, not a way to ask for the default.
	c = c.WithDefaults()
	if err := d.decode(node, reflect.ValueOf(&c).Elem(), ""); err != nil {
		return Check{}, err
	}
	if err := d.validate(c); err != nil {
		return Check{}, err
	}
	return c, nil
}

// document gives the root of the one YAML document that a check file holds.
func document(name string, data []byte) (*yaml.Node, error) {
	stream := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := stream.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, &FileError{File: name, Line: 1, Err: errors.New("the file is empty; want one check")}
	}
	if err != nil {
		return nil, syntaxError(name, err)
	}
	var second yaml.Node
	switch err := stream.Decode(&second); {
	case errors.Is(err, io.EOF):
		return doc.Content[0], nil
	case err != nil:
		return nil, syntaxError(name, err)
	default:
		return nil, &FileError{File: name, Line: max(second.Line, 1), Err: errors.New("a second document; want one check per file")}
	}
}

var (
	// The YAML library tells a syntax error's line only within its text.
	yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)
	// Its parser, unlike its scanner, counts lines from 0 (parser.fail in its
	// decode.go); these are the parser's messages.
	parserError = regexp.MustCompile(`^did not find expected (<document start>|node content|'-' indicator|key|',' or )`)
)

func syntaxError(name string, err error) error {
	line, text := 1, err.Error()
	if m := yamlError.FindStringSubmatch(text); m != nil {
		text = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
			if parserError.MatchString(text) {
				line++
			}
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	return &FileError{File: name, Line: line, Err: fmt.Errorf("not YAML: %s; want one YAML document", text)}
}

// validate gives the check's problems, each with its line.
func (d *decoder) validate(c Check) error {
	var p problems
	for i, disruption := range c.Disruptions {
		// Left out, it would mean 0: the one number nobody should get unasked.
		field := fmt.Sprintf("disruptions[%d].scale.to", i)
		if _, given := d.lines[field]; disruption.Scale != nil && !given {
			p.add(field, "missing; want the number of replicas to scale to")
		}
	}
	if err, ok := c.Validate().(interface{ Unwrap() []error }); ok {
		p = append(p, err.Unwrap()...)
	}
	for i, err := range p {
		if field, ok := errors.AsType[*FieldError](err); ok {
			p[i] = &FileError{File: d.file, Line: d.line(field.Field), Err: err}
		}
	}
	return errors.Join(p...)
}
