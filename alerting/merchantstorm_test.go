package alerting_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// storm is a house that merchants hear, and what fails there.
type storm struct {
	house

	merchants int // that it hits, each with one endpoint
	fault     string
}

func (s *storm) change(i int, open bool, when float64) rules.Change {
	c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), open, noon, at(when))
	c.Fault = s.fault
	return c
}

// all opens or clears all endpoints, in turns of the desk's size.
func (s *storm) all(open bool, when float64) {
	var list []rules.Change
	for i := range s.merchants {
		c := s.change(i, open, when)
		list = append(list, c)
		if open {
			s.world.Failing = append(s.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
		}
	}
	for len(list) > 0 {
		n := min(500, len(list))
		s.decide(at(when), list[:n]...)
		list = list[n:]
	}
	if !open {
		s.world.Failing = nil
	}
}

// mails counts merchants by what each was told, in order; doubtful are the
// mails that say that it may be us.
func (s *storm) mails(t *testing.T) (each map[string]int, doubtful int) {
	t.Helper()
	told := map[string][]string{}
	for _, n := range s.notices {
		if n.Kind != alerting.KindMerchant {
			continue
		}
		var f alerting.Facts
		if err := json.Unmarshal(n.Facts, &f); err != nil {
			t.Fatal(err)
		}
		if len(f.Members) != 1 || f.Merchant != n.Recipient {
			t.Fatalf("%s hears of %d endpoints of %s", n.Recipient, len(f.Members), f.Merchant)
		}
		told[n.Recipient] = append(told[n.Recipient], string(f.State))
		if f.Doubt != "" {
			doubtful++
		}
	}
	each = map[string]int{}
	for _, states := range told {
		each[strings.Join(states, " ")]++
	}
	return each, doubtful
}

// TestAStormOfMerchants: five thousand fail at once. Each hears of its own
// endpoint at most twice, and not before the hold is over.
func TestAStormOfMerchants(t *testing.T) {
	t.Parallel()
	const many = 200
	for sentence, tc := range map[string]struct {
		merchants int
		fault     string
		about     rules.Cause
		doubt     string
		until     float64 // minutes that it lasts
		told      int     // merchants that hear of it, and of its end
	}{
		"over within the hold":              {many, "http_5xx", "", "", 14, 0},
		"longer, and nobody knows why":      {5_000, "http_5xx", "", "", 18.5, 5_000},
		"our own side is in doubt":          {many, "unreachable", "", "two canaries fail", 25, many},
		"our trust store is the cause":      {many, "tls_untrusted", rules.CauseOurTrustStore, "", 25, 0},
		"the probe is locked out, not they": {many, "timeout_connect", rules.CauseProbePathBlocked, "", 25, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := &storm{house{d: toldMerchants()}, tc.merchants, tc.fault}
			s.world.Doubt = tc.doubt
			s.d.About = func(alerting.Incident, bool) alerting.About { return alerting.About{Cause: string(tc.about)} }
			s.all(true, 3)
			for _, when := range []float64{8, 9, 13, 17} {
				if when < tc.until {
					s.decide(at(when))
				}
			}
			if early, _ := s.mails(t); len(early) > 0 && tc.until > 17 {
				t.Errorf("before the hold is over: %v", early)
			}
			s.through(18, tc.until)
			s.all(false, tc.until)
			for _, later := range []float64{1, 2.5, 4} {
				s.decide(at(tc.until + later))
			}
			if in := s.only(t); in.State != alerting.StateResolved || len(in.Members) != tc.merchants {
				t.Errorf("%s is %s with %d members", in.Title, in.State, len(in.Members))
			}
			want := map[string]int{}
			if tc.told > 0 {
				want["open resolved"] = tc.told
			}
			if got, doubtful := s.mails(t); !maps.Equal(got, want) || doubtful != 2*tc.told {
				t.Errorf("merchants were told %v, %d mails with a doubt; want %v, %d", got, doubtful, want, 2*tc.told)
			}
		})
	}
}

// TestNobodyHearsThatItIsOverWhileItIsNot: an endpoint of a storm that is over
// fails in another way by then.
func TestNobodyHearsThatItIsOverWhileItIsNot(t *testing.T) {
	t.Parallel()
	h := &house{d: toldMerchants()}
	for i := range 6 {
		c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, noon, at(3))
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
	}
	for i := range 6 {
		h.decide(at(3), down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, noon, at(3)))
	}
	h.through(4, 20) // all were told
	h.world.Failing = nil
	h.decide(at(21), down("e0", "h0", false, noon, at(21)))
	again := down("e0", "h0", true, at(35), at(37)) // long after the others, and otherwise
	again.Key.Episode, again.Fault = 2, "http_5xx"
	h.decide(at(37), again)
	for i := range 5 {
		h.decide(at(38), down(fmt.Sprint("e", i+1), fmt.Sprint("h", i+1), false, noon, at(38)))
	}
	h.through(38, 42)
	if got := fmt.Sprint(h.merchantMails("m_e0"), h.merchantMails("m_e1")); got != "[live] [live over]" {
		t.Errorf("when the storm is over: told %s, want no end for an endpoint that fails", got)
	}
	end := again
	end.Open, end.At, end.Number = false, at(43), 2
	h.decide(at(43), end)
	h.through(44, 50)
	if got := fmt.Sprint(h.merchantMails("m_e0"), h.merchantMails("m_e1")); got != "[live over] [live over]" {
		t.Errorf("in the end: told %s, want the end once", got)
	}
}
