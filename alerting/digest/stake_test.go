package digest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// TestOneOrdinaryFailureIsNoNews is what a first user saw: 1 of 779 failed, and
// all its tries are left.
func TestOneOrdinaryFailureIsNoNews(t *testing.T) {
	t.Parallel()
	e := healthy("toko-maju-payouts")
	e.First, e.Faults = Count{779, 1}, []Fault{{"http_5xx", 0, 1}}
	e.Backlog = &Backlog{
		Undelivered: 1, Oldest: evening.End.Add(-10 * time.Minute), AtRisk24h: 1,
		LossAt: evening.End.Add(24*time.Hour - 10*time.Minute), LossEvents: 1, DigestsLeft: 3, NextRetryAt: evening.End.Add(5 * time.Minute),
	}
	f := factsOf(e, healthy("toko-maju-refunds"))
	f.Footer.Mode = ModeProblems
	f = Judge(f)
	l, err := Mail(f)
	if err != nil {
		t.Fatal(err)
	}
	if f.Verdict != OK || len(f.Actions) > 0 || !strings.HasPrefix(l.Text, "OK: 2 of 2 endpoints healthy\n") {
		t.Errorf("got %s with %v and\n%s\nwant ok, and nothing to do", f.Verdict, f.Actions, l.Text)
	}
	if want := "  Waiting: 1 event, since 23:50"; !strings.Contains(l.Text, want) {
		t.Errorf("got\n%s\nwant the line %q", l.Text, want)
	}
}

// TestFreshFailuresOfADailyDigest: each failure of a day has its last try
// before the next one. It is told once half of the time for tries has passed.
func TestFreshFailuresOfADailyDigest(t *testing.T) {
	t.Parallel()
	const tries = 24 * time.Hour
	for sentence, tc := range map[string]struct {
		failed time.Duration // before the end
		change func(*Facts)
		want   Verdict
	}{
		"ten minutes ago":               {10 * time.Minute, nil, OK},
		"half of the time has passed":   {tries / 2, nil, OK},
		"more than half":                {tries/2 + 1, nil, Attention},
		"not every event could be read": {10 * time.Minute, func(f *Facts) { f.Endpoints[0].Backlog.LowerBound = true }, Attention},
		"nobody knows since when":       {10 * time.Minute, func(f *Facts) { f.Endpoints[0].Backlog.Oldest = time.Time{} }, Attention},
		"who reads only of problems":    {10 * time.Minute, func(f *Facts) { f.Footer.Mode = ModeProblems }, Attention},
		"the endpoint is down":          {10 * time.Minute, func(f *Facts) { f.Endpoints[0].State = rules.StateDown }, Act},
		"and failures that are over": {tries/2 + 1, func(f *Facts) {
			over := past().Endpoints[1]
			over.Backlog = f.Endpoints[0].Backlog
			f.Endpoints[0] = over
		}, Attention},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := healthy("a")
			e.Backlog = &Backlog{Undelivered: 1, Oldest: evening.End.Add(-tc.failed), LossAt: evening.End.Add(tries - tc.failed), LossEvents: 1}
			f := factsOf(e)
			f.Window.Start, f.Covered, f.Footer.Mode = f.Window.End.Add(-day), day, ModeDaily
			f.Endpoints[0].Covered = day
			if tc.change != nil {
				tc.change(&f)
			}
			f = Judge(f)
			if f.Verdict != tc.want {
				t.Errorf("got %s, want %s", f.Verdict, tc.want)
			}
			if told := strings.Contains(newVoice(f).headline(f), "last"); told != (tc.want != OK) && tc.want != Act {
				t.Errorf("got the headline %q", newVoice(f).headline(f))
			}
		})
	}
}

// TestWhatHasRecoveredIsNotRed: nothing is left to do about it.
func TestWhatHasRecoveredIsNotRed(t *testing.T) {
	t.Parallel()
	f := Judge(running())
	l, err := Mail(f)
	if err != nil {
		t.Fatal(err)
	}
	if f.Verdict != Attention || strings.Contains(l.HTML, "background:"+colour(string(Act))) {
		t.Errorf("got %s, and red badges in\n%s", f.Verdict, l.HTML)
	}
}

func TestHeadlineNamesTheWorstRatio(t *testing.T) {
	t.Parallel()
	worse := timingOut("b")
	worse.First = Count{40, 21}
	for sentence, tc := range map[string]struct {
		list []Endpoint
		want string // the first line after the verdict
	}{
		"one endpoint":     {[]Endpoint{worse}, "1 of 1 endpoint failing; 52.5% of first attempts failed, limit 4%"},
		"two, and a third": {[]Endpoint{timingOut("a"), worse, healthy("c")}, "2 of 3 endpoints failing; at worst 52.5% of first attempts failed, limit 4%"},
		"none is over it":  {[]Endpoint{healthy("a")}, "1 of 1 endpoint healthy"},
	} {
		l, err := Mail(Judge(factsOf(tc.list...)))
		if err != nil {
			t.Fatal(err)
		}
		if line, _, _ := strings.Cut(l.Text, "\n"); !strings.HasSuffix(line, ": "+tc.want) {
			t.Errorf("%s: got %q, want %q", sentence, line, tc.want)
		}
		if strings.Contains(l.Subject, "limit") {
			t.Errorf("%s: the subject has it too: %q", sentence, l.Subject)
		}
	}
}

func TestAPlatformInTroubleSaysSoFirst(t *testing.T) {
	t.Parallel()
	critical, high := Incident{Title: "webhook failures are up on the whole platform", Severity: rules.Critical}, Incident{Title: "a is down: refused", Severity: rules.High}
	var failing []Merchant
	for i := range 4 {
		failing = append(failing, Merchant{ID: fmt.Sprint("m", i), Failing: 1, Of: 1})
	}
	for sentence, tc := range map[string]struct {
		incidents []Incident
		platform  Platform
		want      string
	}{
		"four endpoints fail, four incidents": {[]Incident{high, high, high, high}, Platform{Worst: failing}, "Attention: incidents open: 4, endpoints failing: 4"},
		"a critical one among them":           {[]Incident{high, critical, high}, Platform{}, "Action needed: critical incidents open: 1, other incidents open: 2"},
		"it is over":                          {[]Incident{{Severity: rules.Critical, Resolved: evening.End}}, Platform{Channels: []Channel{{"QR", Count{900, 10}}}}, "Attention: critical incidents resolved: 1, channels over 1%: 1"},
		"and the ratio is over the limit":     {[]Incident{critical}, Platform{First: Count{1000, 90}}, "Action needed: critical incidents open: 1, 90 of 1000 first attempts failed (9%)"},
		"not all could be named":              {nil, Platform{Worst: failing, MoreWorst: 3}, "Attention: endpoints failing: at least 4"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := platform()
			p := tc.platform
			p.Probing = 6 * time.Hour
			f.Incidents, f.Platform = tc.incidents, &p
			l, err := Mail(Judge(f))
			if err != nil {
				t.Fatal(err)
			}
			if line, _, _ := strings.Cut(l.Text, "\n"); line != tc.want {
				t.Errorf("got %q, want %q", line, tc.want)
			}
			if at := strings.Index(l.Text, "\n- "); at > 0 && len(tc.incidents) == 3 && !strings.HasPrefix(l.Text[at:], "\n- "+critical.Title) {
				t.Errorf("got\n%s\nwant the critical incident first", l.Text)
			}
		})
	}
}

// TestALossOfThePlatformHasItsTime: a count within a day says nothing of the
// next minute.
func TestALossOfThePlatformHasItsTime(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"en": "8 with the last automatic try within 24 h (the first at 00:01:01 WIB)",
		"id": "8 dengan percobaan otomatis terakhir dalam 24 jam (yang pertama pada 00:01:01 WIB)",
	} {
		v := newVoice(Facts{Language: language, Zone: "Asia/Jakarta"})
		if got := v.backlogTotals(&Backlog{AtRisk24h: 8, LossAt: evening.End.Add(61 * time.Second)}, evening.End); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	v := newVoice(Facts{})
	if got := v.backlogTotals(&Backlog{AtRisk24h: 8, LossAt: evening.End}, evening.End); !strings.Contains(got, "was due at") {
		t.Errorf("got %q, want that it was due", got)
	}
}

func TestIncidentsOfThePlatformAreOrdered(t *testing.T) {
	t.Parallel()
	over := evening.End
	list := liveFirst([]Incident{
		{ID: "high, over", Severity: rules.High, Resolved: over}, {ID: "planned", Severity: rules.Critical, Maintenance: true}, {ID: "high", Severity: rules.High},
		{ID: "critical, over", Severity: rules.Critical, Resolved: over}, {ID: "critical", Severity: rules.Critical}, {ID: "high too", Severity: rules.High},
	})
	var got []string
	for _, i := range list {
		got = append(got, i.ID)
	}
	if want := "critical; high; high too; critical, over; high, over; planned"; strings.Join(got, "; ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
