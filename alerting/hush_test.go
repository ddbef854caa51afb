package alerting_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// silenced covers what matches from a minute on, until an hour is over.
func silenced(m alerting.Matcher, from float64) alerting.Quiet {
	return alerting.Quiet{Silences: []alerting.Silence{{ID: "s1", Matcher: m, From: at(from), Until: at(60), By: "ana", Reason: "deploy", Created: at(from)}}}
}

func TestWhatIsQuietFromTheStartIsToldAtTheEndOfIt(t *testing.T) {
	h := &house{d: lively()}
	h.world.Quiet = silenced(alerting.Matcher{Merchant: []string{"m_a"}}, 0)
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	h.through(4, 59)
	if len(h.notices) > 0 {
		t.Fatalf("told %v", h.loud())
	}
	if in := h.only(t); in.Story.Hush.ID != "s1" || !in.NextAt.Equal(at(60)) {
		t.Errorf("quiet by %q, looked at again at %s", in.Story.Hush.ID, in.NextAt)
	}
	h.decide(at(60))
	last := h.entries[len(h.entries)-1]
	if last.Kind != alerting.EntryUnsilenced || last.Text != "the silence of ana is over: it fails since 2026-11-21 12:00 UTC" {
		t.Errorf("%s: %q", last.Kind, last.Text)
	}
	if got := fmt.Sprint(h.loud()); !strings.Contains(got, "mail/sre@x.example:mail") {
		t.Errorf("told %s", got)
	}
	if in := h.only(t); !in.StartedAt.Equal(at(0)) {
		t.Errorf("it started at %s", in.StartedAt)
	}
}

// The end of a silence is a moment: half a minute of it is not left out.
func TestTheEndOfASilenceIsSaidToTheSecond(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		minute float64
		want   string
	}{
		"a whole minute":  {60, "until 2026-11-21 13:00 UTC by ana"},
		"seconds as well": {60.25, "until 2026-11-21 13:00:15 UTC by ana"},
	} {
		h := &house{d: lively()}
		quiet := silenced(alerting.Matcher{Merchant: []string{"m_a"}}, 4)
		quiet.Silences[0].Until = at(tt.minute)
		h.world.Quiet = quiet
		h.decide(at(3), down("a", "h", true, at(0), at(3)))
		h.through(4, 6)
		if all := fmt.Sprint(h.entries); !strings.Contains(all, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, all, tt.want)
		}
	}
}

func TestWhatEndsWhileItIsQuietIsToldToNobody(t *testing.T) {
	h := &house{d: lively()}
	h.world.Quiet = silenced(alerting.Matcher{Endpoint: []string{"a"}}, 0)
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	h.decide(at(20), down("a", "h", false, at(0), at(20)))
	h.through(21, 70)
	if in := h.only(t); len(h.notices) > 0 || in.State != alerting.StateResolved {
		t.Errorf("it is %s, told %v", in.State, h.loud())
	}
}

// Another endpoint that nobody silenced makes the incident speak.
func TestASilenceCoversAllOfAnIncidentOrNone(t *testing.T) {
	h := &house{d: lively()}
	h.world.Quiet = silenced(alerting.Matcher{Endpoint: []string{"e0", "e1", "e2", "e3"}}, 0)
	for i := range 5 {
		c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(0), at(3))
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
	}
	for i := range 4 {
		h.decide(at(3), down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(0), at(3)))
	}
	if len(h.notices) > 0 {
		t.Fatalf("told %v", h.loud())
	}
	h.decide(at(4), down("e4", "h4", true, at(0), at(4)))
	if in := h.only(t); in.Story.Hush.ID != "" || len(h.loud()) == 0 {
		t.Errorf("quiet by %q, told %v", in.Story.Hush.ID, h.loud())
	}
}

// A silence on what was told already is said in the thread; mails hear the
// end alone.
func TestASilenceOnWhatWasTold(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	before := len(h.loud())
	h.world.Quiet = silenced(alerting.Matcher{Endpoint: []string{"a"}}, 5)
	h.through(5, 19)
	if got, want := fmt.Sprint(h.loud()[before:]), "[ops/C1:update]"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	h.decide(at(20), down("a", "h", false, at(0), at(20)))
	h.through(21, 23)
	if got, want := fmt.Sprint(h.loud()[before+1:]), "[ops/C1:resolve mail/sre@x.example:resolve]"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

// Merchants hear of their own endpoints alone, after a while, and of the end.
func TestMerchantsAreTold(t *testing.T) {
	d := lively()
	d.Merchants.To = func(merchant string) []alerting.Destination {
		if merchant == "m_mute" {
			return nil
		}
		return []alerting.Destination{{Lane: "mail/" + merchant, Recipient: merchant}}
	}
	mails := func(h *house) (list []string) {
		for _, n := range h.notices {
			if n.Kind == alerting.KindMerchant {
				list = append(list, fmt.Sprintf("%s at %v", n.Recipient, n.Created.Sub(noon).Round(time.Minute).Minutes()))
			}
		}
		return list
	}
	t.Run("after five minutes", func(t *testing.T) {
		h := &house{d: d}
		h.decide(at(3), down("a", "h", true, at(0), at(3)))
		h.through(4, 20)
		h.decide(at(21), down("a", "h", false, at(0), at(21)))
		h.through(22, 30)
		if got, want := fmt.Sprint(mails(h)), "[m_a at 8 m_a at 23]"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
	t.Run("not of what was over before", func(t *testing.T) {
		h := &house{d: d}
		h.decide(at(3), down("a", "h", true, at(0), at(3)))
		h.decide(at(5), down("a", "h", false, at(0), at(5)))
		h.through(6, 30)
		if got := mails(h); len(got) > 0 {
			t.Errorf("told %v", got)
		}
	})
	t.Run("while our own side is in doubt they wait for a quarter of an hour", func(t *testing.T) {
		h := &house{d: d}
		h.world.Doubt = "canary outside-1 fails"
		h.decide(at(3), down("a", "h", true, at(0), at(3)))
		h.through(4, 30)
		if got, want := fmt.Sprint(mails(h)), "[m_a at 18]"; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
	t.Run("of a common cause each its own", func(t *testing.T) {
		h := &house{d: d}
		for i := range 6 {
			c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(0), at(3))
			h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
		}
		for i := range 6 {
			h.decide(at(3), down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(0), at(3)))
		}
		h.through(4, 20)
		if got := mails(h); len(got) != 6 || got[0] != "m_e0 at 18" {
			t.Fatalf("told %v", got)
		}
		for _, n := range h.notices {
			if n.Kind == alerting.KindMerchant && n.Recipient == "m_e2" && (strings.Contains(string(n.Facts), "e1") || !strings.Contains(string(n.Facts), "endpoint:e2")) {
				t.Errorf("the merchant of e2 reads %s", n.Facts)
			}
		}
	})
}
