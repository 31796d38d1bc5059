package check_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A share of the answers may be late, in whole numbers.
func TestHowManyAnswersMayBeLate(t *testing.T) {
	for _, tt := range []struct {
		quantile     check.Quantile
		answers, may int
	}{
		{check.P99, 0, 0},
		{check.P99, 99, 0},
		{check.P99, 100, 1},
		{check.P99, 1999, 19},
		{check.P95, 20, 1},
		{check.P90, 10, 1},
		{check.P50, 3, 1},
		{check.Max, 1_000_000, 0},
	} {
		if got := tt.quantile.May(tt.answers); got != tt.may {
			t.Errorf("%s of %d: %d may, want %d", tt.quantile, tt.answers, got, tt.may)
		}
	}
}

// A stream's own bound takes the place of the whole one, quantile by quantile.
func TestLatencyBounds(t *testing.T) {
	const ms = check.Duration(time.Millisecond)
	whole := check.Budget{P50: 5 * ms, P99: 100 * ms}
	for name, tt := range map[string]struct {
		whole check.Budget
		own   *check.StreamBudget
		want  []check.LatencyBound
	}{
		"none":     {check.Budget{}, nil, nil},
		"whole":    {whole, nil, []check.LatencyBound{{Quantile: check.P50, Within: 5 * ms}, {Quantile: check.P99, Within: 100 * ms}}},
		"own":      {check.Budget{}, &check.StreamBudget{Max: ms}, []check.LatencyBound{{Quantile: check.Max, Within: ms}}},
		"together": {whole, &check.StreamBudget{P90: ms, P99: 200 * ms}, []check.LatencyBound{{Quantile: check.P50, Within: 5 * ms}, {Quantile: check.P90, Within: ms}, {Quantile: check.P99, Within: 200 * ms}}},
	} {
		if got := tt.whole.LatencyBounds(check.Stream{Budget: tt.own}); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
