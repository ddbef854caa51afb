package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// digests are as many notices as a fleet's digests make, each in a lane of its
// own, due later; and 100 that are due, in one lane.
func digests() []alerting.Notice {
	all := make([]alerting.Notice, 0, fleet+100)
	for i := range fleet {
		n := event(fmt.Sprintf("mail/%d", i), fmt.Sprintf("digest/%d", i), fmt.Sprintf("d%06d", i), rules.Low)
		n.Due = ten.Add(time.Hour)
		all = append(all, n)
	}
	for i := range 100 {
		all = append(all, event("ops/C1", fmt.Sprint("s", i), fmt.Sprintf("e%03d", i), rules.High))
	}
	return all
}

// BenchmarkLanes is one look for work, BenchmarkClaim one message on its way:
// both beside the digests of a fleet.
func BenchmarkLanes(b *testing.B) {
	s := open(b, b.TempDir())
	enqueue(b, s, digests()...)
	for name, at := range map[string]time.Time{"later": ten.Add(time.Second), "due": ten.Add(2 * time.Hour)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Lanes(b.Context(), at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkClaim(b *testing.B) {
	s := open(b, b.TempDir())
	enqueue(b, s, digests()...)
	for b.Loop() {
		c, key := claimKey(b, s, "ops/C1", 0)
		if key == "" {
			b.Fatal("nothing to claim")
		}
		finish(b, s, c, waiting(alerting.ClassTransient, 0))
	}
}
