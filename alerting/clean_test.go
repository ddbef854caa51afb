package alerting_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
)

func TestLineIsOneLineThatCanBeShown(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		s     string
		limit int
		want  string
	}{
		"nothing":                            {"", 10, ""},
		"white space alone":                  {" \t\r\n\u2028 ", 10, ""},
		"a name":                             {"Toko Maju", 80, "Toko Maju"},
		"line breaks of all kinds":           {"a\r\nb\u2028c\u2029d\u0085e\vf", 80, "a b c d e f"},
		"spaces of all kinds":                {"  a \u00a0 \u3000 b  ", 80, "a b"},
		"a terminal's escapes":               {"a\x1b[31mb\x07\x7f\u009b", 80, "a[31mb"},
		"what turns the direction":           {"\u202etxt.exe\u2066\u2069\u200f\u061c", 80, "txt.exe"},
		"what cannot be seen":                {"ac\u200bme\u00ad\ufeff\u2060\u200d\U000e0041", 80, "acme"},
		"a private character":                {"a\ue000b", 80, "ab"},
		"bytes that are no UTF-8":            {"a\xff\xfeb\xc3", 80, "a??b?"},
		"half of a surrogate":                {"a\xed\xa0\x80b", 80, "a???b"},
		"a character that replaces another":  {"a\ufffdb", 80, "a?b"},
		"other scripts":                      {"東京 Ünïcode हिन्दी 🙂", 80, "東京 Ünïcode हिन्दी 🙂"},
		"hundreds of accents":                {"Toko" + strings.Repeat("\u0301", 300) + "x", 80, "Toko\u0301\u0301\u0301x"},
		"accents with nothing between them":  {"o\u0301\u0301\u200b\u0301\u200b\u0301", 80, "o\u0301\u0301\u0301"},
		"two accents as Vietnamese has them": {"Vie\u0302\u0323t हिंदी", 80, "Vie\u0302\u0323t हिंदी"},
		"markup stays for who escapes":       {"<!channel> <b>&amp;</b> {x} *y* `z`", 80, "<!channel> <b>&amp;</b> {x} *y* `z`"},
		"just as long as it may be":          {"東京東京", 4, "東京東京"},
		"one too long":                       {"東京東京x", 4, "東京東…"},
		"one character of many":              {"abc", 1, "…"},
		"no limit":                           {strings.Repeat("ab ", 1000), 0, strings.TrimSpace(strings.Repeat("ab ", 1000))},
		"a limit under none":                 {"abc", -1, "abc"},
		"far too long":                       {strings.Repeat("x", 1<<20), 5, "xxxx…"},
		"far too long, with nothing to see":  {strings.Repeat("\u200b", 1<<20), 5, "…"},
		"far too long, cut in a character":   {strings.Repeat("\u200b", 13) + "x" + strings.Repeat("東", 100), 5, "x…"},
		"a limit larger than memory is none": {"abc", int(^uint(0) >> 1), "abc"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := alerting.Line(tc.s, tc.limit); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLinkIsWhatABrowserOpens(t *testing.T) {
	t.Parallel()
	const good = "https://wiki.example.com/a/b?x=1&y=2#z"
	for sentence, tc := range map[string]struct {
		address string
		limit   int
		want    string
	}{
		"an address":                 {good, 100, good},
		"http on a port":             {"http://127.0.0.1:8080/", 100, "http://127.0.0.1:8080/"},
		"a host of another script":   {"https://例え.jp/", 100, "https://例え.jp/"},
		"just as long as it may be":  {good, len(good), good},
		"one byte too long":          {good, len(good) - 1, ""},
		"nothing":                    {"", 100, ""},
		"no address":                 {"not found", 100, ""},
		"no host":                    {"https:///path", 100, ""},
		"a path":                     {"/incidents/1", 100, ""},
		"a script":                   {"javascript:alert(1)", 100, ""},
		"a file":                     {"file:///etc/passwd", 100, ""},
		"a user":                     {"https://user@example.com/", 100, ""},
		"a password":                 {"https://user:hunter2@example.com/", 100, ""},
		"the end of a link of Slack": {"https://example.com/|x>", 100, ""},
		"a link within a link":       {"https://example.com/<https://evil.example|x>", 100, ""},
		"the end of an attribute":    {"https://example.com/\"onclick=x", 100, ""},
		"a quote":                    {"https://example.com/'x", 100, ""},
		"white space":                {"https://example.com/a b", 100, ""},
		"a line break":               {"https://example.com/\r\nBcc: x", 100, ""},
		"what turns the direction":   {"https://example.com/\u202egnp.exe", 100, ""},
		"what cannot be seen":        {"https://exam\u200bple.com/", 100, ""},
		"bytes that are no UTF-8":    {"https://example.com/\xff", 100, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := alerting.Link(tc.address, tc.limit); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// FuzzLine: whatever a stranger writes, and however long it may be, a line is
// one line that can be shown, is not longer than it may be, and stays as it is
// when it is cleaned again.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "Toko Maju", "a\r\nBcc: x\x00\x1b[31m", "\u202etxt.exe\u200b\ufeff\u00ad", "\xff\xed\xa0\x80", "東京 🙂", strings.Repeat("x ", 300)} {
		f.Add(s, 5)
		f.Add(s, 0)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := alerting.Line(s, limit)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
			t.Errorf("got %q from %q: not all of it can be seen", got, s)
		}
		if got != strings.Join(strings.Fields(got), " ") {
			t.Errorf("got %q from %q: its spaces are not folded", got, s)
		}
		if n := utf8.RuneCountInString(got); limit > 0 && n > limit {
			t.Errorf("got %d characters of %q, want at most %d", n, s, limit)
		}
		if again := alerting.Line(got, limit); again != got {
			t.Errorf("got %q, and %q of that", got, again)
		}
	})
}

// FuzzLink: what comes out is what went in, holds nothing that could end it,
// and no secret.
func FuzzLink(f *testing.F) {
	for _, s := range []string{"", "https://example.com/a?b=c#d", "https://u:p@example.com", "javascript:alert(1)", "http://[::1]:80/", "https://x/\u202e<|>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := alerting.Link(s, 200)
		if got == "" {
			return
		}
		scheme, rest, _ := strings.Cut(got, "://")
		host, _, _ := strings.Cut(rest, "/")
		if scheme = strings.ToLower(scheme); got != s || len(got) > 200 || scheme != "http" && scheme != "https" || strings.ContainsAny(got, " <>|\"'\r\n") {
			t.Errorf("got %q of %q", got, s)
		}
		if before, _, _ := strings.Cut(strings.NewReplacer("?", "/", "#", "/").Replace(host), "/"); strings.Contains(before, "@") {
			t.Errorf("got %q, with a user", got)
		}
	})
}
