package rules_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestTickOfGivesTheBegin(t *testing.T) {
	t.Parallel()
	jakarta := time.FixedZone("WIB", 7*3600)
	for name, tt := range map[string]struct {
		at     string
		length time.Duration
		want   string
	}{
		"the begin itself":      {"2023-11-11T14:48:10Z", 10 * time.Second, "2023-11-11T14:48:10Z"},
		"a nanosecond before":   {"2023-11-11T14:48:09.999999999Z", 10 * time.Second, "2023-11-11T14:48:00Z"},
		"a nanosecond after":    {"2023-11-11T14:48:10.000000001Z", 10 * time.Second, "2023-11-11T14:48:10Z"},
		"ticks of 50 ms":        {"2023-11-11T14:48:10.12Z", 50 * time.Millisecond, "2023-11-11T14:48:10.1Z"},
		"no length: the moment": {"2023-11-11T14:48:10.12Z", 0, "2023-11-11T14:48:10.12Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339Nano, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := rules.TickOf(at.In(jakarta), tt.length).Format(time.RFC3339Nano); got != tt.want {
				t.Errorf("tick of %s: %s, want %s", tt.at, got, tt.want)
			}
		})
	}
}
