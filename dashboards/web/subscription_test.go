package web

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
)

// written is the page of a subscription as it is answered.
func written(t *testing.T, s Subscription) (*httptest.ResponseRecorder, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Write(w, http.StatusTeapot)
	if w.Code != http.StatusTeapot {
		t.Errorf("status %d, want the one that was asked for", w.Code)
	}
	return w, w.Body.String()
}

func subscriptionStates() []SubscriptionState {
	return []SubscriptionState{SubscriptionUnknown, SubscriptionOn, SubscriptionOff, SubscriptionEnded, SubscriptionBack, SubscriptionUnclear, SubscriptionAway, SubscriptionOften}
}

func TestThePageOfASubscriptionIsWhole(t *testing.T) {
	t.Parallel()
	for language, words := range map[string]subscriptionWords{"en": englishSubscription(), "id": indonesianSubscription()} {
		for _, state := range subscriptionStates() {
			w, page := written(t, Subscription{State: state, Language: language, Merchant: "Toko Maju", Address: "ops@toko.example", Operator: "https://status.example.com/"})
			said := words.Says[state]
			if said[0] == "" || said[1] == "" || !strings.Contains(page, `<html lang="`+language+`">`) || !strings.Contains(page, html.EscapeString(said[0])) || !strings.Contains(page, `href="https://status.example.com/"`) {
				t.Errorf("%s, state %d:\n%s", language, state, page)
			}
			if (state == SubscriptionOff || state == SubscriptionEnded) && (strings.Contains(said[1], "any time") || strings.Contains(said[1], "kapan saja")) {
				t.Errorf("%s, state %d promises to begin again at any time; ten times an hour is the most:\n%s", language, state, said[1])
			}
			if strings.Contains(page, "<script") || strings.Contains(page, "src=") || strings.Contains(page, " style=") || strings.Contains(page, "ZgotmplZ") || strings.Count(page, "<h1>") != 1 {
				t.Errorf("%s, state %d: more than its own styles:\n%s", language, state, page)
			}
			_, style, _ := strings.Cut(page, "<style>")
			style, _, _ = strings.Cut(style, "</style>")
			sum := sha256.Sum256([]byte(style))
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self'") {
				t.Errorf("the policy %q does not let the page have its styles", policy)
			}
		}
	}
}

// TestTheButtonDoesTheOther: of what is so, and nothing where that is not known.
func TestTheButtonDoesTheOther(t *testing.T) {
	t.Parallel()
	want := map[SubscriptionState]string{SubscriptionOn: "unsubscribe", SubscriptionBack: "unsubscribe", SubscriptionOff: "subscribe", SubscriptionEnded: "subscribe"}
	field := regexp.MustCompile(`<form method="post"><input type="hidden" name="action" value="(\w+)"><button type="submit">[^<]+</button></form>`)
	for _, state := range subscriptionStates() {
		_, page := written(t, Subscription{State: state, Language: "en", Merchant: "m", Address: "a@b.example"})
		got := ""
		if m := field.FindStringSubmatch(page); m != nil {
			got = m[1]
		}
		if got != want[state] || strings.Contains(page, "<form") != (got != "") {
			t.Errorf("state %d: the button is to %q, want %q", state, got, want[state])
		}
	}
}

func TestALinkThatNobodyKnowsIsExplainedInEveryLanguage(t *testing.T) {
	t.Parallel()
	_, page := written(t, Subscription{Operator: "javascript:alert(1)"})
	for _, want := range []string{`<section lang="en">`, "This link is not known here", `<section lang="id">`, "Tautan ini tidak dikenal di sini", "Ask whoever runs this service for you."} {
		if !strings.Contains(page, want) {
			t.Errorf("wanted %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "javascript") || strings.Contains(page, "<dl>") {
		t.Errorf("it says too much:\n%s", page)
	}
}

func TestNobodysNameBreaksThePage(t *testing.T) {
	t.Parallel()
	for sentence, name := range map[string]string{
		"markup": `</bdi></dd><script>alert(1)</script><form action="https://evil.example/">`, "right to left": "\u202egnirts\u2066 \u200fمتجر", "ten kilobytes": strings.Repeat("a☃", 5_000),
		"line ends and control characters": "a\r\nb\x00\x1b[31m", "no UTF-8": "a\xff\xfe", "an entity": "&lt;b&gt;", "nothing": "",
	} {
		for _, field := range []func(*Subscription){func(s *Subscription) { s.Merchant = name }, func(s *Subscription) { s.Address = "x" + name }} {
			s := Subscription{State: SubscriptionOn, Language: "en", Merchant: "Toko", Address: "ops@toko.example"}
			field(&s)
			_, page := written(t, s)
			doc, err := html.Parse(strings.NewReader(page))
			if err != nil {
				t.Fatal(err)
			}
			elements := map[string]int{}
			for n := range doc.Descendants() {
				if n.Type == html.ElementNode {
					elements[n.Data]++
				}
			}
			if elements["script"] != 0 || elements["form"] != 1 || elements["bdi"] != 2 || elements["dd"] != 2 || len(page) > 12_000 {
				t.Errorf("%s: %d bytes with %v", sentence, len(page), elements)
			}
			if i := strings.IndexFunc(page, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) && r != ' ' || r == unicode.ReplacementChar }); i >= 0 {
				t.Errorf("%s: %q is in the page", sentence, page[i:min(i+10, len(page))])
			}
		}
	}
}

// TestThePageOfASubscriptionCanBeRead: WCAG 2.1 AA in both forms, and as the
// other pages: the colours are theirs.
func TestThePageOfASubscriptionCanBeRead(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`--(\w+): (#[0-9a-f]{6});`)
	light, rest, ok := strings.Cut(subscriptionStyle, "@media")
	dark, _, _ := strings.Cut(rest, "\n}\n")
	if !ok {
		t.Fatal("there is no dark form")
	}
	theirs := stylesheet(t)
	for form, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(css, -1) {
			colours[m[1]] = m[2]
			if !strings.Contains(theirs, m[0]) {
				t.Errorf("%s: %s is no colour of the other pages", form, m[0])
			}
		}
		if len(colours) < 9 {
			t.Fatalf("%s: colours %v", form, slices.Sorted(maps.Keys(colours)))
		}
		for _, pair := range []struct {
			front, back string
			want        float64
		}{
			{"ink", "bg", wantText}, {"soft", "bg", wantText}, {"link", "bg", wantText}, {"ink", "card", wantText}, {"ink", "calm", wantText}, {"ink", "caution", wantText},
			{"edge", "bg", wantEdge}, {"link", "bg", wantEdge},
		} {
			if got := contrast(t, colours[pair.front], colours[pair.back]); got < pair.want {
				t.Errorf("%s: %s on %s: %.2f:1, want %.1f:1", form, pair.front, pair.back, got, pair.want)
			}
		}
	}
	if m := regexp.MustCompile(`(?i)transition|animation|@import|url\(`).FindString(subscriptionStyle); m != "" {
		t.Errorf("the stylesheet holds %q", m)
	}
}
