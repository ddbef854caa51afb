package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the test are those of the toolchain

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/report"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "write the golden files")

func at(clock string) time.Time {
	t, err := time.Parse(time.RFC3339, "2023-11-"+clock+"Z")
	if err != nil {
		panic(err)
	}
	return t
}

// seed is the incident of the published report that this product began with,
// as it is known the next morning.
func seed() report.Report {
	entry := func(clock string, kind alerting.EntryKind, actor, text string) alerting.Entry {
		return alerting.Entry{At: at(clock), Kind: kind, Actor: actor, Text: text}
	}
	member := func(scope rules.Scope) alerting.Membership {
		return alerting.Membership{Key: rules.Key{Rule: rules.RulePlatformErrorRatio, Scope: scope, Episode: 1}, Since: at("11T14:46:50")}
	}
	jakarta, err := time.LoadLocation("Asia/Jakarta")
	if err != nil {
		panic(err)
	}
	done := func(channel string, failed int, clock string) alerting.Reconciliation {
		return alerting.Reconciliation{Channel: channel, State: alerting.ReconcileDone, Failed: failed, Redelivered: failed, DoneAt: at(clock)}
	}
	direct := done("DIRECT_DEBIT", 210, "11T18:12:00")
	direct.Redelivered, direct.Exhausted, direct.WrittenOff, direct.UpdatedBy, direct.Note = 198, 12, 12, "dewi", "settled with the bank by hand"
	return report.Report{
		Incident: alerting.Incident{
			ID: "inc_aaaaaaaaaakq72ma", Title: "webhook failures are up on the whole platform", Severity: rules.Critical, State: alerting.StateResolved,
			Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform,
			Evidence: rules.Evidence{Text: "412 of 10,120 first attempts failed (4.1%) since 21:46:50, 3.7% to 4.5% with 95% confidence; ordinarily 0.3%",
				How: rules.Attribution{Dimension: rules.DimensionFault, Value: "tls_expired", Share: 0.93}},
			StartedAt: at("11T14:46:50"), DetectedAt: at("11T14:48:10"), OpenedAt: at("11T14:48:11"), AlertedAt: at("11T14:48:13"),
			AcknowledgedAt: at("11T14:51:00"), AcknowledgedBy: "dewi", MitigatedAt: at("11T15:31:20"), RecoveringAt: at("11T16:10:30"), ResolvedAt: at("11T16:20:30"),
			SharePeak: 0.043, Members: []alerting.Membership{member(rules.ScopePlatform), member("channel:ID_BCA"), member("product:PAYOUT")},
		},
		Entries: []alerting.Entry{
			entry("11T14:48:11", alerting.EntryOpened, "", "webhook failures are up on the whole platform: 412 of 10,120 first attempts failed (4.1%)"),
			entry("11T14:48:13", alerting.EntryAlerted, "", "first told: pager"),
			entry("11T14:51:00", alerting.EntryAcknowledged, "dewi", "acknowledged: looking at the internal certificates"),
			entry("11T15:31:20", alerting.EntryMitigated, "", "0.9% fails now, 4.3% at worst: 79% of what failed is well again"),
			entry("11T15:33:00", alerting.EntryMitigated, "root", "first fix: the old certificates are served again"),
			entry("11T15:52:10", alerting.EntryWorse, "", "worse again: 3.4% fails"),
			entry("11T16:10:30", alerting.EntryMitigated, "", "0.2% fails now, 4.3% at worst: 95% of what failed is well again"),
			entry("11T16:20:30", alerting.EntryResolved, "", "recovered after 1h34m"),
			entry("11T18:12:00", alerting.EntryReconciliation, "dewi", "DIRECT_DEBIT: 12 of 210 failed events written off, 0 left: settled with the bank by hand"),
		},
		Channels: []alerting.Reconciliation{
			{Channel: "", State: alerting.ReconcileInProgress, Failed: 3, Redelivered: 1, Exhausted: 2},
			direct,
			{Channel: "EWALLET", State: alerting.ReconcileTPlus1, Failed: 300, Redelivered: 40, ExpectedAt: at("12T15:40:00")},
			{Channel: "ID_BCA", State: alerting.ReconcileTPlus1, Failed: 900, Redelivered: 700, Exhausted: 10, ExpectedAt: at("12T16:09:00")},
			done("OTC", 41, "11T17:02:10"),
			{Channel: "QR", State: alerting.ReconcileInProgress, Failed: 80, Redelivered: 70, ExpectedAt: at("11T23:50:00")},
		},
		Products: []alerting.FailedCount{{Name: "", Failed: 3}, {Name: "PAYOUT", Failed: 631}, {Name: "VA", Failed: 900}},
		Notices: []alerting.OutboxRow{
			{ID: "n3", Lane: "mail/sre@pay.example", Kind: alerting.KindMail, State: "dead", Class: alerting.ClassDestination, Attempts: 3, Created: at("11T14:48:11"), Finished: at("11T14:50:00")},
			{ID: "n4", Lane: "pager/primary", Kind: alerting.KindState, State: "replaced", Attempts: 0, Created: at("11T14:53:11"), Finished: at("11T14:53:12")},
			{ID: "n5", Lane: "pager/primary", Kind: alerting.KindResolve, State: "sent", Attempts: 1, Created: at("11T16:20:30"), Finished: at("11T16:20:32")},
			{ID: "n6", Lane: "mail/lead@pay.example", Kind: alerting.KindMail, State: "sent", Attempts: 1, Created: at("11T14:48:11"), Finished: at("11T14:48:20")},
			{ID: "n7", Lane: "mail/a@acme.example", Kind: alerting.KindMerchant, State: "sent", Attempts: 1, Created: at("11T15:03:11"), Finished: at("11T15:03:20")},
			{ID: "n8", Lane: "mail/b@toko.example", Kind: alerting.KindMerchant, State: "sent", Attempts: 1, Created: at("11T15:03:11"), Finished: at("11T15:03:21")},
			{ID: "n9", Lane: "lead/62", Kind: alerting.KindPage, State: "withheld", Reason: "it was over before it left", Created: at("11T16:03:11"), Finished: at("11T16:20:30")},
			{ID: "n1", Lane: "pager/primary", Kind: alerting.KindPage, State: "sent", Attempts: 1, Created: at("11T14:48:11"), Finished: at("11T14:48:13")},
			{ID: "n2", Lane: "slack/C1", Kind: alerting.KindRoot, State: "waiting", Reason: "held", Attempts: 2, Created: at("11T14:48:11")},
		},
		Zone: jakarta, Now: at("11T23:30:00"),
	}
}

// live is an incident that runs, with what is known of it at first.
func live() report.Report {
	member := func(scope rules.Scope) alerting.Membership {
		return alerting.Membership{Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: scope, Episode: 1}, Fault: "tls_expired", Host: "hooks.example", Since: at("11T09:58:12")}
	}
	return report.Report{
		Incident: alerting.Incident{
			ID: "inc_aaaaaaaaaamm3pp4", Title: "2 endpoints: tls_expired", Severity: rules.Critical, State: alerting.StateOpen, Rule: alerting.RuleCommonCause,
			Scope: rules.ScopePlatform, SharePeak: 1, Reopens: 2, StartedAt: at("11T09:58:12"), DetectedAt: at("11T10:02:30"), OpenedAt: at("11T10:02:31"),
			Members: []alerting.Membership{member("endpoint:toko-payouts"), member("endpoint:acme-payouts"), member("endpoint:acme-payouts")},
		},
		Notices: []alerting.OutboxRow{},
		Now:     at("11T10:49:30"),
	}
}

// Between "detected" and "nobody acknowledged" stands whether anybody could.
func TestAReportSaysThatNobodyWasReached(t *testing.T) {
	t.Parallel()
	const yet, never = "Nobody has been reached yet. Nobody has acknowledged it yet.", "Nobody was reached."
	sent := []alerting.OutboxRow{{Lane: "mail/a@x.example", Kind: alerting.KindMail, State: "sent", Finished: at("11T10:03:00")}}
	for name, tt := range map[string]struct {
		change func(*report.Report)
		want   string // empty: nothing is said of it
	}{
		"nobody yet":        {func(*report.Report) {}, yet},
		"one is on its way": {func(r *report.Report) { r.Notices = []alerting.OutboxRow{{Lane: "mail/a@x.example", State: "sending"}} }, yet},
		"it is over": {func(r *report.Report) {
			r.Incident.State, r.Incident.ResolvedAt = alerting.StateResolved, at("11T10:30:00")
		}, never},
		"somebody was":                 {func(r *report.Report) { r.Incident.AlertedAt = at("11T10:03:00") }, ""},
		"the notices know of somebody": {func(r *report.Report) { r.Notices = sent }, ""},
		"what was sent is not known":   {func(r *report.Report) { r.Notices = nil }, ""},
	} {
		r := live()
		tt.change(&r)
		text := r.Markdown()
		if tt.want == "" && strings.Contains(text, "reached") || !strings.Contains(text, tt.want) {
			t.Errorf("%s: got %s\nwant %q", name, text, tt.want)
		}
	}
}

// hostile is an incident in which everything that others named is meant to
// break out.
func hostile() report.Report {
	const evil = "# x\n\n<script>alert(1)</script> [x](http://evil.example) ![i](//e) **b** `c` a|b &amp; ~~s~~ #12 $x$ \u202egpj.exe\x1b[31m wWw.evil.example"
	return report.Report{
		Incident: alerting.Incident{
			ID: "inc_|evil", Title: evil, State: alerting.StateResolved, Severity: rules.Low, Rule: rules.RuleChannelErrorRatio, Scope: "channel:" + evil,
			AcknowledgedBy: evil, AcknowledgedAt: at("11T10:02:30"), ResolvedBy: evil, ResolvedAt: at("11T10:03:00"), MitigatedBy: evil, MitigatedAt: at("11T10:02:40"),
			Evidence: rules.Evidence{Text: evil}, StartedAt: at("11T09:58:12"), DetectedAt: at("11T10:02:00"), SharePeak: 0.5,
			Members: []alerting.Membership{{Key: rules.Key{Scope: "channel:" + evil}}, {Key: rules.Key{Scope: "merchant:" + evil}}},
		},
		Entries: []alerting.Entry{{At: at("11T10:02:30"), Kind: "note", Actor: evil, Text: evil}, {At: at("11T10:02:40"), Kind: alerting.EntryMitigated, Text: evil}},
		Channels: []alerting.Reconciliation{
			{Channel: evil, State: alerting.ReconcileDone, Failed: 1, WrittenOff: 1, DoneAt: at("11T10:04:00"), Note: evil, UpdatedBy: evil},
		},
		Products: []alerting.FailedCount{{Name: evil, Failed: 1}},
		Notices:  []alerting.OutboxRow{{ID: "n", Lane: evil, Kind: "page", State: "dead", Reason: evil, Created: at("11T10:02:31")}},
		Now:      at("11T10:49:30"),
	}
}

func TestReportsReadWell(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]report.Report{
		"seed": seed(), "live": live(), "hostile": hostile(),
		"bare": {Incident: alerting.Incident{ID: "inc_bare", StartedAt: at("11T09:58:12"), State: alerting.StateOpen}, Now: at("11T10:00:00")},
	} {
		path := filepath.Join("testdata", name+".golden")
		got := r.Markdown()
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}

// TestNothingBreaksOut: whoever named something makes neither a line nor
// anything else than text of it.
func TestNothingBreaksOut(t *testing.T) {
	t.Parallel()
	tame := hostile()
	tame.Incident.Title, tame.Incident.Evidence.Text = "x", "x"
	got := regexp.MustCompile(`\\.`).ReplaceAllString(hostile().Markdown(), "?") // what is escaped is text
	if a, b := strings.Count(got, "\n"), strings.Count(tame.Markdown(), "\n"); a != b {
		t.Errorf("%d lines, want %d as with a tame title", a, b)
	}
	for _, bad := range []string{"<script", "](", "**b", "~~s", "#12", "http:", "wWw.", "\u202e", "\x1b", "a|b", "&amp;", "`c", "$x"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q stands in\n%s", bad, got)
		}
	}
	for line := range strings.SplitSeq(got, "\n") {
		if cells := strings.Count(line, "|"); strings.HasPrefix(line, "|") && cells != 4 && cells != 6 && cells != 11 {
			t.Errorf("%d cell borders in %s", cells, line)
		}
	}
}

func TestALongReportStaysShort(t *testing.T) {
	t.Parallel()
	r := live()
	for i := range 5000 {
		r.Entries = append(r.Entries, alerting.Entry{Seq: i + 1, At: at("11T10:02:30"), Kind: alerting.EntryNote, Text: fmt.Sprint("line ", i+1)})
		r.Notices = append(r.Notices, alerting.OutboxRow{ID: fmt.Sprint(i), Lane: "slack/C1", Kind: "update", State: "sent", Created: at("11T10:02:30")})
		r.Incident.Members = append(r.Incident.Members, alerting.Membership{Key: rules.Key{Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprint("ep-", i))}})
	}
	got := r.Markdown()
	for _, want := range []string{"line 1\n", "line 500\n- … 4000 more entries …\n", "line 4501\n", "line 5000\n", "and 4952 more\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(got, "line 501\n") || len(got) > 150_000 {
		t.Errorf("%d bytes, want the middle left out", len(got))
	}
}

// TestMilestonesAreInTheOrderOfTime: whoever answers before a message has
// arrived stands before it, and a line that was written late names whom it
// tells of, not why it stands there.
func TestMilestonesAreInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	r := seed()
	r.Incident.AlertedAt = at("11T14:53:00")
	r.Entries[1].At, r.Entries[1].Text = r.Incident.AlertedAt, "first told: pager (written at 2023-11-11 14:55:00 UTC, after the line above)"
	got := r.Markdown()
	last := -1
	for _, row := range []string{"| First failure |", "| Detected |", "| Acknowledged by dewi |", "| Alerted |", "| First fix", "| Fully recovered |", "| Resolved |"} {
		i := strings.Index(got, row)
		if i <= last {
			t.Errorf("%q stands at %d, after what stands at %d:\n%s", row, i, last, got)
		}
		last = i
	}
	if want := "The first to be told was pager at "; !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
}
