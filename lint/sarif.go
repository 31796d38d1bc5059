package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
)

// RulesURL is the page that says what each rule looks for.
const RulesURL = "https://github.com/shutdowncheck/shutdowncheck/blob/main/docs/commands.md#the-rules"

// sarifSchema is that of the errata of 2023.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// WriteSARIF writes the report as SARIF 2.1.0, which code hosts show beside the lines.
// Every rule is there, also one that nothing breaks: a host that knows a rule and gets no
// result closes its alerts. What is ignored has a suppression with the reason.
func WriteSARIF(w io.Writer, r *Report) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "shutdowncheck lint", InformationURI: RulesURL, Rules: sarifRules()}},
		Results:     []sarifResult{},
		Invocations: []sarifInvocation{{ExecutionSuccessful: len(r.Errors) == 0, Notifications: notifications(r)}},
	}
	seen := map[string]int{}
	add := func(f *Finding, change func(*sarifResult)) {
		mark := f.Identity().Fingerprint()
		seen[mark]++
		result := newSARIFResult(f, mark+":"+strconv.Itoa(seen[mark]))
		change(&result)
		run.Results = append(run.Results, result)
	}
	state := ""
	if len(r.Known)+len(r.Gone) > 0 {
		state = "new"
	}
	for i := range r.Findings {
		add(&r.Findings[i], func(s *sarifResult) { s.BaselineState = state })
	}
	for i := range r.Known {
		add(&r.Known[i], func(s *sarifResult) { s.BaselineState = "unchanged" })
	}
	for i := range r.Ignored {
		ignored := &r.Ignored[i]
		add(&ignored.Finding, func(s *sarifResult) {
			s.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: ignored.Reason}}
			if ignored.Annotated {
				s.Suppressions[0].Kind = "inSource"
			}
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}); err != nil {
		return fmt.Errorf("write the findings as SARIF: %w", err)
	}
	return nil
}

// The parts of SARIF that are written; its names and meanings are those of the standard.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string            `json:"id"`
		ShortDescription sarifMessage      `json:"shortDescription"`
		FullDescription  sarifMessage      `json:"fullDescription"`
		HelpURI          string            `json:"helpUri"`
		Help             sarifMessage      `json:"help"`
		Properties       map[string]string `json:"properties,omitempty"`
	}
	sarifMessage struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               string             `json:"level"`
		Message             sarifMessage       `json:"message"`
		Locations           []sarifLocation    `json:"locations"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		BaselineState       string             `json:"baselineState,omitempty"`
		Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
		Properties          map[string]string  `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name               string `json:"name"`
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

func sarifRules() []sarifRule {
	all := make([]sarifRule, len(allRules))
	for i, r := range allRules {
		all[i] = sarifRule{
			ID: r.id, ShortDescription: sarifMessage{Text: r.doc}, FullDescription: sarifMessage{Text: r.doc}, HelpURI: RulesURL,
			Help: sarifMessage{Text: r.doc + " All rules: " + RulesURL, Markdown: markdown.Prose(r.doc) + "\n\n[All rules](" + RulesURL + ")"},
		}
		if r.cause != "" {
			all[i].Properties = map[string]string{"cause": string(r.cause)}
		}
	}
	return all
}

func newSARIFResult(f *Finding, mark string) sarifResult {
	result := sarifResult{
		RuleID: f.Rule, RuleIndex: ruleNumber(f.Rule), Level: string(f.Severity),
		Message:   sarifMessage{Text: f.Why + " " + f.Fix},
		Locations: []sarifLocation{{Physical: physical(&f.Place), Logical: []sarifLogical{logical(&f.Place)}}},
		// GitHub looks at the first name alone, and takes what it finds there for stable.
		PartialFingerprints: map[string]string{"primaryLocationLineHash": mark, "findingIdentity/v1": mark},
	}
	if f.Recipe != nil {
		result.Message.Text += " " + settingsOf(f.Recipe) + ": " + f.Recipe.URL
	}
	if f.Patch != "" {
		result.Properties = map[string]string{"patch": f.Patch}
	}
	return result
}

// physical is nil for an object from a cluster.
func physical(p *Place) *sarifPhysical {
	if p.File == "" {
		return nil
	}
	at := &sarifPhysical{Artifact: sarifArtifact{URI: fileURI(p.File)}}
	if p.Line > 0 {
		at.Region = &sarifRegion{p.Line}
	}
	return at
}

// fileURI is relative for a relative path, so that the host finds it in the repository.
func fileURI(name string) string {
	slashed := filepath.ToSlash(name)
	if filepath.IsAbs(name) {
		return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(slashed, "/")}).String()
	}
	return (&url.URL{Path: path.Clean(slashed)}).String()
}

func logical(p *Place) sarifLogical {
	name := object(p)
	if p.Namespace != "" {
		name = p.Namespace + "/" + name
	}
	if p.Container != "" {
		name += "/" + p.Container
	}
	return sarifLogical{Name: p.Name, FullyQualifiedName: name, Kind: "resource"}
}

// notifications are what is said beside the findings. What is ignored is among the
// results.
func notifications(r *Report) (all []sarifNotification) {
	for _, wrong := range r.Errors {
		all = append(all, sarifNotification{Level: "error", Message: sarifMessage{Text: wrong}})
	}
	without := *r
	without.Ignored, without.Errors = nil, nil
	for _, line := range remarkLines(&without) {
		all = append(all, sarifNotification{Level: "note", Message: sarifMessage{Text: line}})
	}
	return all
}
