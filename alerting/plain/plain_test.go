package plain_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/plain"
	"github.com/hookvigil/hookvigil/rules"
)

var voice = plain.Voice{Clean: alerting.Line, Name: 20, Line: 80, Members: 2}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestReadSaysSomethingOfEveryNotice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		n    alerting.Notice
		want string
	}{
		"its title":             {alerting.Notice{Facts: json.RawMessage(`{"title":"a is down"}`)}, "a is down"},
		"facts that are broken": {alerting.Notice{Subject: "incident/1", Facts: json.RawMessage(`{"title":`)}, "a notice about incident/1 whose facts cannot be read"},
		"a test without facts":  {alerting.Notice{Kind: alerting.KindTest, Facts: json.RawMessage(`{}`)}, "Test of a receiver"},
		"nothing is known":      {alerting.Notice{Facts: json.RawMessage(`{}`)}, "notice from hookvigil"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.n.Severity = rules.High
			if f := plain.Read(tt.n); f.Title != tt.want || f.Severity != rules.High {
				t.Errorf("got %q, %s; want %q, high", f.Title, f.Severity, tt.want)
			}
		})
	}
}

func TestAffectedSaysHowFarItReaches(t *testing.T) {
	t.Parallel()
	f := alerting.Facts{Share: 0.04, PeakShare: 0.31, About: alerting.About{Endpoints: 2, Merchants: 1}}
	for name, tt := range map[string]struct {
		f    alerting.Facts
		over bool
		want string
	}{
		"while it lasts":     {f, false, "2 endpoints of 1 merchant; 4% fails now; 31% at worst"},
		"once it is over":    {f, true, "2 endpoints of 1 merchant; 31% at worst"},
		"our own service":    {alerting.Facts{About: alerting.About{Service: "ledger"}}, false, "our own service ledger"},
		"merchants alone":    {alerting.Facts{About: alerting.About{Merchants: 3}}, false, "3 merchants"},
		"it is at its worst": {alerting.Facts{Share: 0.5, PeakShare: 0.5}, false, "50% fails now"},
		"nothing is known":   {alerting.Facts{}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := voice.Affected(tt.f, tt.over); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLossSaysWhatWillBeLost(t *testing.T) {
	t.Parallel()
	a := alerting.About{Waiting: 1, AtRisk: 18, NextLoss: noon, Lost: 3}
	want := "1 failed event waiting for a retry; 18 with the last automatic try within 6 h; the first at 2026-11-21 12:00:00 UTC; 3 had the last automatic try and were not delivered"
	if got := plain.Loss(a); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := plain.Loss(alerting.About{}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestListedNamesSomeAndCountsTheRest(t *testing.T) {
	t.Parallel()
	f := alerting.Facts{State: alerting.StateOpen, MemberCount: 4, Members: []alerting.Member{
		{Scope: "endpoint:acme", Open: true, Fault: "http_5xx", Since: noon, Text: "3 probes of 3 failed"},
		{Scope: "platform", Text: strings.Repeat("long ", 100)},
		{Scope: "endpoint:left-out"},
	}}
	got := voice.Listed(f)
	if len(got) != 3 || got[0] != alerting.Cut("open: acme, http_5xx, since 2026-11-21 12:00:00 UTC: 3 probes of 3 failed", 80) ||
		!strings.HasPrefix(got[1], "cleared: platform: long") || got[2] != "and 2 more" {
		t.Errorf("got %q", got)
	}
	for _, line := range got {
		if len([]rune(line)) > voice.Line {
			t.Errorf("%d characters, want %d at most: %q", len([]rune(line)), voice.Line, line)
		}
	}
	if f.MemberCount = 1; voice.Listed(f) != nil {
		t.Error("an incident with one condition lists it, want none: the title has it")
	}
}

func TestHeldNamesWhatASummaryStandsFor(t *testing.T) {
	t.Parallel()
	f := alerting.Facts{MemberCount: 3, Held: []alerting.HeldBack{{Number: "a2b3c4", Title: "a is down", Severity: rules.High, State: alerting.StateOpen, Messages: 2}}}
	want := []string{"a2b3c4 high, open: a is down, 2 messages", "and 1 message about others: hookvigil incident ls"}
	if got := voice.Held(f); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNamesAndMoments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ got, want string }{
		"a merchant by ID and name":   {voice.Merchant(alerting.Facts{Merchant: "acme", About: alerting.About{MerchantName: "Acme\x1b Shop"}}), alerting.Line("acme", 20) + " (" + alerting.Line("Acme\x1b Shop", 20) + ")"},
		"a merchant called by its ID": {voice.Merchant(alerting.Facts{Merchant: "acme", About: alerting.About{MerchantName: "acme"}}), "acme"},
		"nobody's":                    {voice.Merchant(alerting.Facts{}), ""},
		"done by somebody":            {voice.By(noon.In(time.FixedZone("WIB", 7*3600)), "Budi"), "2026-11-21 12:00:00 UTC by Budi"},
		"done by nobody known":        {voice.By(noon, ""), "2026-11-21 12:00:00 UTC"},
		"not done":                    {voice.By(time.Time{}, "Budi"), ""},
		"since":                       {plain.Since(noon), ", since 2026-11-21 12:00:00 UTC"},
		"since no moment":             {plain.Since(time.Time{}), ""},
		"joined":                      {plain.Join("", "a", "", "b"), "a; b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}
