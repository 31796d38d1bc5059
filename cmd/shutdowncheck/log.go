package main

import (
	"flag"
	"io"
	"log"

	"k8s.io/klog/v2"
)

// logTo makes the libraries log to w. By themselves they write to stderr while they hold
// a lock, so that a reader which stalls would stop every call that has a word to say: of
// client-go through klog, of net/http through log.
func logTo(w io.Writer) {
	log.SetOutput(w)
	settings := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(settings)
	for name, value := range map[string]string{
		"logtostderr": "false", "stderrthreshold": "FATAL", // not past w
		"one_output": "true", // a line is written once, not once per severity below its own
	} {
		if err := settings.Set(name, value); err != nil {
			panic(err) // klog has no such flag any more
		}
	}
	klog.SetOutput(w)
}
