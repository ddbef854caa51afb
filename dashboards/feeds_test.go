package dashboards_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
)

func TestFeedsAreShownTogether(t *testing.T) {
	t.Parallel()
	m := dashboards.New("test")
	if text := scrape(t, m); strings.Contains(text, "hookvigil_source_last_data_timestamp_seconds{") {
		t.Error("there is a time of last data without a feed")
	}
	m.TailRead(3, 2, 1)
	m.TailRead(1, -1, 0)
	m.SourceAsked(true)
	m.SourceAsked(false)
	m.SourceAsked(false)
	m.FeedsStand(77, map[dashboards.FeedKind]time.Time{dashboards.FeedTail: time.Unix(1700000000, 0), "else": time.Unix(1, 0)})
	text := scrape(t, m)
	for _, want := range []string{
		`hookvigil_tail_lines_total{result="accepted"} 4`, `hookvigil_tail_lines_total{result="duplicate"} 2`, `hookvigil_tail_lines_total{result="rejected"} 1`,
		`hookvigil_source_asks_total{result="answered"} 1`, `hookvigil_source_asks_total{result="failed"} 2`,
		"hookvigil_tail_behind_bytes 77", `hookvigil_source_last_data_timestamp_seconds{kind="tail"} 1.7e+09`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	for _, unwanted := range []string{`kind="prometheus"`, `kind="else"`} {
		if strings.Contains(text, unwanted) {
			t.Errorf("shows %s, which is none", unwanted)
		}
	}
	m.FeedsStand(-1, nil)
	if text := scrape(t, m); strings.Contains(text, `kind="tail"`) || !strings.Contains(text, "hookvigil_tail_behind_bytes 0\n") {
		t.Error("a feed that is gone is still shown")
	}
}
