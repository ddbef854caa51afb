package digest

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// screen is about how many lines of Slack a laptop shows.
const screen = 34

func TestAnOrdinaryPlatformFitsOnAScreen(t *testing.T) {
	t.Parallel()
	text, _, err := Slack(Judge(platform()))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text, "\n"); n > screen {
		t.Errorf("got %d lines, want at most %d:\n%s", n, screen, text)
	}
}

func TestAnEndpointThatIsWellIsOneLineOfSlack(t *testing.T) {
	t.Parallel()
	_, blocks, err := Slack(Judge(oneProblem()))
	if err != nil {
		t.Fatal(err)
	}
	if want := `\n- toko-maju-invoices: HEALTHY, 0 of 360 first attempts failed (0%)\n- toko-maju-refunds: HEALTHY, 0 of 360 first attempts failed (0%)"`; !strings.Contains(string(blocks), want) {
		t.Errorf("got %s, want %s", blocks, want)
	}
}

func TestWhatSaysNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	f := platform()
	f.Platform = &Platform{Merchants: 1, Endpoints: 1, First: Count{1, 0}, Probing: time.Hour, Backlog: &Backlog{}, Worst: []Merchant{{"calm", "", Count{90, 0}, 0, 1}}}
	f.Incidents = nil
	l, err := Mail(Judge(f))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Watching 1 endpoint of 1 merchant.\nFirst attempts: 0 of 1 failed (0%)\n\n-- \n"; !strings.Contains(l.Text, want) {
		t.Errorf("got\n%s\nwant it to end with\n%s", l.Text, want)
	}
	f.Platform.Digests, f.Platform.Dead, f.Platform.Backlog = Ledgered{Waiting: 2}, 1, &Backlog{Lost: 3, LowerBound: true}
	if l, err = Mail(Judge(f)); err != nil {
		t.Fatal(err)
	}
	if want := "Events: at least 3 lost\nDigests before: 2 waiting\nNotices not delivered: 1\n"; !strings.Contains(l.Text, want) {
		t.Errorf("got\n%s\nwant\n%s", l.Text, want)
	}
}

func TestMerchantsThatAreNamed(t *testing.T) {
	t.Parallel()
	with := func(id string, failed, all, failing int) Merchant {
		return Merchant{ID: id, First: Count{all, failed}, Failing: failing, Of: 3}
	}
	for sentence, tc := range map[string]struct {
		list []Merchant
		want []string
	}{
		"three are named in any case": {[]Merchant{with("a", 3, 1000, 0), with("b", 2, 1000, 0), with("c", 1, 1000, 0), with("d", 1, 1000, 0)}, []string{"a", "b", "c"}},
		"without a failure nobody is": {[]Merchant{with("a", 1, 1000, 0), with("b", 0, 1000, 0)}, []string{"a"}},
		"all over one percent":        {[]Merchant{with("a", 11, 1000, 0), with("b", 12, 1000, 0), with("c", 13, 1000, 0), with("d", 14, 1000, 0)}, []string{"d", "c", "b", "a"}},
		"a ratio, not a count":        {[]Merchant{with("a", 90, 9000, 0), with("b", 60, 100, 0)}, []string{"b", "a"}},
		"one of one is no proof":      {[]Merchant{with("a", 1, 1, 0), with("b", 200, 1000, 0)}, []string{"b", "a"}},
		"over one percent":            {[]Merchant{with("a", 9, 1000, 0), with("b", 9, 1000, 0), with("c", 9, 1000, 0), with("d", 10, 1000, 0), with("e", 11, 1000, 0)}, []string{"e", "d", "a"}},
		"with an endpoint that fails": {[]Merchant{with("a", 9, 1000, 0), with("b", 9, 1000, 0), with("c", 9, 1000, 0), with("d", 0, 0, 1)}, []string{"d", "a", "b"}},
		"nobody":                      {nil, nil},
	} {
		var got []string
		for _, m := range worstOf(tc.list) {
			got = append(got, m.ID)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", sentence, got, tc.want)
		}
	}
}

// TestOneIsNotMany looks for "1 endpoints" in all that is said of one.
func TestOneIsNotMany(t *testing.T) {
	t.Parallel()
	many := regexp.MustCompile(`\b1 (endpoints|merchants|events|windows|days|digests|retries|first attempts)\b`)
	one := lossComing()
	one.Endpoints = one.Endpoints[1:2]
	one.Endpoints[0].First = Count{1, 1}
	small := platform()
	small.Platform.Merchants, small.Platform.Endpoints = 1, 1
	list := samples()
	list["one"], list["small"] = one, small
	for name, f := range list {
		if f.Language != "en" {
			continue
		}
		text, _, err := Slack(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		l, err := Mail(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{l.Subject, l.Text, text} {
			if bad := many.FindString(s); bad != "" {
				t.Errorf("%s says %q:\n%s", name, bad, s)
			}
		}
	}
}

func TestEscapedTextIsSafeToShow(t *testing.T) {
	t.Parallel()
	f := Judge(hostile())
	plain, blocks, err := Slack(f)
	if err != nil {
		t.Fatal(err)
	}
	text, same, err := SlackEscaped(f)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plain, "<!channel>") || strings.ContainsAny(text, "<>") || !strings.Contains(text, "&lt;!channel&gt;") {
		t.Errorf("got %q, want no mention in it", text)
	}
	if html.UnescapeString(text) != html.UnescapeString(plain) || string(same) != string(blocks) {
		t.Error("something else than the escapes is different")
	}
}
