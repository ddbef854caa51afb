package merchants

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
)

func TestMarksDoNotPaintOverLines(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct{ text, want string }{
		"three hundred accents":         {"Toko" + strings.Repeat("\u0301", 300), "Toko\u0301\u0301\u0301"},
		"a few on each letter":          {strings.Repeat("Z\u0335\u0321\u0334\u0337", 3), strings.Repeat("Z\u0335\u0321\u0334", 3)},
		"two as Vietnamese has them":    {"Vie\u0302\u0323t", "Vie\u0302\u0323t"},
		"a vowel sign and a nasal mark": {"हिंदी", "हिंदी"},
		"none":                          {"Toko Maju", "Toko Maju"},
	} {
		if got := clean(tc.text); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
	if got := clean(strings.Repeat("a\u0301\u0301\u0301\u0301", 200)); utf8.RuneCountInString(got) > longName {
		t.Errorf("got %d characters, want at most %d", utf8.RuneCountInString(got), longName)
	}
}

// TestALongNameEndsNoSentence: it ends in an ellipsis, and a full stop after it
// is one dot too many.
func TestALongNameEndsNoSentence(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "id"} {
		f := alerting.Facts{About: alerting.About{Language: language, MerchantName: strings.Repeat("Toko ", 50)}}
		if text := strings.Join(newVoice(f).footer(f), "\n"); !strings.Contains(text, "…") || strings.Contains(text, "….") {
			t.Errorf("%s: got %q", language, text)
		}
	}
}
