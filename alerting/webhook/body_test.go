package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// sent is the body of n.
func sent(t *testing.T, n alerting.Notice) []byte {
	t.Helper()
	p := start(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := receiver(t, configFor(p)).Send(t.Context(), n, alerting.Ref{}); err != nil {
		t.Fatal(err)
	}
	return p.requests()[0].body
}

// TestTheDocumentIsTrue holds the page that users program against to what is
// sent, and its way to verify to the one that the tests here use.
func TestTheDocumentIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/webhook-receiver.md")
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, sent(t, noticeOf(t, openFacts())), "", "  "); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```json\n"+pretty.String()+"\n```") {
		t.Errorf("the page does not show what is sent:\n%s", pretty.String())
	}
	source, err := os.ReadFile("verify_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if _, snippet, _ := strings.Cut(string(source), "package webhook_test\n"); !strings.Contains(string(page), "```go"+snippet+"```") {
		t.Error("the page does not show how verify_test.go verifies")
	}
	for word := range types(t) {
		if !strings.Contains(string(page), "`"+word+"`") {
			t.Errorf("the page does not name the type %s", word)
		}
	}
}

// types are notices by the type that they have at the other end.
func types(t *testing.T) map[string]alerting.Notice {
	t.Helper()
	with := func(change func(*alerting.Facts)) alerting.Notice {
		f := openFacts()
		change(&f)
		return noticeOf(t, f)
	}
	of := func(k alerting.Kind) alerting.Notice {
		n := with(func(f *alerting.Facts) { *f = alerting.Facts{Title: "x", Happened: "y", At: at("15:00:00")} })
		n.Kind, n.Severity = k, rules.High
		return n
	}
	later := at("15:00:00")
	return map[string]alerting.Notice{
		"incident.opened":   with(func(*alerting.Facts) {}),
		"incident.updated":  with(func(f *alerting.Facts) { f.At = later }),
		"incident.reopened": with(func(f *alerting.Facts) { f.At, f.Happened = later, "open again: no answer" }),
		"incident.acknowledged": with(func(f *alerting.Facts) {
			f.State, f.At, f.AcknowledgedAt, f.AcknowledgedBy = alerting.StateAcknowledged, later, later, "Sari"
		}),
		"incident.mitigated":  with(func(f *alerting.Facts) { f.State, f.At, f.MitigatedAt = alerting.StateMitigated, later, later }),
		"incident.recovering": with(func(f *alerting.Facts) { f.State, f.At, f.RecoveringAt = alerting.StateRecovering, later, later }),
		"incident.resolved":   with(func(f *alerting.Facts) { f.State, f.At, f.ResolvedAt = alerting.StateResolved, later, later }),
		"incident.reconciled": with(func(f *alerting.Facts) { f.State, f.At, f.ResolvedAt = alerting.StateReconciled, later, at("14:59:00") }),
		"receiver.test":       of(alerting.KindTest),
		"notice.dead_letter":  of(alerting.KindDead),
		"notice.held_back":    of(alerting.KindSummary),
		"digest":              of("digest"),
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	again := noticeOf(t, openFacts())
	f := openFacts()
	f.Again, f.At = 2, at("15:20:00")
	again.Facts, _ = json.Marshal(f)
	cases := types(t)
	for want, n := range cases {
		check(t, want, n)
	}
	check(t, "incident.updated", again)
	page := cases["incident.resolved"]
	page.Kind = alerting.KindResolve // told here because another receiver fails
	check(t, "incident.resolved", page)
}

func check(t *testing.T, want string, n alerting.Notice) {
	t.Helper()
	var body struct {
		Type      string         `json:"type"`
		Timestamp time.Time      `json:"timestamp"`
		Data      map[string]any `json:"data"`
	}
	raw := sent(t, n)
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	if body.Type != want || body.Timestamp.IsZero() || body.Timestamp.Location() != time.UTC || len(body.Data) == 0 {
		t.Errorf("got %s, want type %s", raw, want)
	}
}

// What is not known is left out: nobody has to ask whether 0 means none.
func TestNothingIsMadeUp(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, alerting.Facts{Title: "Hello", At: at("14:50:00")})
	n.Kind, n.Severity = alerting.KindTest, rules.Low
	want := `{"type":"receiver.test","timestamp":"2023-11-11T14:50:00Z","data":{"notice":"test","title":"Hello","severity":"low","decided_at":"2023-11-11T14:50:01Z"}}`
	if got := string(sent(t, n)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestASummaryNamesWhatWasHeldBack(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, alerting.Facts{
		Title: "3 more messages were held back", Happened: "too many", At: at("15:00:00"), MemberCount: 3,
		Held: []alerting.HeldBack{{Incident: "inc_a", Number: "a2b3c4", Title: "x is down", Severity: rules.High, State: alerting.StateOpen, URL: "https://h.example/incidents/inc_a", Messages: 2}},
	})
	n.Kind = alerting.KindSummary
	want := `"member_count":3,"held_back":[{"incident":"inc_a","number":"a2b3c4","title":"x is down","severity":"high","state":"open","url":"https://h.example/incidents/inc_a","messages":2}]`
	if got := string(sent(t, n)); !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s in it", got, want)
	}
}

func TestTheReducedFormSaysWhatMatters(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, openFacts())
	n.Reduced = true
	got := string(sent(t, n))
	for _, want := range []string{`"incident.opened"`, `"number":"234567"`, `"state":"open"`, `"started_at"`, `"title"`} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, extra := range []string{`"members"`, `"evidence"`, `"impact"`, `"cause"`} {
		if strings.Contains(got, extra) {
			t.Errorf("got %s, want it without %s", got, extra)
		}
	}
}

func TestOtherFactsGoAsTheyAre(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, openFacts())
	n.Kind, n.Facts = "digest", json.RawMessage(`{"merchant":"toko","verdict":"ok"}`)
	want := `{"type":"digest","timestamp":"2023-11-11T14:50:01Z","data":{"merchant":"toko","verdict":"ok"}}`
	if got := string(sent(t, n)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFactsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := start(t, func(http.ResponseWriter, *http.Request) {})
	for _, kind := range []alerting.Kind{alerting.KindHook, "digest"} {
		n := noticeOf(t, openFacts())
		n.Kind, n.Facts = kind, []byte("{")
		_, err := receiver(t, configFor(p)).Send(t.Context(), n, alerting.Ref{})
		if e, ok := errors.AsType[*alerting.SendError](err); !ok || e.Class != alerting.ClassMessage {
			t.Errorf("%s: got %v, want class message", kind, err)
		}
	}
	if n := len(p.requests()); n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
}

// A merchant's words stay words: no angle bracket and no line separator gets
// out as itself, whatever page the body is pasted into.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	f := openFacts()
	f.Title, f.About.MerchantName = "</script><script>alert(1)</script>\u2028", "\"}],\"x\":\x00\r\n"
	raw := sent(t, noticeOf(t, f))
	if bytes.ContainsAny(raw, "<>\r\n\x00\u2028") || !json.Valid(raw) {
		t.Errorf("got %s", raw)
	}
}
