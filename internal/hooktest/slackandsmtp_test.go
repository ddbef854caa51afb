package hooktest

import (
	"slices"
	"testing"
	"time"
)

// The inside is the point here: time passes only where the test says so.
func TestScriptsLastAsLongAsTheySay(t *testing.T) {
	t.Parallel()
	type take struct {
		at   time.Duration // since the script began
		want SlackFault
	}
	for sentence, tc := range map[string]struct {
		steps []SlackStep
		takes []take
	}{
		"the last step stays": {
			[]SlackStep{{Fault: SlackHang}, {Fault: SlackHTML}},
			[]take{{0, SlackHang}, {0, SlackHTML}, {time.Hour, SlackHTML}},
		},
		"a step with a count ends, also when it is last": {
			[]SlackStep{{Fault: SlackHang, Times: 2}, {Fault: SlackHTML, Times: 1}},
			[]take{{0, SlackHang}, {0, SlackHang}, {0, SlackHTML}, {0, SlackNone}, {0, SlackNone}},
		},
		"a step with a time ends in that very moment": {
			[]SlackStep{{Fault: SlackHang, For: time.Hour}},
			[]take{{0, SlackHang}, {time.Hour - 1, SlackHang}, {time.Hour, SlackNone}, {0, SlackNone}},
		},
		"times follow each other without a gap, whoever calls": {
			[]SlackStep{{Fault: SlackHang, For: time.Hour}, {Fault: SlackHTML, For: time.Hour}, {Fault: SlackRefused, Error: "x"}},
			[]take{{90 * time.Minute, SlackHTML}, {2 * time.Hour, SlackRefused}, {9 * time.Hour, SlackRefused}},
		},
		"a time after a count begins with the last call of the count": {
			[]SlackStep{{Fault: SlackHang}, {Fault: SlackHTML, For: time.Hour}},
			[]take{{time.Hour, SlackHang}, {2*time.Hour - 1, SlackHTML}, {2 * time.Hour, SlackNone}},
		},
		"a call that goes well may stand in the middle": {
			[]SlackStep{{}, {Fault: SlackHang, Times: 1}},
			[]take{{0, SlackNone}, {0, SlackHang}, {0, SlackNone}},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			begin := time.Unix(1_700_000_000, 0)
			s := scripts[SlackMethod, SlackStep]{}
			s.play(SlackPost, tc.steps, begin)
			for i, want := range tc.takes {
				if got := s.take(begin.Add(want.at), SlackPost); got.Fault != want.want {
					t.Errorf("call %d: got %q, want %q", i+1, got.Fault, want.want)
				}
			}
		})
	}
}

func TestScriptsGoBeforeOneAnother(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	s := scripts[SlackMethod, SlackStep]{}
	s.play(SlackAny, []SlackStep{{Fault: SlackHTML}}, now)
	s.play(SlackPost, []SlackStep{{Fault: SlackHang, Times: 1}}, now)
	var got []SlackFault
	for _, method := range []SlackMethod{SlackUpdate, SlackPost, SlackPost} {
		got = append(got, s.take(now, method, SlackAny).Fault)
	}
	s.play(SlackAny, nil, now)
	got = append(got, s.take(now, SlackPost, SlackAny).Fault)
	if want := []SlackFault{SlackHTML, SlackHang, SlackHTML, SlackNone}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStampsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	for ts, want := range map[string]int64{
		"1700000000.000001": 1_700_000_000_000_001,
		"1700000000.5":      1_700_000_000_500_000,
		"1700000000":        1_700_000_000_000_000,
		"0":                 0,
	} {
		if got, ok := unstamp(ts); !ok || got != want {
			t.Errorf("%s: got %d %v, want %d", ts, got, ok, want)
		}
	}
	for _, ts := range []string{"", "now", "-1", "1.0000001", "1.-1", "99999999999999999999"} {
		if got, ok := unstamp(ts); ok {
			t.Errorf("%q: got %d, want a refusal", ts, got)
		}
	}
	if got := stamp(1_700_000_000_000_001); got != "1700000000.000001" {
		t.Errorf("got %s", got)
	}
}
