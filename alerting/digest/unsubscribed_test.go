package digest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const leaveLink = "https://hooks.example.com/unsubscribe/AXRva28tbWFqdQ_-"

// TestAMailSaysWhereItsReaderLeaves: at the foot of both its parts, and nothing
// else of it changes.
func TestAMailSaysWhereItsReaderLeaves(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f = Judge(f)
			plain, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			led, err := MailTo(f, leaveLink)
			if err != nil {
				t.Fatal(err)
			}
			words := map[string]string{"en": "Stop these digests", "id": "Hentikan ringkasan ini"}[newVoice(f).Language]
			text, html := words+": "+leaveLink+"\n", fmt.Sprintf("<a href=%q style=\"color:#175cd3\">%s</a><br>\n", leaveLink, words)
			if f.Kind == KindPlatform {
				text, html = "", ""
			}
			if led.Subject != plain.Subject || led.Text != plain.Text+text || !strings.Contains(led.HTML, html) || strings.Replace(led.HTML, html, "", 1) != plain.HTML {
				t.Errorf("the text is\n%s\nand the HTML\n%s", led.Text, led.HTML)
			}
			if again, err := MailTo(f, leaveLink); err != nil || again != led {
				t.Errorf("the second time it is another mail: %v", err)
			}
			if len(led.HTML) >= mostHTML {
				t.Errorf("it has %d bytes", len(led.HTML))
			}
		})
	}
}

func TestOnlyAnAddressIsALinkToLeave(t *testing.T) {
	t.Parallel()
	f := Judge(oneProblem())
	plain, err := Mail(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"javascript:alert(1)", "https://x.example/\"><script>", "https://x.example/a\nb", "mailto:a@b.example", "/unsubscribe/x", "https://u:p@x.example/"} {
		if led, err := MailTo(f, link); err != nil || led != plain {
			t.Errorf("%q: %v, and another mail", link, err)
		}
	}
}

// leaving are the operators' facts with so many who have left in the window.
func leaving(n int) Facts {
	f := platform()
	f.Platform.Unsubscribed.Total = 2 + n
	for i := range min(n, MostLeavers) {
		f.Platform.Unsubscribed.New = append(f.Platform.Unsubscribed.New, Leaver{
			Merchant: fmt.Sprint("m-", i), Name: "Toko <Maju>", Address: fmt.Sprintf("ops%d@toko.example", i), At: evening.End.Add(-time.Duration(i) * time.Minute),
		})
	}
	f.Platform.Unsubscribed.More = max(0, n-MostLeavers)
	return f
}

func TestOperatorsReadWhoLeft(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		facts    Facts
		language string
		want     []string
		not      string
	}{
		"one, before":        {leaving(-1), "en", []string{"1 address has unsubscribed from its digests."}, "UNSUBSCRIBED IN"},
		"two, before":        {leaving(0), "en", []string{"2 addresses have unsubscribed from their digests."}, "UNSUBSCRIBED IN"},
		"one in this window": {leaving(1), "en", []string{"3 addresses have", "UNSUBSCRIBED IN THIS WINDOW", "ops0@toko.example (Toko <Maju>): "}, "ops1@"},
		"many":               {leaving(23), "en", []string{"25 addresses have", "ops9@toko.example", "and 13 more"}, "ops10@"},
		"many, Indonesian":   {leaving(23), "id", []string{"25 alamat telah berhenti berlangganan ringkasan.", "ops9@toko.example"}, "ops10@"},
		"nobody":             {leaving(-2), "en", nil, "nsubscribed"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			tc.facts.Language = tc.language
			f := throughJSON(t, Judge(tc.facts))
			l, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			text, blocks, err := Slack(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.want {
				if !strings.Contains(l.Text, want) {
					t.Errorf("wanted %q in\n%s", want, l.Text)
				}
				if want != strings.ToUpper(want) && !strings.Contains(text+string(blocks), strings.NewReplacer("<", "\\u003c", ">", "\\u003e").Replace(want)) && !strings.Contains(text, want) {
					t.Errorf("wanted %q in\n%s\n%s", want, text, blocks)
				}
			}
			if strings.Contains(l.Text, tc.not) || strings.Contains(text, tc.not) {
				t.Errorf("it says %q:\n%s", tc.not, l.Text)
			}
			if strings.Contains(l.HTML, "<Maju>") {
				t.Error("a name is not escaped")
			}
		})
	}
}
