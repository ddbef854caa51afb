package traffic_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

func decoded(t *testing.T, text []byte) (all []deliveries.Attempt) {
	t.Helper()
	for a, no := range deliveries.Decode(bytes.NewReader(text), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)) {
		if no != nil {
			t.Fatalf("line %d: %s", no.Line, no.Reason)
		}
		all = append(all, a)
	}
	return all
}

func TestWhatIsWrittenDecodesToTheSame(t *testing.T) {
	t.Parallel()
	c := small(8)
	c.Length, c.Healthy = 10*time.Minute, 0.2
	c.Start = c.Start.In(time.FixedZone("WIB", 7*3600))
	c.Platform.Channels = []string{`with "quotes" and \`, "日本", "plain"}
	c.Dead = []string{"ep-00002"}
	var out bytes.Buffer
	if err := traffic.New(c).NDJSON(&out); err != nil {
		t.Fatal(err)
	}
	want := made(t, c)
	if got := decoded(t, out.Bytes()); len(got) < 1000 || !slices.Equal(got, want) {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("attempt %d\ngot  %+v\nwant %+v", i, got[i], want[i])
			}
		}
		t.Fatalf("%d attempts read, %d made", len(got), len(want))
	}
}

func TestEveryFieldIsWritten(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 11, 11, 14, 48, 0, 123456789, time.UTC)
	want := deliveries.Attempt{
		Source: "s", ID: "i", Merchant: "m", Endpoint: "e", URL: "https://x.example/", Event: "v", Type: "t", Product: "p",
		Channel: "c", Key: "k", Actor: "someone", Error: "reset", OccurredAt: at, CreatedAt: at.Add(1), ExpiresAt: at.Add(time.Hour),
		StartedAt: at.Add(time.Second), Duration: 1500*time.Microsecond + 1, Number: 3, Status: 503, Trigger: deliveries.Manual, Mode: deliveries.Test,
	}
	if got := decoded(t, traffic.AppendRecord(nil, want)); len(got) != 1 || got[0] != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// broken refuses what is written.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWritingSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	if err := traffic.New(small(1)).NDJSON(broken{}); !errors.Is(err, errBroken) {
		t.Errorf("%v, want the writer's error", err)
	}
	g := traffic.New(traffic.Config{})
	if err := g.NDJSON(broken{}); err == nil || errors.Is(err, errBroken) || !strings.Contains(err.Error(), "Length") {
		t.Errorf("%v, want the configuration's faults", err)
	}
	for a := range g.Attempts() {
		t.Fatalf("an attempt of nothing: %+v", a)
	}
}
