package digest

import (
	"testing"
	"time"
)

// Package time says that the last day of 2040 ends when it begins, in each zone
// whose clocks change: whoever goes on from there stays there for ever.
func TestABoundaryIsReachedOnTheLastDayOfALeapYear(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for wall := time.Date(2040, 12, 30, 0, 0, 0, 0, time.UTC); wall.Before(time.Date(2041, 1, 4, 0, 0, 0, 0, time.UTC)); wall = wall.Add(6 * time.Hour) {
		if got := wallOf(reached(wall, zone), zone); !got.Equal(wall) {
			t.Fatalf("at %s the clocks show %s", wall, got)
		}
	}
}
