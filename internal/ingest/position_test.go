package ingest_test

import (
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"pgregory.net/rapid"
)

func TestPositionsComeBackAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	position := rapid.Custom(func(rt *rapid.T) ingest.Position {
		return ingest.Position{Segment: uint32(rapid.Int32Range(0, 1<<31-1).Draw(rt, "segment")), Offset: rapid.Uint32().Draw(rt, "offset")}
	})
	rapid.Check(t, func(rt *rapid.T) {
		p, o := position.Draw(rt, "p"), position.Draw(rt, "o")
		if got, err := ingest.PositionOf(p.Int64()); err != nil || got != p {
			rt.Fatalf("PositionOf: %v, %v; want %v", got, err, p)
		}
		var got ingest.Position
		text, err := p.MarshalText()
		if err == nil {
			err = got.UnmarshalText(text)
		}
		if err != nil || got != p {
			rt.Fatalf("text: %v, %v; want %v", got, err, p)
		}
		before := p.Segment < o.Segment || p.Segment == o.Segment && p.Offset < o.Offset
		if p.Before(o) != before || (p.Compare(o) == 0) != (p == o) || (p.Int64() < o.Int64()) != before {
			rt.Fatalf("order of %v and %v", p, o)
		}
	})
}

func TestPositionsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1", ":", "1:", ":1", "-1:2", "1:-2", "2147483648:0", "1:4294967296", "1:2:3", " 1:2", "0x1:2"} {
		if p := (ingest.Position{Segment: 7}); p.UnmarshalText([]byte(text)) == nil || p.Segment != 7 {
			t.Errorf("%q was taken for %v", text, p)
		}
	}
	if p, err := ingest.PositionOf(-1); err == nil {
		t.Errorf("-1 was taken for %v", p)
	}
}
