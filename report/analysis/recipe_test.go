package analysis

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A setting is said of a server that is known, where it mends the cause. Where none is
// known, all servers' page is.
func TestRecipeFor(t *testing.T) {
	server := func(name, server string) recording.Container {
		return recording.Container{Name: name, Server: server, ServerBy: "image"}
	}
	end := func(serves bool, containers ...recording.Container) *termination {
		return &termination{ending: ending{container: containers[0].Name, serves: serves, containers: containers}}
	}
	nginx, plain, helper := server("web", "nginx"), server("web", ""), server("helper", "")
	mesh := server("mesh", "caddy")
	mesh.Sidecar = true
	const all = report.RecipesURL
	for name, tt := range map[string]struct {
		cause report.Cause
		ends  []*termination
		want  string // a URL
	}{
		"one container":              {report.NoDrain, []*termination{end(false, nginx)}, all + "#nginx"},
		"the one that serves":        {report.NoDrain, []*termination{end(true, nginx, helper)}, all + "#nginx"},
		"not known which serves":     {report.NoDrain, []*termination{end(false, nginx, helper)}, all},
		"a sidecar beside it":        {report.NoDrain, []*termination{end(false, nginx, mesh)}, all + "#nginx"},
		"all ends":                   {report.NoDrain, []*termination{end(true, nginx), end(true, nginx)}, all + "#nginx"},
		"another at another end":     {report.NoDrain, []*termination{end(true, nginx), end(true, plain)}, all},
		"another at the first end":   {report.NoDrain, []*termination{end(true, plain), end(true, nginx)}, all},
		"what it does not mend":      {report.GraceTooShort, []*termination{end(true, nginx)}, ""},
		"what others mend":           {report.KeepaliveCut, []*termination{end(true, nginx)}, ""},
		"what none mends":            {report.GraceTooShort, []*termination{end(true, plain)}, ""},
		"a server that is not known": {report.NoDrain, []*termination{end(true, plain)}, all},
		"no recipe of its name":      {report.NoDrain, []*termination{end(true, server("web", "lighttpd"))}, ""},
		"no end":                     {report.NoDrain, nil, all},
	} {
		t.Run(name, func(t *testing.T) {
			got := recipeFor(tt.cause, &measured{ends: tt.ends})
			switch {
			case got == nil:
				if tt.want != "" {
					t.Error("no recipe")
				}
			case got.URL != tt.want:
				t.Errorf("%+v, want %q", got, tt.want)
			case got.URL == all && *got != (report.Recipe{URL: all}):
				t.Errorf("%+v says more than where all are", got)
			case got.URL != all && (got.Server != "nginx" || got.RecognisedBy != "image" || !strings.Contains(got.Text, "SIGQUIT")):
				t.Errorf("%+v, want nginx's", got)
			}
		})
	}
}

// A setting is one of the protocol in which requests were lost: HTTP/2 forbids the header by
// which HTTP/1.1 closes a connection.
func TestSettingsAreOfTheProtocolThatWasLost(t *testing.T) {
	const header, session, none = `"Connection: close"`, "close() of each session", "?"
	for name, tt := range map[string]struct {
		server string
		cause  report.Cause
		spoken spoken
		says   []string
		not    []string
	}{
		"node, HTTP/1.1":            {"node", report.NoDrain, spoken{http1: true}, []string{header}, []string{session, "Over HTTP"}},
		"node, HTTP/2":              {"node", report.NoDrain, spoken{http2: true}, []string{session, "GOAWAY"}, []string{header, "closeIdleConnections"}},
		"node, both":                {"node", report.KeepaliveOutlastsGrace, spoken{http1: true, http2: true}, []string{"Over HTTP/1.1: From", header, "Over HTTP/2: From", session}, nil},
		"node, HTTP/1.1 and gRPC":   {"node", report.KeepaliveCut, spoken{http1: true, grpc: true}, []string{"Over HTTP/1.1: ", header}, []string{session}},
		"node, HTTP/2 and gRPC":     {"node", report.KeepaliveCut, spoken{http2: true, grpc: true}, []string{session}, []string{header}},
		"jvm, HTTP/1.1":             {"jvm", report.KeepaliveCut, spoken{http1: true}, []string{header}, []string{"Over HTTP"}},
		"jvm, both":                 {"jvm", report.KeepaliveCut, spoken{http1: true, http2: true}, []string{"Over HTTP/1.1: ", header}, nil},
		"jvm, HTTP/2":               {"jvm", report.KeepaliveCut, spoken{http2: true}, []string{none}, nil},
		"jvm, HTTP/2 and the drain": {"jvm", report.NoDrain, spoken{http2: true}, []string{"graceful shutdown"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			web := recording.Container{Name: "web", Server: tt.server, ServerBy: "image"}
			ends := []*termination{{ending: ending{container: "web", serves: true, containers: []recording.Container{web}}}}
			got, said := recipeFor(tt.cause, &measured{ends: ends, spoken: tt.spoken}), none
			if got != nil {
				said = got.Text
			}
			for _, words := range tt.says {
				if !strings.Contains(said, words) {
					t.Errorf("it does not say %s: %s", words, said)
				}
			}
			for _, words := range tt.not {
				if strings.Contains(said, words) {
					t.Errorf("it says %s: %s", words, said)
				}
			}
		})
	}
}

// Each server of the table has a section in docs/recipes.md, which is what the links
// lead to, and each setting says what to do about causes that there are.
func TestRecipesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(text), -1)
	for _, r := range recipes {
		if !slices.ContainsFunc(sections, func(s []string) bool { return s[1] == r.server }) {
			t.Errorf("there is no section %q", r.server)
		}
		mended := map[report.Cause]bool{}
		for _, s := range r.settings {
			for _, cause := range s.mends {
				if mended[cause] || !slices.Contains(report.Causes, cause) {
					t.Errorf("%s: two settings for %s, or no such cause", r.server, cause)
				}
				mended[cause] = true
			}
		}
	}
}
