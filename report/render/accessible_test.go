//go:build browser

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/lucasb-eyer/go-colorful"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// axe is what scripts/page has fetched. It looks for what keeps people out:
// contrasts, names, roles, the order of headings.
const axe = "page/node_modules/axe-core/axe.min.js"

func TestPageIsAccessible(t *testing.T) {
	source, err := os.ReadFile(axe)
	if err != nil {
		t.Fatalf("scripts/page fetches axe with npm: %v", err)
	}
	for _, scheme := range []string{"light", "dark"} {
		for name, r := range map[string]*report.Report{
			lossy: analyzed(t, lossy), manifold: analyzed(t, manifold), "graceful-drain": analyzed(t, "graceful-drain"),
			"nothing-ends": analyzed(t, "nothing-ends"), "sixty pods": crowd(),
		} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				b := open(t, r)
				call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				})
				eval[bool](b, string(source)+"; true")
				for _, problem := range violations(b) {
					t.Error(problem)
				}
			})
		}
	}
}

// violations gives a line for each element that axe complains of.
func violations(b *browser) []string {
	b.t.Helper()
	eval[bool](b, `axe.run().then((result) => { window.found = JSON.stringify(result.violations) }), true`)
	b.wait(`window.found !== undefined`)
	var found []struct {
		ID, Help string
		Nodes    []struct {
			HTML           string
			FailureSummary string
		}
	}
	if err := json.Unmarshal([]byte(eval[string](b, `window.found`)), &found); err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, rule := range found {
		for _, node := range rule.Nodes {
			lines = append(lines, fmt.Sprintf("%s: %s\n%.200s\n%s", rule.ID, rule.Help, node.HTML, node.FailureSummary))
		}
	}
	return lines
}

// told are colours of the style sheet that lie side by side or mean opposites.
var told = [][2]string{
	{"pending", "ready"},
	{"ready", "prestop"},
	{"ready", "sigterm"},
	{"prestop", "sigterm"},
	{"sigterm", "exited"},
	{"ok", "lost"},
	{"lost", "maskable"},
	{"band", "late"},
	{"late", "ground"},
}

// atAGlance is a difference (CIEDE2000) that nobody overlooks: 1 is just noticeable,
// and 10 is seen at a glance.
const atAGlance = 10

func TestColorsAreToldApartByEveryEye(t *testing.T) {
	b := open(t, analyzed(t, lossy))
	for _, scheme := range []string{"light", "dark"} {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		for _, eye := range []emulation.SetEmulatedVisionDeficiencyType{
			emulation.SetEmulatedVisionDeficiencyTypeNone,
			emulation.SetEmulatedVisionDeficiencyTypeDeuteranopia,
			emulation.SetEmulatedVisionDeficiencyTypeProtanopia,
			emulation.SetEmulatedVisionDeficiencyTypeTritanopia,
			emulation.SetEmulatedVisionDeficiencyTypeAchromatopsia,
		} {
			seen := b.swatches(eye)
			for _, pair := range told {
				if d := 100 * seen[pair[0]].DistanceCIEDE2000(seen[pair[1]]); d < atAGlance {
					t.Errorf("%s, %s: %s and %s differ by %.1f, want %d", scheme, eye, pair[0], pair[1], d, atAGlance)
				}
			}
		}
	}
}

// swatches shows each colour and gives it as that eye sees it.
func (b *browser) swatches(eye emulation.SetEmulatedVisionDeficiencyType) map[string]colorful.Color {
	b.t.Helper()
	const side = 20
	var names []string
	for _, pair := range told {
		names = append(names, pair[:]...)
	}
	var boxes strings.Builder
	for i, name := range names {
		fmt.Fprintf(&boxes, `<i style="position:fixed;z-index:9;top:0;left:%dpx;width:%dpx;height:%dpx;background:var(--%s)"></i>`, i*side, side, side, name)
	}
	eval[bool](b, fmt.Sprintf(`(() => {
		document.getElementById("swatches")?.remove();
		const box = document.createElement("div");
		box.id = "swatches";
		document.body.append(box);
		box.innerHTML = %q;
		return true;
	})()`, boxes.String()))
	call(b, emulation.SetEmulatedVisionDeficiency, emulation.SetEmulatedVisionDeficiencyParams{Type: eye})
	picture := b.picture()
	seen := map[string]colorful.Color{}
	for i, name := range names {
		seen[name], _ = colorful.MakeColor(picture.At(i*side+side/2, side/2))
	}
	return seen
}

func (b *browser) picture() image.Image {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		b.t.Fatal(err)
	}
	return picture
}
