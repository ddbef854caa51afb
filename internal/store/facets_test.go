package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

func TestFacetsAreTheWordsOfTheNewestDays(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	day := midday.Truncate(24 * time.Hour)
	var all []deliveries.Attempt
	for ago := range 10 {
		all = append(all, ofEvent(fmt.Sprint("e", ago), "ep", time.Duration(ago)*24*time.Hour, func(a *deliveries.Attempt) {
			a.Type, a.Channel = fmt.Sprint("type-", ago/3), fmt.Sprint("channel-", 9-ago)
		}))
	}
	apply(t, s, tape.group(all...))
	facet := func(kind, value string, ago int) ingest.Facet {
		return ingest.Facet{Kind: kind, Value: value, Since: day.AddDate(0, 0, -ago)}
	}
	for name, tc := range map[string]struct {
		kind  string
		limit int
		want  []ingest.Facet
	}{
		"one word in all":                    {"source", 10, []ingest.Facet{facet("source", "core", 7)}},
		"those of eight days":                {"type", 10, []ingest.Facet{facet("type", "type-0", 2), facet("type", "type-1", 5), facet("type", "type-2", 7)}},
		"the newest when there are too many": {"type", 2, []ingest.Facet{facet("type", "type-0", 2), facet("type", "type-1", 5)}},
		"by value":                           {"channel", 3, []ingest.Facet{facet("channel", "channel-7", 2), facet("channel", "channel-8", 1), facet("channel", "channel-9", 0)}},
	} {
		got, err := s.Facets(t.Context(), tc.kind, tc.limit)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, tc.want)
		}
	}
	if _, err := s.facts.w.ExecContext(t.Context(), `UPDATE dictionary SET seen_at = ? WHERE kind = 'scope' AND value = 'channel:channel-9'`,
		day.AddDate(0, -3, 0).UnixMicro()); err != nil {
		t.Fatal(err)
	}
	got, err := s.Facets(t.Context(), "channel", 1)
	if err != nil || len(got) != 1 || !got[0].Since.Equal(day.AddDate(0, -3, 0)) {
		t.Errorf("%v, %v; want the day when it was counted first", got, err)
	}
}
