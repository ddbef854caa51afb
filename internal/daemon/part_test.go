package daemon

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// waits returns a part that runs until it is asked to stop, and then takes a
// while.
func waits(name string, took, drain time.Duration, stopped *[]string) part {
	return part{name: name, drain: drain, run: func(ctx context.Context) error {
		<-ctx.Done()
		time.Sleep(took)
		*stopped = append(*stopped, name)
		return ctx.Err()
	}}
}

func TestPartsAreStoppedInOrderEachWithinItsDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stopped []string
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun := time.Now()
		err := runAll(ctx, slog.New(slog.DiscardHandler), []part{
			waits("looks", 3*time.Second, 5*time.Second, &stopped),
			waits("jobs", time.Second, 2*time.Second, &stopped),
			waits("http", time.Second, 2*time.Second, &stopped),
		})
		if err != nil || !slices.Equal(stopped, []string{"looks", "jobs", "http"}) || time.Since(begun) != 5*time.Second {
			t.Errorf("got %v, %v after %s; want them one after the other in 5s", err, stopped, time.Since(begun))
		}
	})
}

func TestAPartThatDoesNotStopHoldsNobodyBeyondItsDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stopped, late []string
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun := time.Now()
		_ = runAll(ctx, slog.New(slog.DiscardHandler), []part{
			waits("stuck", time.Hour, 2*time.Second, &late),
			waits("http", 0, time.Second, &stopped),
		})
		if took := time.Since(begun); took != 2*time.Second || !slices.Contains(stopped, "http") {
			t.Errorf("took %s and stopped %v, want 2s and http stopped", took, stopped)
		}
		time.Sleep(2 * time.Hour) // the stuck one ends at last: nothing is left in the bubble
	})
}

func TestAPartThatEndsEndsTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stopped []string
		broken := errors.New("broken")
		err := runAll(t.Context(), slog.New(slog.DiscardHandler), []part{
			waits("looks", 0, time.Second, &stopped),
			{name: "store", drain: time.Second, run: func(context.Context) error { return broken }},
		})
		if !errors.Is(err, broken) || err.Error() != "store: broken" || !slices.Equal(stopped, []string{"looks"}) {
			t.Errorf("got %v, stopped %v; want the cause by its name, and the others stopped", err, stopped)
		}
	})
}
