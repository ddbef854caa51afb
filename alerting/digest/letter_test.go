package digest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func samples() map[string]Facts {
	green := factsOf(healthy("toko-maju-invoices"), healthy("toko-maju-payouts"), healthy("toko-maju-refunds"))
	green.Covered = 6 * 60 * 60 * 1e9
	summary := green
	summary.Kind, summary.Window.Start, summary.Covered, summary.Footer.Mode = KindSummary, green.Window.End.Add(-7*day), 7*day, ModeProblems
	samples := map[string]Facts{
		"green": green, "one_problem": oneProblem(), "many_problems": manyProblems(), "no_data": noData(), "merged": merged(),
		"platform": platform(), "summary": summary, "hostile": hostile(),
		"hostile_platform": hostilePlatform(), "past": past(), "loss_coming": lossComing(),
		"running": running(), "first_minutes": firstMinutes(), "thin": thin(), "odd_parts": oddParts(),
		"otherwise": otherwise(), "maintenance": maintenance(), "maintenance_each": maintenanceEach(), "maintenance_week": maintenanceWeek(),
	}
	for _, name := range []string{"maintenance", "maintenance_each", "maintenance_week", "one_problem", "many_problems", "otherwise", "platform", "past", "loss_coming", "running", "first_minutes", "thin", "odd_parts"} {
		f := samples[name]
		f.Language = "id"
		samples[name+".id"] = f
	}
	return samples
}

func TestDigestsReadWell(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := throughJSON(t, Judge(f))
			l, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
			golden(t, name+".html", l.HTML)
			text, blocks, err := Slack(f)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := json.Indent(&b, blocks, "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".slack", text+"\n\n"+b.String()+"\n")
		})
	}
}

// throughJSON is what a snapshot gives back.
func throughJSON(t *testing.T, f Facts) Facts {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestSubjectsAreStable(t *testing.T) {
	t.Parallel()
	two := factsOf(timingOut("a"), timingOut("b"), healthy("c"))
	for name, tc := range map[string]struct {
		facts Facts
		want  string
	}{
		"two of three fail":          {two, "[Webhook health] Action needed: 2 of 3 endpoints failing (18:00-00:00 WIB)"},
		"all is well":                {factsOf(healthy("a"), healthy("b")), "[Webhook health] OK: 2 of 2 endpoints healthy (18:00-00:00 WIB)"},
		"nothing is known":           {noData(), "[Webhook health] Attention: no data for 1 of 1 endpoint (18:00-00:00 WIB)"},
		"failures that are over":     {past(), "[Webhook health] Attention: 2 of 3 endpoints had failures, nothing fails now (18:00-00:00 WIB)"},
		"one endpoint, over":         {factsOf(past().Endpoints[1]), "[Webhook health] Attention: 1 of 1 endpoint had failures, nothing fails now (18:00-00:00 WIB)"},
		"over, and a silent one":     {factsOf(past().Endpoints[1], noData().Endpoints[0]), "[Webhook health] Attention: 2 of 2 endpoints to look at (18:00-00:00 WIB)"},
		"one fails, another is over": {factsOf(past().Endpoints[1], timingOut("a")), "[Webhook health] Action needed: 1 of 2 endpoints failing (18:00-00:00 WIB)"},
		"events will be lost":        {lossComing(), "[Webhook health] Action needed: 18 events will be lost, the first at 03:10; 1 of 3 endpoints failing (18:00-00:00 WIB)"},
		"of an endpoint that works":  {soundLoss(), "[Webhook health] Attention: at least 1 event gets its last automatic try at 02:00 (18:00-00:00 WIB)"},
		"an overdue loss":            {overdueLoss(), "[Webhook health] Attention: 3 events get their last automatic try, the first at 00:00 (18:00-00:00 WIB)"},
		"a certificate":              {certificateAlone(), "[Webhook health] Action needed: 1 of 2 endpoints need action (18:00-00:00 WIB)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := Mail(Judge(tc.facts))
			if err != nil || l.Subject != tc.want {
				t.Errorf("got %q (%v), want %q", l.Subject, err, tc.want)
			}
		})
	}
}

func soundLoss() Facts {
	e := healthy("a")
	e.State, e.Backlog = rules.StateRecovering, &Backlog{Undelivered: 1, LossAt: evening.End.Add(2 * time.Hour), LossEvents: 1, LowerBound: true}
	return factsOf(e)
}

func overdueLoss() Facts {
	e := healthy("a")
	e.Backlog = &Backlog{Undelivered: 3, LossAt: evening.End.Add(-time.Hour), LossEvents: 2, AtRisk6h: 3}
	return factsOf(e)
}

func certificateAlone() Facts {
	e := healthy("a")
	e.Certificate.NotAfter = evening.End.Add(2 * day)
	return factsOf(e, healthy("b"))
}

func TestStrangersCannotForge(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Facts{"a merchant's": hostile(), "the operators'": hostilePlatform()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkForgery(t, Judge(f))
		})
	}
}

func checkForgery(t *testing.T, f Facts) {
	t.Helper()
	l, err := Mail(f)
	if err != nil {
		t.Fatal(err)
	}
	text, blocks, err := Slack(f)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{"subject": l.Subject, "text": l.Text, "HTML": l.HTML, "Slack text": text, "blocks": string(blocks)} {
		for _, bad := range []string{"hidden-marker", "\nBcc", "\r", "\x00", "\x1b", "\u202e", "\u2028", "javascript:"} {
			if strings.Contains(s, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		if !utf8.ValidString(s) || len(s) > mostHTML {
			t.Errorf("%s is not valid UTF-8, or %d bytes long", name, len(s))
		}
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%s turns the direction of writing", name)
		}
	}
	if strings.Contains(l.HTML, "<script") || strings.Contains(l.HTML, "<b>x") || strings.Contains(l.HTML, "<!channel") {
		t.Error("a name became markup")
	}
	if want := strings.Count(string(blocks), f.Footer.PublicURL+"|"); strings.Count(string(blocks), `"mrkdwn"`) != want {
		t.Error("a name stands where Slack looks for mentions, or a bad link was taken")
	}
	checkBlocks(t, blocks)
	if strings.ContainsAny(l.Subject, "\r\n") || utf8.RuneCountInString(l.Subject) > 2*longText {
		t.Errorf("subject %q is no line", l.Subject)
	}
}

func TestNothingIsFetched(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		l, err := Mail(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<img", "<link", "@import", "url(", "src=", "<script", "<form"} {
			if strings.Contains(l.HTML, bad) {
				t.Errorf("%s: the mail holds %q", name, bad)
			}
		}
	}
}

func TestLongDigestsStayBelowTheBound(t *testing.T) {
	t.Parallel()
	huge := hostile()
	for range 300 {
		huge.Endpoints = append(huge.Endpoints, huge.Endpoints[0])
		huge.Incidents = append(huge.Incidents, huge.Incidents[0])
	}
	for name, tc := range map[string]struct {
		facts  Facts
		listed int // at least
		more   string
	}{
		"50 endpoints are all listed":       {crowd(50), 50, ""},
		"51 endpoints are not":              {crowd(51), 50, "and 1 more"},
		"300 names as long as they can get": {huge, 0, "more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := Judge(tc.facts)
			l, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes of HTML, %d of text", len(l.HTML), len(l.Text))
			if len(l.HTML) >= mostHTML || strings.Count(l.HTML, "endpoint-with-a-name") < tc.listed || !strings.Contains(l.HTML, tc.more) {
				t.Errorf("got %d bytes and %d endpoints", len(l.HTML), strings.Count(l.HTML, "endpoint-with-a-name"))
			}
			_, blocks, err := Slack(f)
			if err != nil {
				t.Fatal(err)
			}
			checkBlocks(t, blocks)
		})
	}
}

// checkBlocks holds Slack's own bounds against blocks.
func checkBlocks(t *testing.T, raw json.RawMessage) {
	t.Helper()
	var list []block
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) > 50 {
		t.Errorf("got %d blocks, want at most 50", len(list))
	}
	for _, b := range list {
		if b.Text == nil {
			continue
		}
		most := slackSection
		if b.Type == "header" {
			most = slackHeader
		}
		if n := utf8.RuneCountInString(b.Text.Text); n == 0 || n > most {
			t.Errorf("got a %s of %d characters, want 1 to %d", b.Type, n, most)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	f := Judge(manyProblems())
	for b.Loop() {
		if _, err := Mail(f); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTheDarkFormCanBeRead holds the cells of a strip to the contrast that WCAG
// 2.2 asks for: 4.5 for text, and 3 for what is drawn.
func TestTheDarkFormCanBeRead(t *testing.T) {
	t.Parallel()
	l, err := Mail(Judge(oneProblem()))
	if err != nil {
		t.Fatal(err)
	}
	const card = "#1a2027"
	if !strings.Contains(l.HTML, ".c{background:"+card+"!important") {
		t.Fatalf("the dark card is no more %s", card)
	}
	for _, class := range []string{cellNone, cellGood, cellSome, cellMost} {
		if !strings.Contains(l.HTML, ".k-"+class+"{background:"+dark(class)+"!important") {
			t.Errorf("%s: the mail has no dark form of it", class)
		}
		if got := contrast(t, dark(class), card); got < 3 {
			t.Errorf("%s: got %.1f against the card, want at least 3", class, got)
		}
	}
	for _, class := range []string{cellSome, cellMost} {
		if got := contrast(t, dark(class), "#ffffff"); got < 4.5 {
			t.Errorf("%s: got %.1f for white figures, want at least 4.5", class, got)
		}
		if got := contrast(t, colour(class), ink(class)); got < 4.5 {
			t.Errorf("%s: got %.1f for figures in the light form, want at least 4.5", class, got)
		}
		if !strings.Contains(l.HTML, `<td class="k-`+class+`"`) {
			t.Errorf("%s: no cell has its class", class)
		}
	}
}

// contrast is that of WCAG 2.2 between two colours such as #1a2027.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light := func(s string) float64 {
		var rgb [3]int
		if _, err := fmt.Sscanf(s, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
			t.Fatal(err)
		}
		sum := 0.05
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			c := float64(rgb[i]) / 255
			if c <= 0.04045 {
				sum += weight * c / 12.92
			} else {
				sum += weight * math.Pow((c+0.055)/1.055, 2.4)
			}
		}
		return sum
	}
	return max(light(a)/light(b), light(b)/light(a))
}
