package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheOutboxReadsWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.outbox(t)
	golden(t, "outbox", f.transcript(t,
		"outbox ls", "outbox ls --limit 2", "outbox ls --state sent", "outbox ls --lane pager/duty", "outbox ls --state dropped --lane pager/duty",
		"outbox ls --state stuck",
		"outbox retry kq72ma-000003-1", "outbox drop kq72ma-000003-1-pager/duty", "outbox drop inc_aaaaaaaaaakq72ma-000003-1",
		"outbox retry kq72ma", "outbox retry 018bbe1c", "outbox retry kq72ma-000003-1 kq72ma-000003-2",
		"outbox drop kq72ma-000003-1 kq72ma-000003-2", "outbox drop"))
}

func TestAnEmptyOutboxIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/outbox", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	want := outcome{stdout: "no notice yet\n"}
	if got := f.call(t, "outbox", "ls"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestNoticesAreTreatedByTheirWholeID: lanes have slashes in them.
func TestNoticesAreTreatedByTheirWholeID(t *testing.T) {
	t.Parallel()
	const pager, mail = "/api/v1/outbox/inc_aaaaaaaaaakq72ma-000003-1-pager/duty/", "/api/v1/outbox/inc_aaaaaaaaaakq72ma-000003-2-mail/sre@acme.example/"
	for name, c := range map[string]struct {
		args   string
		status int
		paths  []string
	}{
		"by its beginning":             {"outbox retry kq72ma-000003-1", exitGood, []string{pager + "retry"}},
		"by all of it":                 {"outbox drop inc_aaaaaaaaaakq72ma-000003-1-pager/duty", exitGood, []string{pager + "drop"}},
		"twice the same":               {"outbox retry kq72ma-000003-1 inc_aaaaaaaaaakq72ma-000003-1", exitGood, []string{pager + "retry"}},
		"one of two is refused":        {"outbox drop --yes kq72ma-000003-2 kq72ma-000003-1", exitFinding, []string{mail + "drop", pager + "drop"}},
		"the one is refused":           {"outbox retry kq72ma-000003-2", exitFinding, []string{mail + "retry"}},
		"two without --yes":            {"outbox drop kq72ma-000003-2 kq72ma-000003-1", exitUsage, nil},
		"one of two is not clear":      {"outbox retry kq72ma-000003-1 kq72ma", exitUsage, nil},
		"one that is sent, in full":    {"outbox retry 018bbe1c-4a11-7c3e-9d2f-5b8f0e3c1a99", exitUsage, []string{"/api/v1/outbox/018bbe1c-4a11-7c3e-9d2f-5b8f0e3c1a99/retry"}},
		"an empty one":                 {"outbox retry ", exitUsage, nil},
		"as JSON":                      {"outbox retry --json kq72ma-000003-1", exitGood, []string{pager + "retry"}},
		"one that begins like nothing": {"outbox drop zzz", exitUsage, []string{"/api/v1/outbox/zzz/drop"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.outbox(t)
			got := f.call(t, strings.Split(c.args, " ")...)
			if got.status != c.status {
				t.Errorf("got %+v, want status %d", got, c.status)
			}
			var paths []string
			for _, r := range f.requests() {
				paths = append(paths, r.path)
			}
			if strings.Join(paths, " ") != strings.Join(c.paths, " ") {
				t.Errorf("asked %v, want %v", paths, c.paths)
			}
			if strings.Contains(c.args, "--json") && got.stdout != `{"id":"inc_aaaaaaaaaakq72ma-000003-1-pager/duty","done":"retry"}`+"\n" {
				t.Errorf("stdout %q, want what was done to which", got.stdout)
			}
		})
	}
}

// TestWhyANoticeWasDropped: by a person, or because nobody wants it.
func TestWhyANoticeWasDropped(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		n    notice
		want string
	}{
		"by a person":                    {notice{FinishedBy: "dewi"}, "by dewi"},
		"by a person, after it had died": {notice{FinishedBy: "dewi", Reason: "destination", Class: "destination"}, "by dewi"},
		"somebody has unsubscribed":      {notice{FinishedBy: "one_click", Reason: "the address has unsubscribed"}, "the address has unsubscribed by one_click"},
		"and it was found out later":     {notice{Reason: "the address has unsubscribed", Class: "transient"}, "the address has unsubscribed"},
	} {
		tc.n.State = "dropped"
		if got := tc.n.fate(time.Time{}); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}
