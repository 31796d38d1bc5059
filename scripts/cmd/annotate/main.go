//go:build browser

// Command annotate takes two pictures of a report's page, its upper and its lower
// half, with numbers beside the things that docs/reading.md explains.
//
//	annotate REPORT.html UPPER.png LOWER.png
//
// The things are looked up in the page itself: its elements, and what its chart
// says of its own places (annotate.js).
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed annotate.js
var script string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "annotate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, notes io.Writer) error {
	if len(args) != 3 {
		return errors.New("usage: annotate REPORT.html UPPER.png LOWER.png")
	}
	page, err := filepath.Abs(args[0])
	if err != nil {
		return fmt.Errorf("find the page: %w", err)
	}
	picture, parts, err := shoot(ctx, "file://"+page)
	if err != nil {
		return err
	}
	for _, number := range parts.LeftOut {
		if _, err := fmt.Fprintf(notes, "annotate: the page does not have what number %d is for\n", number); err != nil {
			return fmt.Errorf("tell what is left out: %w", err)
		}
	}
	whole := picture.Bounds()
	upper, lower := whole, whole
	upper.Max.Y, lower.Min.Y = int(parts.Cut), int(parts.Cut)
	return errors.Join(write(args[1], picture, upper), write(args[2], picture, lower))
}

// width is that of the window, in which the widest table has room. GitHub shows
// the pictures about 1000 pixels wide.
const width = 1310

// shoot opens the page in a Chromium without a network, numbers its parts and
// takes a picture of all of it.
func shoot(ctx context.Context, address string) (picture image.Image, parts numbered, err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.WindowSize(width, 1000),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-gpu", true),
	)
	if os.Geteuid() == 0 {
		// As root Chromium has no user namespace to lock its processes into.
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()

	err = chromedp.Do(ctx,
		func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
				return chromedp.Void{}, err
			}
			_, err := cdp.Call(ctx, target, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true})
			return chromedp.Void{}, err
		},
		chromedp.Navigate(address),
	)
	if err != nil {
		return nil, numbered{}, fmt.Errorf("open the page: %w", err)
	}
	drawn := chromedp.Poll[bool](`window.shutdowncheck !== undefined`, chromedp.WithPollingTimeout(10*time.Second))
	if _, err := chromedp.Run(ctx, drawn); err != nil {
		return nil, numbered{}, fmt.Errorf("wait for the page to draw its chart: %w", err)
	}
	if parts, err = chromedp.Run(ctx, annotate); err != nil {
		return nil, numbered{}, fmt.Errorf("number the page's parts: %w", err)
	}
	taken, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return nil, numbered{}, fmt.Errorf("take the picture: %w", err)
	}
	if picture, err = png.Decode(bytes.NewReader(taken)); err != nil {
		return nil, numbered{}, fmt.Errorf("read the picture: %w", err)
	}
	return picture, parts, nil
}

// numbered is what the script tells of a page.
type numbered struct {
	// Cut is the height at which the page is best cut in two, in pixels.
	Cut float64 `json:"cut"`
	// LeftOut are the numbers of what the page does not have and a report need not have.
	LeftOut []int `json:"leftOut"`
}

// annotate runs the script with the page's chart as its argument. The page keeps
// the chart in a private field, which only the browser's inspector can reach.
func annotate(ctx context.Context, target *chromedp.Target) (parts numbered, err error) {
	page, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "shutdowncheck.chart"})
	if err != nil {
		return numbered{}, err
	}
	fields, err := cdp.Call(ctx, target, runtime.GetProperties, runtime.GetPropertiesParams{ObjectID: page.Result.ObjectID, OwnProperties: new(true)})
	if err != nil {
		return numbered{}, err
	}
	for _, field := range fields.PrivateProperties {
		if field.Value == nil || field.Value.ObjectID == "" {
			continue
		}
		isChart, err := call(ctx, target, field.Value.ObjectID, `function () { return typeof this.convertToPixel === "function"; }`)
		if err != nil {
			return numbered{}, err
		}
		if string(isChart.Value) == "true" {
			told, err := call(ctx, target, field.Value.ObjectID, script)
			if err != nil {
				return numbered{}, err
			}
			if err := json.Unmarshal(told.Value, &parts); err != nil {
				return numbered{}, fmt.Errorf("read what the script tells: %w", err)
			}
			return parts, nil
		}
	}
	return numbered{}, errors.New("shutdowncheck.chart has no private field with a chart of ECharts")
}

// call calls a function of the page's language on an object of the page.
func call(ctx context.Context, target *chromedp.Target, object runtime.RemoteObjectID, function string) (*runtime.RemoteObject, error) {
	result, err := cdp.Call(ctx, target, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		ObjectID: object, FunctionDeclaration: function, ReturnByValue: new(true), AwaitPromise: new(true),
	})
	switch {
	case err != nil:
		return nil, err
	case result.ExceptionDetails != nil:
		return nil, fmt.Errorf("%s %s", result.ExceptionDetails.Text, result.ExceptionDetails.Exception.Description)
	default:
		return result.Result, nil
	}
}

// write cuts a part out of the picture and makes its file as small as it gets.
func write(file string, picture image.Image, part image.Rectangle) error {
	cut := image.NewRGBA(part)
	draw.Draw(cut, part, picture, part.Min, draw.Src)
	var packed bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&packed, cut); err != nil {
		return fmt.Errorf("pack the picture: %w", err)
	}
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}
