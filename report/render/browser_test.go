//go:build browser

package render

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// These tests open pages in a real Chromium that has no network.

// screenshots is where they leave what they saw, for people.
const screenshots = "../../out/page"

// browser is one tab with one page in it.
type browser struct {
	t   *testing.T
	ctx context.Context

	listening sync.WaitGroup
	mu        sync.Mutex
	// wrong are errors on the console and requests to anywhere.
	wrong []string
}

// open shows a report's page in a tab, as somebody would who was sent the file.
func open(t *testing.T, r *report.Report) *browser {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page(t, r)), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.WindowSize(1400, 1000),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-gpu", true),
	)...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	b := &browser{t: t, ctx: ctx}
	t.Cleanup(func() {
		closeTab()
		b.listening.Wait()
		for _, w := range b.wrong {
			t.Error(w)
		}
	})
	address := "file://" + file
	b.do(func(_ context.Context, target *chromedp.Target) (chromedp.Void, error) {
		b.listen(target, address)
		return chromedp.Void{}, nil
	})
	call(b, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true})
	b.do(chromedp.Navigate(address))
	b.wait(`window.shutdowncheck !== undefined`)
	return b
}

// listen takes note of what should not be until the tab is closed.
func (b *browser) listen(target *chromedp.Target, address string) {
	heed(b, target, network.RequestWillBeSent, func(e network.EventRequestWillBeSent) string {
		if u := e.Request.URL; u != address && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:") {
			return "a request to " + u
		}
		return ""
	})
	heed(b, target, runtime.ExceptionThrown, func(e runtime.EventExceptionThrown) string {
		return fmt.Sprintf("an exception: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	})
	heed(b, target, runtime.ConsoleAPICalled, func(e runtime.EventConsoleAPICalled) string {
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			return fmt.Sprintf("on the console: %s %s", e.Type, e.Args[0].Value)
		}
		return ""
	})
	heed(b, target, log.EntryAdded, func(e log.EventEntryAdded) string {
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			return "in the log: " + e.Entry.Text
		}
		return ""
	})
}

// heed keeps what problem says of each event.
func heed[E any](b *browser, target *chromedp.Target, kind cdp.Event[E], problem func(E) string) {
	events := cdp.Events(b.ctx, target, kind)
	b.listening.Go(func() {
		for event, err := range events {
			if err != nil {
				return
			}
			if text := problem(event); text != "" {
				b.mu.Lock()
				b.wrong = append(b.wrong, text)
				b.mu.Unlock()
			}
		}
	})
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// call sends a command of the protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, command, params)
		return chromedp.Void{}, err
	})
}

// worked is the processor time of the page's own thread since it was opened.
func (b *browser) worked() time.Duration {
	b.t.Helper()
	var worked time.Duration
	b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		measured, err := cdp.Call(ctx, target, performance.GetMetrics, cdp.Empty{})
		for _, m := range measured.Metrics {
			if m.Name == "TaskDuration" {
				worked = time.Duration(m.Value * float64(time.Second)).Round(time.Millisecond)
			}
		}
		return chromedp.Void{}, err
	})
	if worked == 0 {
		b.t.Fatal("the browser does not tell for how long the page worked")
	}
	return worked
}

// wait waits until the condition holds.
func (b *browser) wait(condition string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(10*time.Second))); err != nil {
		b.t.Fatalf("waiting for %s: %v", condition, err)
	}
}

// eval gives the value of an expression.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

func (b *browser) shoot(name string) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screenshots, name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// drawn is what the chart says of itself.
type drawn struct {
	// Names are those of the pods that have a lane, from top to bottom.
	Names       []string
	Marks, Late int
	Windows     [][2]float64
}

func (b *browser) drawn() drawn { b.t.Helper(); return eval[drawn](b, `shutdowncheck.chart.shown()`) }

// lossy is a run that lost requests, manifold one with several findings.
const (
	lossy    = "closes-kept-alive-connections"
	manifold = "one-replica-that-may-be-unavailable"
)

func TestPageDrawsWhatTheReportSays(t *testing.T) {
	for _, name := range []string{lossy, "graceful-drain", "nothing-ends", "runs-out-of-memory"} {
		t.Run(name, func(t *testing.T) {
			r := analyzed(t, name)
			b := open(t, r)
			got := b.drawn()
			failed := 0
			for i := range r.Findings {
				failed += r.Findings[i].Failed
			}
			if len(got.Names) != len(r.Picture.Pods) || got.Marks != failed {
				t.Errorf("%d lanes and %d marks, want %d and %d", len(got.Names), got.Marks, len(r.Picture.Pods), failed)
			}
			if first := eval[string](b, `document.querySelector("h1 .verdict").textContent`); !strings.EqualFold(first, string(r.Verdict)) {
				t.Errorf("the page begins with %q", first)
			}
			b.shoot(name)
		})
	}
}

// The answer stands on the first screen, before the picture, and each of its lines
// leads to the whole finding.
func TestTheAnswerComesFirst(t *testing.T) {
	for name, r := range map[string]*report.Report{"a golden run": analyzed(t, manifold), "sixty pods": crowd()} {
		t.Run(name, func(t *testing.T) {
			b := open(t, r)
			tops := eval[[]float64](b, `["header", '[aria-labelledby="answer"]', "#chart", '[aria-labelledby="traffic"]', "#finding-1"].map((s) => document.querySelector(s).getBoundingClientRect().top)`)
			if !slices.IsSorted(tops) {
				t.Errorf("verdict, answer, picture, requests and findings begin at %v", tops)
			}
			if foot, screen := eval[float64](b, `document.querySelector('[aria-labelledby="answer"]').getBoundingClientRect().bottom`), eval[float64](b, `innerHeight`); foot > screen {
				t.Errorf("the answer ends at %.0f, the first screen at %.0f", foot, screen)
			}
			b.tabTo(`document.activeElement.hash === "#finding-2"`)
			b.do(chromedp.KeyEvent(kb.Enter))
			b.wait(`(() => { const top = document.getElementById("finding-2").getBoundingClientRect().top; return top > -1 && top < innerHeight; })()`)
		})
	}
}

// Among many pods those have a lane that ended or lost requests; the others can be
// shown by keys, too.
func TestLanesOfManyPods(t *testing.T) {
	r := crowd()
	b := open(t, r)
	b.shoot("crowd")
	pressed := func() [2]string {
		return eval[[2]string](b, `["concerned", "all"].map((l) => document.querySelector('[data-lanes="' + l + '"]').getAttribute("aria-pressed"))`)
	}
	told := func() string {
		return eval[string](b, `(({ hidden, textContent }) => (hidden ? "" : textContent))(document.getElementById("hidden-lanes"))`)
	}
	const hidden = "60 of 120 pods are hidden: they neither ended nor lost requests."
	check := func(first, last string, lanes int, words string, want [2]string) {
		t.Helper()
		got := b.drawn()
		if len(got.Names) != lanes || got.Names[0] != first || got.Names[lanes-1] != last || got.Marks != len(r.Picture.Failures) {
			t.Errorf("%d lanes with %d marks: %q", len(got.Names), got.Marks, got.Names)
		}
		if told() != words || pressed() != want {
			t.Errorf("told %q, pressed %q", told(), pressed())
		}
		// A mark lies on its pod's lane.
		lane := eval[float64](b, `shutdowncheck.chart.at(0)[1]`)
		row := eval[float64](b, `(() => {
			const { chart, picture } = shutdowncheck;
			const { names } = chart.shown();
			const { top, bottom } = chart.area(0, 0, 1);
			return bottom - (bottom - top) * (names.length + 0.5 - names.indexOf(picture.lanes[picture.marks.lane[0]].name));
		})()`)
		if math.Abs(lane-row) > 1 {
			t.Errorf("the first mark is at the height %.0f, its lane at %.0f", lane, row)
		}
	}
	check("crowd-old-59", "crowd-old-00", 60, hidden, [2]string{"true", "false"})
	narrow := eval[int](b, `document.getElementById("chart").clientHeight`)
	if narrow > 1600 {
		t.Errorf("the picture is %d pixels high", narrow)
	}
	b.tabTo(`document.activeElement.dataset.lanes === "all"`)
	b.do(chromedp.KeyEvent(kb.Enter))
	check("crowd-old-59", "crowd-new-59", 120, "", [2]string{"false", "true"})
	b.do(chromedp.Click(`[data-lanes="concerned"]`))
	check("crowd-old-59", "crowd-old-00", 60, hidden, [2]string{"true", "false"})
	if told := eval[string](b, `document.getElementById("told").textContent`); told != "60 pods that ended or lost requests are shown, 60 others are hidden." {
		t.Errorf("told %q", told)
	}
}

// Few pods all have a lane at first, and where none would be hidden there is nothing
// to choose.
func TestLanesOfFewPods(t *testing.T) {
	r := analyzed(t, lossy)
	b := open(t, r)
	if got := b.drawn().Names; len(got) != len(r.Picture.Pods) {
		t.Errorf("%d lanes of %d pods", len(got), len(r.Picture.Pods))
	}
	b.do(chromedp.Click(`[data-lanes="concerned"]`))
	if got := b.drawn().Names; len(got) != len(r.Terminations) {
		t.Errorf("lanes of %q, but %d pods ended", got, len(r.Terminations))
	}
	for name, r := range map[string]*report.Report{"nobody is concerned": analyzed(t, "nothing-ends"), "all are": longRun()} {
		t.Run(name, func(t *testing.T) {
			b := open(t, r)
			if !eval[bool](b, `document.getElementById("lanes").hidden`) {
				t.Error("a choice without a difference")
			}
		})
	}
}

// A time in which the load was late is seen in the lanes and in the stream's own
// parts, light and dark.
func TestLatenessIsSeen(t *testing.T) {
	b := open(t, crowd())
	if got := b.drawn().Late; got != 3 {
		t.Errorf("%d times, want 3", got)
	}
	for _, scheme := range []string{"light", "dark"} {
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		for part := range 3 {
			// Between 86 and 89 s nothing was late.
			late, intime := b.inked(part, 15, 18), b.inked(part, 86, 89)
			if late < intime+0.2 {
				t.Errorf("%s, part %d: %.2f of the time that was late is drawn on, and %.2f of another", scheme, part, late, intime)
			}
		}
	}
	place := eval[[2]float64](b, `(() => {
		const chart = document.getElementById("chart");
		const { left, top, bottom } = shutdowncheck.chart.area(0, 16, 17);
		scrollBy(0, chart.getBoundingClientRect().y + top - innerHeight / 2);
		const box = chart.getBoundingClientRect();
		return [box.x + left, box.y + (top + bottom) / 2];
	})()`)
	for _, x := range []float64{place[0] - 3, place[0]} {
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: place[1]})
	}
	b.wait(`document.getElementById("chart").innerText.includes("stream short-new: requests went out late, by up to 300ms")`)

	r := crowd()
	r.Picture.Series[0].Late, r.Validity.Client = nil, nil
	calm := open(t, r)
	if got := calm.drawn().Late; got != 0 {
		t.Errorf("%d times of a run that was in time", got)
	}
}

// inked is the share of the pixels between two seconds that anything is drawn on, in
// the lowest lane or in a stream's part.
func (b *browser) inked(part int, from, to float64) float64 {
	b.t.Helper()
	return eval[float64](b, fmt.Sprintf(`(() => {
		const canvas = document.querySelector("#chart canvas");
		const scale = canvas.width / canvas.clientWidth;
		const { left, right, top, bottom } = shutdowncheck.chart.area(%d, %g, %g);
		const copy = new OffscreenCanvas((right - left) * scale, (bottom - top) * scale).getContext("2d", { willReadFrequently: true });
		copy.drawImage(canvas, -left * scale, -top * scale);
		const pixels = copy.getImageData(0, 0, copy.canvas.width, copy.canvas.height).data;
		let inked = 0;
		for (let i = 3; i < pixels.length; i += 4) if (pixels[i] > 60) inked++;
		return inked / (pixels.length / 4);
	})()`, part, from, to))
}

func TestZoomIsLinked(t *testing.T) {
	b := open(t, analyzed(t, lossy))
	before := b.drawn().Windows
	b.do(chromedp.Click(`[data-do="in"]`))
	after := b.drawn().Windows
	for i := range after {
		if after[i] != after[0] {
			t.Errorf("part %d shows %v, the first %v", i, after[i], after[0])
		}
	}
	if !(after[0][0] > before[0][0] && after[0][1] < before[0][1]) {
		t.Errorf("%v after zooming in, %v before", after[0], before[0])
	}
	b.do(chromedp.Click(`[data-do="all"]`))
	if again := b.drawn().Windows; again[0] != before[0] {
		t.Errorf("%v for the whole run, it was %v", again[0], before[0])
	}
}

func TestAFindingShowsItsMarks(t *testing.T) {
	r := analyzed(t, manifold)
	b := open(t, r)
	all := b.drawn().Marks
	for i := range r.Findings {
		b.do(chromedp.Click(fmt.Sprintf(`[data-finding="%d"]`, i)))
		if got := b.drawn().Marks; got != r.Findings[i].Failed {
			t.Errorf("%s shows %d marks, want %d", r.Findings[i].Cause, got, r.Findings[i].Failed)
		}
	}
	b.do(chromedp.Click(fmt.Sprintf(`[data-finding="%d"]`, len(r.Findings)-1)))
	if got := b.drawn().Marks; got != all {
		t.Errorf("%d marks after the last was unchosen, want %d", got, all)
	}
}

func TestASenderShowsItsMarks(t *testing.T) {
	r := analyzed(t, manifold)
	marks := []int{0, 0}
	for i := range r.Picture.Failures {
		r.Picture.Failures[i].Sender = new(i % 3 / 2)
		marks[i%3/2]++
	}
	r.Senders = []report.Sender{{Pod: "send-0", Node: "worker"}, {Index: 1, Pod: "send-1", Node: "worker2"}}
	b := open(t, r)
	choose := func(sender string) int {
		eval[bool](b, fmt.Sprintf(`(() => { const s = document.getElementById("senders"); s.value = %q; return s.dispatchEvent(new Event("change")); })()`, sender))
		return b.drawn().Marks
	}
	for i, want := range marks {
		if got := choose(fmt.Sprint(i)); got != want {
			t.Errorf("sender %d shows %d marks, want %d", i, got, want)
		}
	}
	told := eval[string](b, `document.getElementById("told").textContent`)
	if want := fmt.Sprintf("%d marks are shown: send-1 on worker2.", marks[1]); told != want {
		t.Errorf("told %q, want %q", told, want)
	}
	b.do(chromedp.Click(`[data-do="next"]`))
	if told := eval[string](b, `document.getElementById("told").textContent`); !strings.Contains(told, "; by send-1 on worker2; ") {
		t.Errorf("told %q", told)
	}
	if got := choose(""); got != marks[0]+marks[1] {
		t.Errorf("%d marks of all senders, want %d", got, marks[0]+marks[1])
	}
	b.shoot("senders")
}

func TestAMarkTellsItsStory(t *testing.T) {
	r := analyzed(t, lossy)
	b := open(t, r)
	b.do(chromedp.ScrollIntoView("#chart"))
	place := eval[[2]float64](b, `(() => { const box = document.getElementById("chart").getBoundingClientRect(); const [x, y] = shutdowncheck.chart.at(0); return [box.x + x, box.y + y]; })()`)
	for _, x := range []float64{place[0] - 3, place[0]} {
		call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: place[1]})
	}
	b.wait(`document.getElementById("chart").innerText.includes("stream ")`)
	told := eval[string](b, `document.getElementById("chart").innerText`)
	f := r.Picture.Failures[0]
	for _, word := range []string{"stream " + f.Stream, string(f.Class) + " at " + string(f.Phase), string(f.Cause), "SIGTERM"} {
		if !strings.Contains(told, word) {
			t.Errorf("%q is not told in\n%s", word, told)
		}
	}
}

// Everything can be done by keys: the time, the marks one by one, the findings.
func TestKeyboardAlone(t *testing.T) {
	r := analyzed(t, manifold)
	b := open(t, r)
	before := b.drawn().Windows[0]
	b.tabTo(`document.activeElement.id === "chart"`)
	b.do(chromedp.KeyEvent("+"))
	if after := b.drawn().Windows[0]; after == before {
		t.Errorf("+ changes nothing: %v", after)
	}
	b.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent("0"))
	if again := b.drawn().Windows[0]; again != before {
		t.Errorf("0 gives %v, want %v", again, before)
	}
	b.do(chromedp.KeyEvent("n"))
	if told := eval[string](b, `document.getElementById("told").textContent`); !strings.Contains(told, "stream ") {
		t.Errorf("n tells %q", told)
	}
	b.tabTo(`document.activeElement.dataset.finding === "0"`)
	b.do(chromedp.KeyEvent(kb.Enter))
	if got := b.drawn().Marks; got != r.Findings[0].Failed {
		t.Errorf("%d marks, want %d", got, r.Findings[0].Failed)
	}
}

// tabTo presses the tabulator until the condition holds.
func (b *browser) tabTo(condition string) {
	b.t.Helper()
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](b, condition) {
			return
		}
	}
	b.t.Fatalf("the tabulator never comes to %s", condition)
}

func TestDarkAndPrint(t *testing.T) {
	b := open(t, analyzed(t, lossy))
	ground := func() string { return eval[string](b, `getComputedStyle(document.body).backgroundColor`) }
	light := ground()
	preferred := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: preferred})
	if dark := ground(); dark == light {
		t.Errorf("dark is %s, light too", dark)
	}
	b.shoot("dark")
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print", Features: preferred})
	if paper := ground(); paper != light {
		t.Errorf("on paper the ground is %s, want %s", paper, light)
	}
	b.shoot("print")

	b = open(t, crowd())
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: preferred})
	b.shoot("crowd-dark")
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print", Features: preferred})
	b.shoot("crowd-print")
}

// At 200 % a window of 1400 pixels has room for 700.
func TestTwiceAsLarge(t *testing.T) {
	b := open(t, analyzed(t, lossy))
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 700, Height: 500, DeviceScaleFactor: 2})
	b.wait(`document.querySelector("#chart canvas").clientWidth <= 700`)
	if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > 700 {
		t.Errorf("the page is %d pixels wide, want 700 at the most", wide)
	}
	b.shoot("zoomed-200-percent")

	b = open(t, crowd())
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 700, Height: 500, DeviceScaleFactor: 2})
	b.wait(`document.querySelector("#chart canvas").clientWidth <= 700`)
	if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > 700 {
		t.Errorf("the page of sixty pods is %d pixels wide, want 700 at the most", wide)
	}
	b.shoot("crowd-zoomed-200-percent")
}

// On the screen of a laptop each column of each table is in sight: one that has to be
// scrolled to is overlooked.
func TestTablesHaveRoom(t *testing.T) {
	r := analyzed(t, lossy)
	r.Windows = windowed().Windows
	for i := range r.Windows.Paths {
		r.Windows.Paths[i].Title = "an AWS Application Load Balancer that sends to pods by their IP addresses"
		r.Windows.Paths[i].Source = "kubernetes-sigs/aws-load-balancer-controller#1064: 25 s advised; #2366: requests for up to 19 s"
	}
	for i := range r.Terminations {
		r.Terminations[i].Margins.Outlasts = &report.Span{From: report.Duration(-152 * time.Millisecond), To: report.Duration(-50 * time.Millisecond)}
	}
	b := open(t, r)
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 800, DeviceScaleFactor: 1})
	b.wait(`innerWidth === 1280`)
	hidden := eval[[]string](b, `[...document.querySelectorAll(".wide")].filter((w) => w.scrollWidth > w.clientWidth).map((w) => w.parentElement.getAttribute("aria-labelledby") + ": " + w.scrollWidth + " of " + w.clientWidth)`)
	if len(hidden) > 0 {
		t.Errorf("wider than there is room: %s", hidden)
	}
	b.shoot("tables")
}

// reference is what a fixed piece of work takes of the processor that draws the pages: numbers
// that are written, read and sorted, and small rectangles that are filled, as a page does with
// its marks. It is the median of three times.
func (b *browser) reference() time.Duration {
	b.t.Helper()
	var took []time.Duration
	for range 3 {
		before := b.worked()
		eval[int](b, `(() => {
			const pen = Object.assign(document.createElement("canvas"), { width: 1200, height: 800 }).getContext("2d");
			let sum = 0;
			for (let round = 0; round < 10; round++) {
				const numbers = JSON.parse(JSON.stringify(Array.from({ length: 100000 }, (_, i) => (i * 7919) % 104729)));
				numbers.sort((a, b) => a - b);
				for (const n of numbers) pen.fillRect(n % 1200, n % 800, 3, 3);
				sum += numbers[round];
			}
			return sum;
		})()`)
		took = append(took, b.worked()-before)
	}
	slices.Sort(took)
	return took[1]
}

// What the page needs of a processor is bounded: by a clock, a machine that lends its
// processors out is late with any page, and by seconds, a slow processor is. The same work in
// the same browser tells how fast it is.
func TestALongRunIsDrawnInTime(t *testing.T) {
	r := longRun()
	b := open(t, r)
	worked := b.worked()
	if got := b.drawn(); got.Marks != len(r.Picture.Failures) || len(got.Names) != len(r.Picture.Pods) {
		t.Errorf("%d lanes and %d marks", len(got.Names), got.Marks)
	}
	reference := b.reference()
	times := worked.Seconds() / reference.Seconds()
	t.Logf("drawn with %v of a processor, %.2f times the reference of %v, %.0f ms after the page was opened", worked, times, reference, eval[float64](b, `shutdowncheck.drawn`))
	if times > mostOfReference {
		t.Errorf("drawn with %.2f times the reference, want %v at the most", times, mostOfReference)
	}
	b.shoot("long-run")
}

// mostOfReference allows for a third more than the page needs, which is 1.4 times the reference.
const mostOfReference = 1.85

// The page's own numbers are those of its report.json.
func TestPageAndJSONAgree(t *testing.T) {
	r := analyzed(t, lossy)
	b := open(t, r)
	cells := eval[[][]string](b, `[...document.querySelectorAll('section[aria-labelledby="traffic"] tbody tr')].map((tr) => [...tr.children].map((td) => td.textContent))`)
	for i, s := range r.Streams {
		got, err := json.Marshal(cells[i][3:9])
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`["%d","%d","%d","%d","%d","%d"]`, s.Sent, s.OK, s.Failed, s.Maskable, s.Client, s.Unfinished); string(got) != want {
			t.Errorf("%s: %s, want %s", s.Name, got, want)
		}
	}
}
