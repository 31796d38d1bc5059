// Package report turns a recording into a verdict with its reasons.
//
// It is made of pure functions of the recording: events become terminations,
// failed samples are tied to the terminations that explain them, each such pair
// gets a cause, and the whole is judged. It knows neither the cluster nor the
// clock, so an old recording gives the same report again, or a better one with
// better rules.
package report
