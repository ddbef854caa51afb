package deliveries_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestRetriesOfOneEvent(t *testing.T) {
	t.Parallel()
	numbered := []deliveries.Try{failed(1, 0), failed(2, 15*minute), resent("ana", 20*minute), failed(3, hour)}
	unnumbered := []deliveries.Try{failed(0, 0), failed(0, 15*minute), failed(0, hour)}
	second, third := deliveries.Retry{Number: 2, Offset: 15 * minute}, deliveries.Retry{Number: 3, Offset: hour}
	for name, tt := range map[string]struct {
		tries []deliveries.Try
		fresh []bool
		want  []deliveries.Retry
	}{
		"nothing":                     {nil, nil, nil},
		"all are news":                {numbered, []bool{true, true, true, true}, []deliveries.Retry{second, third}},
		"the last is news":            {numbered, []bool{false, false, false, true}, []deliveries.Retry{third}},
		"none is":                     {numbered, make([]bool, 4), nil},
		"without numbers":             {unnumbered, []bool{true, true, true}, []deliveries.Retry{second, third}},
		"the original is not known":   {numbered[1:], []bool{true, true, true}, nil},
		"the original came last":      {[]deliveries.Try{failed(2, 0), failed(1, hour)}, []bool{true, true}, nil},
		"the original alone":          {numbered[:1], []bool{true}, nil},
		"only a manual one before it": {[]deliveries.Try{resent("ana", 0), failed(2, hour)}, []bool{true, true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := deliveries.RetriesOf(tt.tries, tt.fresh); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhenASenderGaveUp(t *testing.T) {
	t.Parallel()
	unknown := preset(t, "unknown")
	for name, tt := range map[string]struct {
		tries []deliveries.Try
		want  time.Time
	}{
		"the original alone":    {[]deliveries.Try{failed(1, 0)}, time.Time{}},
		"three tries in 3 h":    {[]deliveries.Try{failed(1, 0), failed(2, hour), failed(3, 3*hour)}, noon.Add(10 * hour)},
		"sent by hand":          {[]deliveries.Try{failed(1, 0), failed(2, hour), resent("ana", 2*hour)}, time.Time{}},
		"failed by hand":        {[]deliveries.Try{failed(1, 0), failed(2, hour), failedResend(2 * hour)}, time.Time{}},
		"nobody says why":       {[]deliveries.Try{failed(1, 0), failed(2, hour), withFault(failed(3, 2*hour), "")}, noon.Add(7 * hour)},
		"its sender gave it up": {[]deliveries.Try{failed(1, 0), withFault(failed(2, hour), "canceled")}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := deliveries.EventOf(deliveries.Event{}, tt.tries, unknown).EndedBy(); !got.Equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// No preset waits so long between two tries that it would count as ended.
func TestNoPresetIsTakenForEnded(t *testing.T) {
	t.Parallel()
	unknown := preset(t, "unknown")
	for _, name := range deliveries.Presets() {
		offsets := preset(t, name).Offsets
		tries := []deliveries.Try{failed(1, 0)}
		for i, next := range offsets {
			if by := deliveries.EventOf(deliveries.Event{}, tries, unknown).EndedBy(); !by.IsZero() && !by.After(noon.Add(next)) {
				t.Errorf("%s: given up at %v after %d tries, and the next comes after %v", name, by, len(tries), next)
			}
			tries = append(tries, failed(i+2, next))
		}
	}
}
