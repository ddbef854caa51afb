package deliveries

import (
	"testing"

	"pgregory.net/rapid"
)

// TestKeyRingIsABoundedQueueWithLookup holds the ring against a plain slice:
// what is found, in which order it is dropped, and that it never grows over
// its bound. Few home places make long runs in the index.
func TestKeyRingIsABoundedQueueWithLookup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.SampledFrom([]int{1, 2, 7, 60, 1500}).Draw(rt, "most")
		ring, now := newKeyRing(most), int32(100)
		var model []keySlot // oldest first
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				before := now - int32(rapid.IntRange(0, 5).Draw(rt, "age"))
				ring.expire(before)
				for len(model) > 0 && model[0].seen < before {
					model = model[1:]
				}
			case 1:
				ring.filter(func(s *keySlot) bool { return s.hash%3 != 0 })
				var kept []keySlot
				for _, s := range model {
					if s.hash%3 != 0 {
						kept = append(kept, s)
					}
				}
				model = kept
			case 2:
				now++
			default:
				for range rapid.SampledFrom([]int{1, 5, 700}).Draw(rt, "keys") {
					model = addBoth(rt, &ring, model, now, most)
				}
			}
			compareRing(rt, &ring, model)
		}
	})
}

func addBoth(rt *rapid.T, ring *keyRing, model []keySlot, now int32, most int) []keySlot {
	// The low bits, which choose the place, take 4 values; the rest tells apart.
	n := uint64(now)<<32 | uint64(len(model))<<8
	hash := n | n>>8&3
	if ring.find(hash) != nil {
		return model
	}
	s, dropped := ring.add(hash, now)
	if dropped != (len(model) == most) {
		rt.Fatalf("dropped %t with %d of %d keys", dropped, len(model), most)
	}
	s.a = int64(hash)
	if dropped {
		model = model[1:]
	}
	return append(model, *s)
}

// TestKeyRingGoesRoundMoreThanOnce: chunks are given back and used again, and
// never by two ends at once.
func TestKeyRingGoesRoundMoreThanOnce(t *testing.T) {
	t.Parallel()
	const most = 2*keyChunk + 500
	ring := newKeyRing(most)
	var model []keySlot
	for i := range 4 * most {
		s, _ := ring.add(uint64(i), 0)
		s.a = int64(i)
		if model = append(model, *s); len(model) > most {
			model = model[1:]
		}
		if i%777 == 0 {
			compareRing(t, &ring, model)
		}
	}
	compareRing(t, &ring, model)
}

func compareRing(rt interface{ Fatalf(string, ...any) }, ring *keyRing, model []keySlot) {
	if ring.n != len(model) {
		rt.Fatalf("%d keys, want %d", ring.n, len(model))
	}
	inUse := 0
	for _, c := range ring.chunks {
		if c != nil {
			inUse++
		}
	}
	if most := ring.n/keyChunk + 2; inUse > most {
		rt.Fatalf("%d chunks for %d keys", inUse, ring.n)
	}
	for i, want := range model {
		if got := *ring.slot(ring.position(i)); got != want {
			rt.Fatalf("key %d is %+v, want %+v", i, got, want)
		}
		if got := ring.find(want.hash); got == nil || *got != want {
			rt.Fatalf("key %x is not found", want.hash)
		}
	}
	if s := ring.find(1 << 63); s != nil {
		rt.Fatalf("a key that never came is found: %+v", *s)
	}
}
