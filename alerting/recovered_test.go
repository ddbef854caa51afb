package alerting_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// gone is c when it has cleared, with what is said of it then.
func gone(c rules.Change, text string) rules.Change {
	c.Open, c.Number, c.Evidence.Text = false, c.Number+1, text
	return c
}

func TestTheEndQuotesWhatTheTitleIsAbout(t *testing.T) {
	t.Parallel()
	platform := risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.High, 5)
	bca, qr := risen(rules.RuleChannelErrorRatio, "channel:ID_BCA", rules.Critical, 4), risen(rules.RuleChannelErrorRatio, "channel:QR", rules.Critical, 6)
	silent := down("a", "h1", true, noon, at(2))
	expired := silent
	expired.Key.Rule, expired.Since = rules.RuleCertificate, noon.Add(-time.Hour)
	again := platform
	again.Key.Episode = 2
	for name, tt := range map[string]struct {
		turns [][]rules.Change
		want  string
	}{
		"the platform's ratio, though a channel cleared last": {
			[][]rules.Change{{platform, bca, qr}, {gone(platform, "platform: well")}, {gone(qr, "QR: well"), gone(bca, "BCA: well")}}, "platform: well",
		},
		"the platform's ratio, though a channel came first": {
			[][]rules.Change{{bca}, {platform, qr}, {gone(platform, "platform: well"), gone(qr, "QR: well")}, {gone(bca, "BCA: well")}}, "platform: well",
		},
		"the platform's ratio as it cleared last": {
			[][]rules.Change{{platform, bca}, {gone(bca, "BCA: well")}, {gone(platform, "platform: well")}}, "platform: well",
		},
		"the newest of two episodes of the platform": {
			[][]rules.Change{{platform, bca}, {gone(platform, "once")}, {again}, {gone(again, "twice")}, {gone(bca, "BCA: well")}}, "twice",
		},
		"what opened it, though another rule of the endpoint lasted longer": {
			[][]rules.Change{{silent}, {expired}, {gone(silent, "answers")}, {gone(expired, "renewed")}}, "answers",
		},
		"the one that there is": {[][]rules.Change{{silent}, {gone(silent, "answers")}}, "answers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			if got := h.end(tt.turns); !strings.HasSuffix(got, ": "+tt.want) || !strings.HasPrefix(got, "recovered after ") {
				t.Errorf("it ends with %q, want: recovered after ...: %s", got, tt.want)
			}
		})
	}
}

// end takes turns, a minute apart, and returns the last line that says that an
// incident is over.
func (h *house) end(turns [][]rules.Change) string {
	for i, changes := range turns {
		h.decide(at(float64(10+i)), changes...)
	}
	last := ""
	for _, e := range h.entries {
		if e.Kind == alerting.EntryResolved {
			last = e.Text
		}
	}
	return last
}

// TestTheEndOfACommonCauseNamesTheLongest has fifty that fail one second after
// another and are well at once: the first has failed longest.
func TestTheEndOfACommonCauseNamesTheLongest(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	opened := h.fifty(50, "refused")
	var cleared []rules.Change
	for i, c := range opened {
		cleared = append(cleared, gone(c, fmt.Sprintf("answers again, %d", i)))
	}
	got := h.end([][]rules.Change{opened, cleared})
	if want := "recovered after 11m: e0: answers again, 0"; got != want {
		t.Errorf("it ends with %q, want %q", got, want)
	}
}
