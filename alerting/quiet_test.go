package alerting_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// condition is endpoint_down of an endpoint of toko-maju.
func condition() alerting.Quieted {
	return alerting.Quieted{Incident: "inc_1", Rule: rules.RuleEndpointDown, Scope: "endpoint:pay", Severity: rules.High, Merchant: "toko-maju"}
}

func TestMatchersMeanWhatTheyName(t *testing.T) {
	t.Parallel()
	channel := alerting.Quieted{Incident: "inc_2", Rule: rules.RuleChannelErrorRatio, Scope: "channel:QR", Severity: rules.Critical}
	merchant := alerting.Quieted{Incident: "inc_3", Rule: rules.RuleMerchantErrorRatio, Scope: "merchant:toko-maju", Severity: rules.High}
	for sentence, tc := range map[string]struct {
		m    alerting.Matcher
		q    alerting.Quieted
		want bool
	}{
		"an empty one means nothing":                          {alerting.Matcher{}, condition(), false},
		"all means everything":                                {alerting.Matcher{All: true}, channel, true},
		"all beside a list means the list":                    {alerting.Matcher{All: true, Merchant: []string{"other"}}, condition(), false},
		"the merchant of an endpoint":                         {alerting.Matcher{Merchant: []string{"toko-maju"}}, condition(), true},
		"the merchant by its own scope":                       {alerting.Matcher{Merchant: []string{"toko-maju"}}, merchant, true},
		"another merchant":                                    {alerting.Matcher{Merchant: []string{"warung"}}, condition(), false},
		"a merchant where none is known":                      {alerting.Matcher{Merchant: []string{"toko-maju"}}, channel, false},
		"the endpoint":                                        {alerting.Matcher{Endpoint: []string{"pay", "void"}}, condition(), true},
		"an endpoint that is called like the merchant":        {alerting.Matcher{Endpoint: []string{"toko-maju"}}, merchant, false},
		"the channel":                                         {alerting.Matcher{Channel: []string{"QR"}}, channel, true},
		"a product that is called like the channel":           {alerting.Matcher{Product: []string{"QR"}}, channel, false},
		"a type that is called like the channel":              {alerting.Matcher{Type: []string{"QR"}}, channel, false},
		"the scope in full":                                   {alerting.Matcher{Scope: []rules.Scope{"channel:QR"}}, channel, true},
		"the severity":                                        {alerting.Matcher{Severity: []rules.Severity{rules.Critical}}, channel, true},
		"another severity":                                    {alerting.Matcher{Severity: []rules.Severity{rules.Critical}}, condition(), false},
		"the rule":                                            {alerting.Matcher{Rule: []rules.Rule{rules.RuleCertificate, rules.RuleEndpointDown}}, condition(), true},
		"the incident":                                        {alerting.Matcher{Incident: []string{"inc_1"}}, condition(), true},
		"another incident":                                    {alerting.Matcher{Incident: []string{"inc_1"}}, channel, false},
		"every list must fit: merchant and rule":              {alerting.Matcher{Merchant: []string{"toko-maju"}, Rule: []rules.Rule{rules.RuleEndpointDown}}, condition(), true},
		"every list must fit: merchant and not rule":          {alerting.Matcher{Merchant: []string{"toko-maju"}, Rule: []rules.Rule{rules.RuleSilence}}, condition(), false},
		"an endpoint and a channel are never one condition":   {alerting.Matcher{Endpoint: []string{"pay"}, Channel: []string{"QR"}}, condition(), false},
		"an empty word means nothing, also what is not known": {alerting.Matcher{Merchant: []string{""}}, channel, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := tc.m.Matches(tc.q); got != tc.want {
				t.Errorf("%s of %+v: %t, want %t", tc.m, tc.q, got, tc.want)
			}
		})
	}
}

func TestMatchersSayWhatIsWrongWithThem(t *testing.T) {
	t.Parallel()
	many := make([]string, 101)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	for sentence, tc := range map[string]struct {
		m    alerting.Matcher
		want []string // path: message
	}{
		"nothing":             {alerting.Matcher{}, []string{"matcher: names nothing"}},
		"all and a list":      {alerting.Matcher{All: true, Rule: []rules.Rule{"silence"}}, []string{"matcher.all: stands beside lists"}},
		"all":                 {alerting.Matcher{All: true}, nil},
		"a rule that is none": {alerting.Matcher{Rule: []rules.Rule{"endpoint_gone"}}, []string{`matcher.rule[0]: "endpoint_gone" is no rule`}},
		"the rule of many":    {alerting.Matcher{Rule: []rules.Rule{alerting.RuleCommonCause}}, nil},
		"a severity that is none, and a word twice": {
			alerting.Matcher{Severity: []rules.Severity{"loud"}, Channel: []string{"QR", "QR"}},
			[]string{`matcher.channel[1]: "QR" stands here twice`, `matcher.severity[0]: "loud" is no severity`},
		},
		"an empty word":               {alerting.Matcher{Merchant: []string{""}}, []string{`matcher.merchant[0]: "" is empty`}},
		"a word that hides a sign":    {alerting.Matcher{Merchant: []string{"a\u202eb"}}, []string{`matcher.merchant[0]: "ab" is empty, has blanks`}},
		"a scope without its kind":    {alerting.Matcher{Scope: []rules.Scope{"QR"}}, []string{`matcher.scope[0]: "QR" is no scope`}},
		"platform":                    {alerting.Matcher{Scope: []rules.Scope{"platform", "host:h"}}, nil},
		"a list that is far too long": {alerting.Matcher{Endpoint: many}, []string{"matcher.endpoint: has 101 words"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			found := tc.m.Faults()
			if len(found) != len(tc.want) {
				t.Fatalf("faults %+v, want %q", found, tc.want)
			}
			for i, f := range found {
				if got := f.Path + ": " + f.Message; !strings.HasPrefix(got, tc.want[i]) {
					t.Errorf("fault %q, want %q", got, tc.want[i])
				}
			}
		})
	}
}

func TestMatchersReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	m := alerting.Matcher{Merchant: []string{"toko-maju"}, Rule: []rules.Rule{"endpoint_down", "endpoint_slow"}}
	const text = `{"rule":["endpoint_down","endpoint_slow"],"merchant":["toko-maju"]}`
	b, err := json.Marshal(m)
	if err != nil || string(b) != text {
		t.Errorf("JSON %s, %v; want %s", b, err, text)
	}
	var back alerting.Matcher
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, m) {
		t.Errorf("read back %+v, %v; want %+v", back, err, m)
	}
	for want, m := range map[string]alerting.Matcher{
		"merchant toko-maju, rule endpoint_down or endpoint_slow": m, "everything": {All: true}, "nothing": {},
	} {
		if got := m.String(); got != want {
			t.Errorf("text %q, want %q", got, want)
		}
	}
}

// silence is one of toko-maju from noon, for an hour.
func silence(id string, length time.Duration) alerting.Silence {
	return alerting.Silence{
		ID: id, Matcher: alerting.Matcher{Merchant: []string{"toko-maju"}}, From: at(0), Until: at(0).Add(length), By: "ana", Reason: "they move", Created: at(0),
	}
}

func TestSilencesAreBounded(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		change func(*alerting.Silence)
		want   string // path: message; empty: none
	}{
		"a good one":                 {func(*alerting.Silence) {}, ""},
		"seven days":                 {func(s *alerting.Silence) { s.Until = s.From.Add(alerting.LongestQuiet) }, ""},
		"a moment longer":            {func(s *alerting.Silence) { s.Until = s.From.Add(alerting.LongestQuiet + time.Microsecond) }, "until: is 7d after from; a silence lasts at most 7d"},
		"one that is to come":        {func(s *alerting.Silence) { s.From, s.Until = at(1e6), at(1e6+60) }, ""},
		"one that is over":           {func(s *alerting.Silence) { s.From, s.Until = at(-60), at(0) }, "until: is over: "},
		"one that ends as it begins": {func(s *alerting.Silence) { s.From, s.Until = at(60), at(60) }, "until: is not after from"},
		"without an end":             {func(s *alerting.Silence) { s.Until = time.Time{} }, "until: is missing"},
		"without a reason":           {func(s *alerting.Silence) { s.Reason = " \u200e\n" }, "reason: is missing"},
		"with a long reason":         {func(s *alerting.Silence) { s.Reason = strings.Repeat("é", 501) }, "reason: has 501 characters, at most 500"},
		"with a reason that fits":    {func(s *alerting.Silence) { s.Reason = strings.Repeat("é", 500) }, ""},
		"without a name":             {func(s *alerting.Silence) { s.By = "" }, "by: is missing"},
		"of nothing":                 {func(s *alerting.Silence) { s.Matcher = alerting.Matcher{} }, "matcher: names nothing"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := silence("sil_1", time.Hour)
			tc.change(&s)
			var got string
			for _, f := range s.Faults(at(0)) {
				got += f.Path + ": " + f.Message
			}
			if !strings.HasPrefix(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("faults %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSilencesBeginAndEnd(t *testing.T) {
	t.Parallel()
	s := silence("sil_1", time.Hour)
	removed := s
	removed.RemovedAt = at(5)
	for sentence, tc := range map[string]struct {
		s    alerting.Silence
		now  time.Time
		want alerting.SilenceState
	}{
		"just before it begins": {s, at(0).Add(-1), alerting.SilencePending},
		"as it begins":          {s, at(0), alerting.SilenceActive},
		"just before it ends":   {s, at(60).Add(-1), alerting.SilenceActive},
		"as it ends":            {s, at(60), alerting.SilenceEnded},
		"removed":               {removed, at(6), alerting.SilenceEnded},
	} {
		if got := tc.s.State(tc.now); got != tc.want {
			t.Errorf("%s: %s, want %s", sentence, got, tc.want)
		}
	}
}

// work is maintenance of toko-maju every day from noon, for an hour.
func work(t *testing.T, id string, length time.Duration) alerting.Maintenance {
	t.Helper()
	return settled(t, alerting.Maintenance{
		ID: id, Matcher: alerting.Matcher{Merchant: []string{"toko-maju"}}, Zone: "UTC", Start: at(0), Length: length, Recurrence: "FREQ=DAILY", By: "budi", Reason: "new database",
	})
}

func settled(t *testing.T, m alerting.Maintenance) alerting.Maintenance {
	t.Helper()
	m, faults := m.Settled(at(0))
	if len(faults) > 0 {
		t.Fatalf("faults %+v", faults)
	}
	return m
}

func TestOfSeveralTheLongestCovers(t *testing.T) {
	t.Parallel()
	short, long := silence("sil_short", time.Hour), silence("sil_long", 3*time.Hour)
	other := silence("sil_other", 5*time.Hour)
	other.Matcher.Merchant = []string{"warung"}
	early, later := work(t, "mnt_early", 2*time.Hour), work(t, "mnt_later", 4*time.Hour)
	for sentence, tc := range map[string]struct {
		q    alerting.Quiet
		now  time.Time
		want alerting.Hush
	}{
		"nothing":                      {alerting.Quiet{}, at(1), alerting.Hush{}},
		"a silence":                    {alerting.Quiet{Silences: []alerting.Silence{short}}, at(1), alerting.Hush{ID: "sil_short", Kind: alerting.HushSilence, By: "ana", Reason: "they move", Until: at(60)}},
		"one of somebody else":         {alerting.Quiet{Silences: []alerting.Silence{other}}, at(1), alerting.Hush{}},
		"the longer of two":            {alerting.Quiet{Silences: []alerting.Silence{long, short}}, at(1), alerting.Hush{ID: "sil_long", Kind: alerting.HushSilence, By: "ana", Reason: "they move", Until: at(180)}},
		"maintenance beside a silence": {alerting.Quiet{Silences: []alerting.Silence{long}, Maintenance: []alerting.Maintenance{early, later}}, at(1), alerting.Hush{ID: "mnt_later", Kind: alerting.HushMaintenance, By: "budi", Reason: "new database", Until: at(240)}},
		"a silence that lasts as long": {alerting.Quiet{Silences: []alerting.Silence{silence("sil_4h", 4*time.Hour)}, Maintenance: []alerting.Maintenance{later}}, at(1), alerting.Hush{ID: "sil_4h", Kind: alerting.HushSilence, By: "ana", Reason: "they move", Until: at(240)}},
		"maintenance on the next day":  {alerting.Quiet{Silences: []alerting.Silence{long}, Maintenance: []alerting.Maintenance{early}}, at(24*60 + 119), alerting.Hush{ID: "mnt_early", Kind: alerting.HushMaintenance, By: "budi", Reason: "new database", Until: at(26 * 60)}},
		"between two days":             {alerting.Quiet{Silences: []alerting.Silence{long}, Maintenance: []alerting.Maintenance{early}}, at(26 * 60), alerting.Hush{}},
	} {
		got, ok := tc.q.Covers(condition(), tc.now)
		if got != tc.want || ok != (tc.want.ID != "") {
			t.Errorf("%s: %+v, %t; want %+v", sentence, got, ok, tc.want)
		}
	}
}

func TestAnIncidentIsQuietWhileAllOfItIs(t *testing.T) {
	t.Parallel()
	member := func(merchant string, left time.Time) alerting.Membership {
		return alerting.Membership{Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, merchant+"-pay")}, Merchant: merchant, Left: left}
	}
	warung := silence("sil_w", 2*time.Hour)
	warung.Matcher.Merchant = []string{"warung"}
	both := alerting.Quiet{Silences: []alerting.Silence{silence("sil_t", time.Hour), warung}}
	one := alerting.Quiet{Silences: both.Silences[:1]}
	mine := alerting.Quiet{Silences: []alerting.Silence{{ID: "sil_i", Matcher: alerting.Matcher{Incident: []string{"inc_1"}}, From: at(0), Until: at(9)}}}
	shared := alerting.Incident{ID: "inc_1", Rule: alerting.RuleCommonCause, Scope: "host:h", Members: []alerting.Membership{member("toko-maju", time.Time{}), member("warung", time.Time{})}}
	left := alerting.Incident{ID: "inc_1", Members: []alerting.Membership{member("toko-maju", time.Time{}), member("warung", at(-1))}}
	over := alerting.Incident{ID: "inc_1", Merchant: "toko-maju", Scope: "endpoint:pay", Members: []alerting.Membership{member("toko-maju", at(-1))}}
	for sentence, tc := range map[string]struct {
		q    alerting.Quiet
		in   alerting.Incident
		want string
	}{
		"one of two members":                  {one, shared, ""},
		"both: until the first is told":       {both, shared, "sil_t"},
		"what has cleared does not count":     {one, left, "sil_t"},
		"when nothing is open, what it is of": {one, over, "sil_t"},
		"by its ID, all of it":                {mine, shared, "sil_i"},
	} {
		if got, ok := tc.q.Incident(tc.in, at(1)); got.ID != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: %+v, %t; want %q", sentence, got, ok, tc.want)
		}
	}
}

func TestTheNextChangeIsKnown(t *testing.T) {
	t.Parallel()
	removed := silence("sil_r", 10*time.Minute)
	removed.RemovedAt = at(0)
	pending := silence("sil_p", time.Hour)
	pending.From = at(30)
	q := alerting.Quiet{Silences: []alerting.Silence{removed, pending}, Maintenance: []alerting.Maintenance{work(t, "mnt", 2*time.Hour)}}
	for i, tc := range []struct{ now, want time.Time }{
		{at(-5), at(0)}, {at(0), at(30)}, {at(30), at(60)}, {at(60), at(120)}, {at(120), at(24 * 60)}, {at(24 * 60), at(26 * 60)},
	} {
		if got := q.NextChange(tc.now); !got.Equal(tc.want) {
			t.Errorf("%d: after %s comes %s, want %s", i, tc.now, got, tc.want)
		}
	}
	if got := (alerting.Quiet{Silences: []alerting.Silence{removed}}).NextChange(at(1)); !got.IsZero() {
		t.Errorf("after what was removed comes %s, want nothing", got)
	}
}
