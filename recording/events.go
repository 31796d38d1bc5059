package recording

import (
	"iter"
	"reflect"
	"slices"
	"time"
)

// Events are what the watches saw, in the order in which it arrived. They are held
// in less room than they take on disk: a service of a hundred pods is told anew,
// whole, at each change of one of them.
type Events struct {
	events []Event
	// slices are those of the events that tell of one, in their order, each
	// endpoint as its place among endpoints.
	slices    [][]uint32
	endpoints []Endpoint
}

// EventsOf holds events that were not recorded.
func EventsOf(events []Event) *Events {
	g := newGathering()
	g.events = slices.Clone(events)
	for i := range g.events {
		if slice := g.events[i].Slice; slice != nil {
			g.events[i].Slice = new(*slice) // that of the caller stays whole
		}
		g.take(&g.events[i])
	}
	return &g.Events
}

// Len is how many there are.
func (e *Events) Len() int { return len(e.events) }

// All gives every event.
func (e *Events) All() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		slice := 0
		for i := range e.events {
			event := &e.events[i]
			if event.Slice != nil {
				event = &Event{At: event.At, Slice: e.whole(event.Slice, e.slices[slice])}
				slice++
			}
			if !yield(event) {
				return
			}
		}
	}
}

// ButSlices gives the events that tell of anything else than a slice, for much
// less than All.
func (e *Events) ButSlices() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for i := range e.events {
			if e.events[i].Slice == nil && !yield(&e.events[i]) {
				return
			}
		}
	}
}

// whole gives a slice its endpoints back.
func (e *Events) whole(slice *SliceObservation, places []uint32) *SliceObservation {
	with := *slice
	if places != nil {
		with.Endpoints = make([]Endpoint, len(places))
	}
	for i, place := range places {
		with.Endpoints[i] = e.endpoints[place]
	}
	return &with
}

// gathering makes Events of events that are read one after the other.
type gathering struct {
	Events
	places map[Endpoint]uint32
	texts  map[string]string
}

func newGathering() *gathering {
	return &gathering{places: map[Endpoint]uint32{}, texts: map[string]string{}}
}

// take holds what is read of an event, and leaves in the event itself what is held
// there.
func (g *gathering) take(event *Event) {
	if slice := event.Slice; slice != nil {
		g.slices = append(g.slices, g.placesOf(slice.Endpoints))
		slice.Endpoints = nil
	}
	g.once(reflect.ValueOf(event).Elem())
}

func (g *gathering) placesOf(endpoints []Endpoint) []uint32 {
	if endpoints == nil {
		return nil
	}
	places := make([]uint32, len(endpoints))
	for i, endpoint := range endpoints {
		place, known := g.places[endpoint]
		if !known {
			g.once(reflect.ValueOf(&endpoint).Elem())
			place = uint32(len(g.endpoints))
			g.endpoints = append(g.endpoints, endpoint)
			g.places[endpoint] = place
		}
		places[i] = place
	}
	return places
}

var timeType = reflect.TypeFor[time.Time]()

// once lets equal texts of all that was taken be the same ones: pods are told of
// again and again.
func (g *gathering) once(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			g.once(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == timeType {
			return
		}
		for _, field := range v.Fields() {
			g.once(field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			g.once(v.Index(i))
		}
	case reflect.String:
		text, known := g.texts[v.String()]
		if !known {
			text = v.String()
			g.texts[text] = text
		}
		v.SetString(text)
	}
}
