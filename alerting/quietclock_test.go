package alerting_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Package time says that the last day of 2040 ends when it begins, in each zone
// whose clocks change: whoever goes on from there stays there for ever.
func TestReachedEndsOnTheLastDayOfALeapYear(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Asia/Jakarta", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "America/Nuuk"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for wall := time.Date(2040, 12, 29, 0, 0, 0, 0, time.UTC); wall.Year() < 2042 && wall.YearDay() != 5; wall = wall.Add(30 * time.Minute) {
			if got := alerting.Wall(alerting.Reached(wall, zone), zone); !got.Equal(wall) {
				t.Fatalf("%s: at %s the clocks show %s", name, wall, got)
			}
		}
	}
}
