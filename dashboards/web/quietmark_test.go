package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// hushed is a live incident, a, that nobody hears of.
func hushed(h alerting.Hush) alerting.Incident {
	in := quick("a", rules.High, 5)
	in.Story.Hush = h
	return in
}

// TestWhatIsQuietIsMarked: overview, list, and the pages of the incident and of
// its endpoint say until when and by whom it is quiet.
func TestWhatIsQuietIsMarked(t *testing.T) {
	t.Parallel()
	hour := now.Add(time.Hour)
	for name, tc := range map[string]struct {
		in   alerting.Incident
		want string // of the mark; empty: there is none
	}{
		"silenced":                   {hushed(alerting.Hush{ID: "sil_1", Kind: alerting.HushSilence, By: "ana", Until: hour}), "<strong>silenced</strong> until "},
		"in maintenance":             {hushed(alerting.Hush{ID: "nights", Kind: alerting.HushMaintenance, By: "ana", Until: hour}), "<strong>in maintenance</strong> until "},
		"heard":                      {hushed(alerting.Hush{}), ""},
		"quiet until it fails again": {hushed(alerting.Hush{ID: "sil_1", Kind: alerting.HushSilence, By: "ana"}), ""},
		"over":                       {over(hushed(alerting.Hush{ID: "sil_1", Kind: alerting.HushSilence, By: "ana", Until: hour})), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			tc.in.Members[0].Key.Scope = rules.ScopeOf(rules.ScopeEndpoint, "acme-payouts")
			src.desk.incidents = []alerting.Incident{tc.in}
			for _, path := range []string{"/", "/incidents", "/incidents/a", "/endpoints/acme-payouts"} {
				page := get(t, src, path).Body.String()
				at := strings.Index(page, tc.want)
				marked := strings.Contains(page, "<strong>silenced</strong>") || strings.Contains(page, "<strong>in maintenance</strong>")
				if marked != (tc.want != "") || at < 0 {
					t.Errorf("%s: marked %t, %q at %d", path, marked, tc.want, at)
					continue
				}
				if tc.want == "" {
					continue
				}
				mark := page[at:min(at+200, len(page))]
				if !strings.Contains(mark, `<time datetime="`+hour.UTC().Format(time.RFC3339)) || !strings.Contains(mark, "</time> by <bdi>ana</bdi>") {
					t.Errorf("%s: %s", path, mark)
				}
			}
		})
	}
}

// Who silenced is a stranger's word.
func TestWhoSilencedIsEscaped(t *testing.T) {
	t.Parallel()
	src := seven()
	src.desk.incidents = []alerting.Incident{hushed(alerting.Hush{ID: "s", Kind: alerting.HushSilence, By: "<b>x</b>" + strings.Repeat("y", 500), Until: now.Add(time.Hour)})}
	for _, path := range []string{"/", "/incidents"} {
		page := get(t, src, path).Body.String()
		if !strings.Contains(page, "&lt;b&gt;x") || strings.Contains(page, "<b>x") || strings.Contains(page, strings.Repeat("y", 300)) {
			t.Errorf("%s: who silenced stands there as it came, or in full", path)
		}
	}
}
