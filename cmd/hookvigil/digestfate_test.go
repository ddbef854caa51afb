package main

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

// A window that was closed with nobody to tell ends as it is closed; one that
// was left by all its readers ends when they leave.
func TestTheLedgerSaysWhoLeft(t *testing.T) {
	t.Parallel()
	closed := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		finished time.Time
		want     string
	}{
		"there was nobody when it closed": {closed, "nobody to tell, or no endpoint"},
		"all have left before it went":    {closed.Add(time.Minute), "dropped: all it was for unsubscribed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := digestRow{State: digest.StateSuppressed, ClosedAt: closed, FinishedAt: tt.finished}
			if got := r.fate(closed.Add(time.Hour)); got != tt.want {
				t.Errorf("says %q, want %q", got, tt.want)
			}
		})
	}
}
