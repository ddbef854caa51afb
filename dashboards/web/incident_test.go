package web_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// alone is a source with one incident and its timeline.
func alone(in alerting.Incident, entries ...alerting.Entry) source {
	src := seven()
	src.desk = desk{incidents: []alerting.Incident{in}, timelines: map[string][]alerting.Entry{in.ID: entries}}
	return src
}

func TestIncidentPageTellsEverything(t *testing.T) {
	t.Parallel()
	page := get(t, badDay(), "/incidents/inc_m4k7q2w6x3ztplat").Body.String()
	for _, want := range []string{
		"<title>incident ztplat acknowledged · hookvigil</title>", "webhook failures are up on the whole platform", "opened again 1 time",
		"312 of 5,120 (6.1%)", "5.5% to 6.8%", "<dt>Threshold</dt><dd>4%</dd>", "<dt>Ordinarily</dt><dd>0.5%</dd>", "30 delivered in a row when fewer come in 5m",
		`<th scope="row">Alerted</th><td><time datetime="2026-11-21T11:21:00Z">`, "by rini", "9m after the start", "2026-11-21 11:38:00 UTC", "being rolled back",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Index(page, "40 of 610") > strings.Index(page, "being rolled back") {
		t.Error("the timeline is not oldest first")
	}
	if strings.Contains(page, "platform: ") || strings.Contains(page, "since 2026") {
		t.Error("a text repeats its scope, or a time that stands beside it")
	}
	if strings.Contains(page, "0001-01-01") {
		t.Error("a time that never was is shown")
	}
	down := get(t, badDay(), "/incidents/payouts2ab7cd").Body.String()
	for _, want := range []string{"hookvigil incident ack 2ab7cd", `href="/endpoints/acme-payouts"`, "put the event in a queue", "one healthy probe", "1 condition open"} {
		if !strings.Contains(down, want) {
			t.Errorf("an endpoint's incident: no %q", want)
		}
	}
	for _, bad := range []string{"0%", "Threshold", "Ordinarily"} {
		if strings.Contains(down, bad) {
			t.Errorf("evidence without numbers shows %q", bad)
		}
	}
	folded := get(t, badDay(), "/incidents/foldedqqqqqq").Body.String()
	if !strings.Contains(folded, `Goes on in</dt><dd><a href="/incidents/fifty0ver7xyz">`) || !strings.Contains(folded, "folded into er7xyz") {
		t.Error("a folded incident does not lead to the one that it is part of")
	}
}

func TestOnlyAnOpenIncidentAsksToBeAcknowledged(t *testing.T) {
	t.Parallel()
	for state, want := range map[alerting.State]bool{
		alerting.StateOpen: true, alerting.StateAcknowledged: false, alerting.StateMitigated: false, alerting.StateResolved: false, alerting.StateReconciled: false,
	} {
		in := quick("inc_abcdefgh", rules.High, 5)
		in.State = state
		page := get(t, alone(in), "/incidents/inc_abcdefgh").Body.String()
		if got := strings.Contains(page, "hookvigil incident ack cdefgh"); got != want {
			t.Errorf("%s: asks %t, want %t", state, got, want)
		}
	}
}

func TestTimesOfAnIncident(t *testing.T) {
	t.Parallel()
	live := quick("a-live-one", rules.High, 5)
	done := live
	done.State, done.ResolvedAt, done.ResolvedBy = alerting.StateResolved, now, "budi"
	byRules := done
	byRules.ResolvedBy = ""
	for name, tt := range map[string]struct {
		in   alerting.Incident
		want map[string]string // line: what it says
	}{
		"it runs":              {live, map[string]string{"Started": "2026-11-21 11:55:00 UTC", "Detected": "1m after the start, ", "Alerted": "not yet", "Acknowledged": "not yet", "Resolved": "not yet"}},
		"a person resolved it": {done, map[string]string{"Alerted": "never", "Acknowledged": "never", "Resolved": "by budi"}},
		"the rules did":        {byRules, map[string]string{"Resolved": "by the rules"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := get(t, alone(tt.in), "/incidents/a-live-one").Body.String()
			for line, want := range tt.want {
				row := regexp.MustCompile(`<th scope="row">` + line + `</th>.*</tr>`).FindString(page)
				if !strings.Contains(row, want) {
					t.Errorf("%s: %q, want %q", line, row, want)
				}
			}
		})
	}
}

func TestMembersAreBoundedAndOpenOnesComeFirst(t *testing.T) {
	t.Parallel()
	in := quick("many", rules.Critical, 60)
	in.Members = nil
	for i := range 250 {
		left := time.Time{}
		if i < 240 {
			left = now
		}
		in.Members = append(in.Members, endpointMember(fmt.Sprintf("ep-%03d", i), "refused", now.Add(-time.Duration(i)*time.Minute), left))
	}
	page := get(t, alone(in), "/incidents/many").Body.String()
	ids := idsIn(page)
	if len(ids) != 200 || ids[0] != "ep-249" || ids[9] != "ep-240" || ids[10] != "ep-239" {
		t.Errorf("%d members, want 200, the open ones first and of them the oldest: %v", len(ids), ids)
	}
	if !strings.Contains(page, "10 of 250 conditions open, open ones first; 50 are not shown") {
		t.Error("what is left out is not mentioned")
	}
}

func TestALongTimelineKeepsItsBeginAndItsEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines   int
		skipped string
	}{
		"none": {0, ""}, "as many as a page bears": {200, ""}, "one more": {201, "1 line left out"}, "very many": {20_000, "19,800 lines left out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var entries []alerting.Entry
			for i := range tt.lines {
				entries = append(entries, alerting.Entry{Seq: i + 1, At: now, Kind: alerting.EntryNote, Actor: "rini", Text: fmt.Sprintf("line %d.", i+1)})
			}
			page := get(t, alone(quick("long", rules.Low, 1), entries...), "/incidents/long").Body.String()
			if got, want := strings.Count(page, "<bdi>line "), min(tt.lines, 200); got != want {
				t.Errorf("%d lines, want %d", got, want)
			}
			for _, i := range []int{1, 20, tt.lines - 179, tt.lines} {
				if tt.lines > 0 && !strings.Contains(page, fmt.Sprintf("<bdi>line %d.</bdi>", i)) {
					t.Errorf("line %d is not there", i)
				}
			}
			if got := strings.Contains(page, "left out"); got != (tt.skipped != "") {
				t.Errorf("says that lines are left out: %t", got)
			}
			if !strings.Contains(page, tt.skipped) {
				t.Error("the number of lines left out is wrong")
			}
		})
	}
}

func TestUnknownIncidentIs404(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/incidents/nobody", "/incidents/%3Cscript%3E", "/incidents/", "/incidents/a/b"} {
		rec := get(t, badDay(), path)
		if rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), "Not found") {
			t.Errorf("%s: %d, want 404 with a page", path, rec.Code)
		}
	}
}

// Mails, Slack, the pages and the command line name incidents by their number.
func TestANumberLeadsToItsIncident(t *testing.T) {
	t.Parallel()
	src := badDay()
	src.desk.incidents = append(src.desk.incidents, quick("inc_one_twins2", rules.Low, 1), quick("inc_two_twins2", rules.Low, 2))
	for name, tt := range map[string]struct {
		path   string
		status int
		to     string
	}{
		"its number":                 {"/incidents/ztplat", http.StatusFound, "/incidents/inc_m4k7q2w6x3ztplat"},
		"in capitals":                {"/incidents/ZTPLAT", http.StatusFound, "/incidents/inc_m4k7q2w6x3ztplat"},
		"with what else was asked":   {"/incidents/ztplat?refresh=30", http.StatusFound, "/incidents/inc_m4k7q2w6x3ztplat?refresh=30"},
		"of one that is over":        {"/incidents/qqqqqq", http.StatusFound, "/incidents/foldedqqqqqq"},
		"of nobody":                  {"/incidents/zzzzzz", http.StatusNotFound, ""},
		"of two":                     {"/incidents/twins2", http.StatusNotFound, ""},
		"a part of it":               {"/incidents/tplat", http.StatusNotFound, ""},
		"the ID, which needs no way": {"/incidents/inc_m4k7q2w6x3ztplat", http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := get(t, src, tt.path)
			if got := rec.Header().Get("Location"); rec.Code != tt.status || got != tt.to {
				t.Errorf("%d to %q, want %d to %q", rec.Code, got, tt.status, tt.to)
			}
		})
	}
	broken := badDay()
	broken.desk.list = func(context.Context) error { return errors.New("disk full") }
	if rec := get(t, broken, "/incidents/ztplat"); rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "disk full") {
		t.Errorf("while they cannot be read: %d, want 503 without the reason", rec.Code)
	}
}

// hostileDay has a text wherever a page of incidents may meet one.
func hostileDay(text string) source {
	in := quick("inc_hostile", rules.Critical, 5)
	in.Title, in.Merchant, in.AcknowledgedBy, in.AcknowledgedAt = text, text, text, now
	in.Scope = rules.ScopeOf(rules.ScopeChannel, text)
	in.Evidence = rules.Evidence{Text: text, Clears: text}
	in.Members = []alerting.Membership{endpointMember(text, text, now, time.Time{}), endpointMember("acme-payouts", "refused", now, now)}
	in.Members[0].Text, in.Members[0].Merchant = text, text
	done := over(in)
	done.ID, done.ResolvedBy = "inc_hostile_done", text
	entries := []alerting.Entry{{At: now, Kind: alerting.EntryNote, Actor: text, Text: text}, {At: now, Kind: alerting.EntryKind(text), Text: text}}
	src := alone(in, entries...)
	src.desk.incidents = append(src.desk.incidents, done)
	src.ratios = badDay().ratios
	src.ratios[1].Scope = rules.ScopeOf(rules.ScopeChannel, text)
	return src
}

func TestHostileIncidentsStayTexts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a script":          `<script>alert(1)</script>`,
		"an attribute":      `" onmouseover="alert(1)`,
		"a template":        `{{.Summary}}`,
		"a javascript link": `javascript:alert(1)`,
		"right to left":     "\u202eevil\u2066",
		"line breaks":       "a\r\nSet-Cookie: x=1\r\n\r\n<b>",
		"100 kB":            strings.Repeat("W", 100_000),
		"not UTF-8":         "\xff\xfe<i>",
		"NUL":               "a\x00b",
		"an entity":         "&lt;b&gt;&#60;i&#62;",
		"a path":            "../../-/reload?x=1#y",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := hostileDay(text)
			for _, path := range []string{"/", "/incidents", "/incidents/inc_hostile", "/incidents/inc_hostile_done", "/endpoints/acme-payouts"} {
				rec := get(t, src, path)
				page := rec.Body.String()
				checkHarmless(t, page)
				if rec.Code != http.StatusOK || len(page) > 250_000 {
					t.Errorf("%s: %d with %d bytes, want texts to be cut", path, rec.Code, len(page))
				}
				checkTurns(t, path, page)
			}
		})
	}
}

var isolated = regexp.MustCompile(`<bdi>[^<]*</bdi>`)

// checkTurns wants every text that turns the writing direction kept in a bdi.
func checkTurns(t *testing.T, path, page string) {
	t.Helper()
	if rest := isolated.ReplaceAllString(page, ""); strings.ContainsAny(html.UnescapeString(rest), "\u202e\u2066") {
		i := strings.IndexAny(rest, "\u202e\u2066")
		t.Errorf("%s: a text turns the page: …%s…", path, rest[max(0, i-80):min(len(rest), i+20)])
	}
}

func TestIncidentIDsOfAnySpellingAreLinked(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a/b", "a?b#c", "a b", "%2f", `"><b>`, "é"} {
		src := alone(quick(id, rules.High, 1))
		for _, path := range []string{"/", "/incidents"} {
			ids := incidentsIn(get(t, src, path).Body.String())
			if len(ids) != 1 {
				t.Errorf("%q: %s has no link", id, path)
				continue
			}
			if rec := get(t, src, "/incidents/"+html.UnescapeString(ids[0])); rec.Code != http.StatusOK {
				t.Errorf("%q: its link /incidents/%s answers %d", id, ids[0], rec.Code)
			}
		}
	}
}

// TestMilestonesAreInTheOrderOfTime: whoever answers before a message has
// arrived stands before it; what has not come stays in its place.
func TestMilestonesAreInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time {
		return time.Date(2026, 11, 21, 11, minutes, 0, 0, time.UTC)
	}
	in := alerting.Incident{
		ID: "inc_m4k7q2w6x3ztplat", Title: "x is down", State: alerting.StateMitigated, Severity: rules.High, Rule: rules.RuleEndpointDown, Scope: "endpoint:x",
		StartedAt: at(0), DetectedAt: at(1), OpenedAt: at(1), AlertedAt: at(9), AcknowledgedAt: at(5), AcknowledgedBy: "rini", MitigatedAt: at(3),
	}
	page := get(t, alone(in), "/incidents/"+in.ID).Body.String()
	last := -1
	for _, name := range []string{"Started", "Detected", "First fix", "Acknowledged", "Alerted", "Resolved"} {
		i := strings.Index(page, `<th scope="row">`+name+"</th>")
		if i <= last {
			t.Errorf("%s stands at %d, after what stands at %d", name, i, last)
		}
		last = i
	}
}
