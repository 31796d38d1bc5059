package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// everything is a check that takes whatever a run from outside may take, but for what
// single disruptions take.
var everything = check.Check{
	Workload:    check.Workload{Kind: check.Deployment, Name: "the workload"},
	Target:      check.Target{ShutdownLog: "draining"},
	Disruptions: []check.Disruption{{Restart: &check.Restart{}}},
	Control:     &check.Control{},
	Inside:      &check.Inside{Senders: check.DefaultSenders},
}

// The README's table has the rights that a run asks for, all of them and no others.
func TestREADMEListsTheRights(t *testing.T) {
	documented := map[experiment.Right]bool{}
	for _, row := range tableRows(t, "| group | resource | verbs |") {
		for _, right := range documentedRights(row) {
			documented[right] = true
		}
	}
	for _, right := range experiment.Rights(everything) {
		if !documented[right] {
			t.Errorf("the README does not list the right to %s (optional: %t)", right, right.Optional)
		}
		delete(documented, right)
	}
	for right := range documented {
		t.Errorf("the README lists the right to %s (optional: %t), which no run asks for", right, right.Optional)
	}
}

var inBrackets = regexp.MustCompile(` *\([^)]*\)`)

// documentedRights reads a row: group, resources with what is to be known of them in
// brackets, verbs likewise.
func documentedRights(row []string) (rights []experiment.Right) {
	r := experiment.Right{Optional: strings.Contains(row[1], "(optional")}
	if row[0] != "core" {
		r.Group = row[0]
	}
	var resources, namespaces []string
	for word := range strings.FieldsFuncSeq(inBrackets.ReplaceAllString(row[1], ""), func(c rune) bool { return c == ',' }) {
		word = strings.TrimSpace(word)
		switch rest, namespaced := strings.CutPrefix(word, "in "); {
		case word == "cluster-wide":
			r.Cluster = true
		case namespaced:
			namespaces = strings.Split(rest, " and ")
		default:
			resources = append(resources, word)
		}
	}
	if namespaces == nil {
		namespaces = []string{""}
	}
	for _, resource := range resources {
		r.Name = ""
		if resource == everything.Workload.Name {
			resource, r.Name = "deployments", resource
		}
		r.Resource, r.Subresource, _ = strings.Cut(resource, "/")
		for _, r.Namespace = range namespaces {
			for verb := range strings.SplitSeq(inBrackets.ReplaceAllString(row[2], ""), ", ") {
				r.Verb = verb
				rights = append(rights, r)
			}
		}
	}
	return rights
}

// tableRows gives the cells of the table with that head, which is in the README or in one
// of the documents.
func tableRows(t *testing.T, head string) (rows [][]string) {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, table, found := bytes.Cut(text, []byte(head+"\n"))
		if !found {
			continue
		}
		for line := range bytes.Lines(table) {
			if line[0] != '|' {
				break
			}
			cells := strings.Split(strings.Trim(string(line), "|\n"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			if !strings.HasPrefix(cells[0], "---") {
				rows = append(rows, cells)
			}
		}
	}
	if len(rows) == 0 {
		t.Fatalf("no document has a table %s", head)
	}
	return rows
}

// What single disruptions take beyond that is told by the document about the cluster.
func TestRightsOfDisruptionsAreDocumented(t *testing.T) {
	rows := map[string]string{}
	for _, row := range tableRows(t, "| for | also |") {
		rows[row[0]] = row[1]
	}
	for name, senders := range map[string]check.Senders{"`inside`": check.DefaultSenders, "`inside` with `senders: all`": check.EachNode} {
		also := rows["`inside`"] + rows[name]
		inside := everything
		inside.Inside = &check.Inside{Senders: senders}
		outside := everything
		outside.Inside = nil
		for _, r := range experiment.Rights(inside) {
			p := r.Permission
			resource := p.Resource
			if p.Subresource != "" {
				resource += "/" + p.Subresource
			}
			if !slices.Contains(experiment.Rights(outside), r) && (!strings.Contains(also, "`"+p.Verb+"`") || !strings.Contains(also, resource)) {
				t.Errorf("%s takes the right to %s, which its row does not tell: %s", name, p, also)
			}
		}
	}
	base := chaos.Permissions(everything.Workload, everything.Disruptions)
	for name, d := range map[string]check.Disruption{
		"`delete`":                 {Delete: &check.Delete{}},
		"`evict`":                  {Evict: &check.Evict{}},
		"`drain`":                  {Drain: &check.Drain{Node: check.OfAPod}},
		"`drain` with `pods: all`": {Drain: &check.Drain{Pods: check.DrainAll}},
		"`kill` via `exec`":        {Kill: &check.Kill{Via: check.ViaExec}},
		"`kill` via `ephemeral`":   {Kill: &check.Kill{Via: check.ViaEphemeral}},
		"`kill` via `node`":        {Kill: &check.Kill{Via: check.ViaNode}},
	} {
		also := rows[name]
		if name == "`drain`" {
			also += rows["`evict`"]
		} else if strings.HasPrefix(name, "`drain`") {
			also += rows["`drain`"]
		}
		for _, p := range chaos.Permissions(everything.Workload, []check.Disruption{d}) {
			resource := p.Resource
			if p.Subresource != "" {
				resource += "/" + p.Subresource
			}
			if !slices.Contains(base, p) && (!strings.Contains(also, "`"+p.Verb+"`") || !strings.Contains(also, resource)) {
				t.Errorf("%s takes the right to %s, which its row does not tell: %s", name, p, also)
			}
		}
	}
}
