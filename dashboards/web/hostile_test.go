package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/rules"
)

// hostileTexts are what a merchant may call itself.
func hostileTexts() map[string]string {
	return map[string]string{
		"a script":          `<script>alert(1)</script>`,
		"an attribute":      `" onmouseover="alert(1)`,
		"a template":        `{{.Summary}}`,
		"a javascript link": `javascript:alert(1)`,
		"right to left":     "\u202eevil\u2066",
		"line breaks":       "a\r\nSet-Cookie: x=1\r\n\r\n<b>",
		"10 kB":             strings.Repeat("W", 10_000),
		"not UTF-8":         "\xff\xfe<i>",
		"NUL":               "a\x00b",
	}
}

// hostileNames has merchants who call themselves such things, wherever a name
// is shown on the overview.
func hostileNames() source {
	src := source{summary: web.Summary{Version: "1.2.3", Started: now.Add(-time.Hour)}}
	texts := hostileTexts()
	for i, name := range []string{"a script", "right to left", "line breaks", "10 kB"} {
		text, id := texts[name], string(rune('a'+i))
		r := downResult()
		r.Detail = text
		src.endpoints = append(src.endpoints, with(id, text, "https://"+text, rules.EndpointView{Probe: rules.ProbeView{Result: r, Confirmed: true, Failures: 3, Since: now.Add(-time.Hour)}}))
		in := quick(id, rules.Low, 10+i)
		in.Title, in.AcknowledgedBy = text, text
		src.desk.incidents = append(src.desk.incidents, in)
		src.ledger.rows = append(src.ledger.rows, told("m"+text, text, now.Add(-time.Hour), digest.StateSent, 1))
		src.ratios = append(src.ratios, web.Ratio{Scope: rules.ScopeOf(rules.ScopeChannel, text), First: 10, Failed: 1, Window: time.Hour})
		src.targets = append(src.targets, web.Target{ID: "t" + id, Address: text, ServerName: text, Certificate: rules.CertificateView{Report: report(now.Add(day), "warn", "expiring")}})
	}
	src.desk.timelines = map[string][]alerting.Entry{"a": {{Incident: "a", Seq: 1, At: now, Kind: alerting.EntryNote, Actor: texts["10 kB"], Text: texts["10 kB"]}}}
	return src
}

func TestHostileDigestsStayTexts(t *testing.T) {
	t.Parallel()
	for name, text := range hostileTexts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			row := told(text, text+" ", now.Add(-time.Hour), digest.StateSent, 1)
			row.Zone = text
			odd := told("m", text, now.Add(-time.Hour), digest.StateDead, 0)
			odd.State, odd.Verdict, odd.Kind = digest.State(text), digest.Verdict(text), text
			src.ledger.rows = []digest.Row{row, odd}
			page := get(t, src, "/").Body.String()
			checkHarmless(t, page)
			if len(page) > 60_000 {
				t.Errorf("%d bytes, want texts to be cut", len(page))
			}
			link := previews(page)
			if len(link) == 0 {
				t.Fatal("no link to the digest")
			}
			u, err := url.Parse(link[0])
			if err != nil || u.Host != "" || u.Path != "/api/v1/digests/preview" || u.Query().Get("merchant") != text {
				t.Errorf("the link leads to %.100s (%v), want the digest of that merchant", link[0], err)
			}
		})
	}
}
