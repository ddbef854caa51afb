package digest

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hookvigil/hookvigil/probes/certificate"
)

func TestIncidentsInTheMerchantsWords(t *testing.T) {
	t.Parallel()
	for title, want := range map[string][4]string{ // en: it runs, it is over; id: likewise
		"batik-invoices is down: timeout_response": {
			"batik-invoices is down: no answer in time", "batik-invoices was down: no answer in time",
			"batik-invoices mati: tidak ada jawaban tepat waktu", "batik-invoices sempat mati: tidak ada jawaban tepat waktu",
		},
		"certificate of batik: expired_leaf": {
			"the certificate of batik is not in order: it has expired", "the certificate of batik was not in order: it has expired",
			"sertifikat batik bermasalah: sudah kedaluwarsa", "sertifikat batik sempat bermasalah: sudah kedaluwarsa",
		},
		"deliveries to batik fail: http_5xx": {
			"deliveries to batik fail: server error", "deliveries to batik failed: server error",
			"pengiriman ke batik gagal: kesalahan server", "pengiriman ke batik sempat gagal: kesalahan server",
		},
		"webhook failures are up on the whole platform": {
			"webhook failures are up on the whole platform", "webhook failures were up on the whole platform",
			"kegagalan webhook meningkat di seluruh platform", "kegagalan webhook sempat meningkat di seluruh platform",
		},
		"3 endpoints of hooks.example: refused": {
			"3 endpoints of hooks.example: the connection was refused", "3 endpoints of hooks.example: the connection was refused",
			"3 endpoints of hooks.example: sambungan ditolak", "3 endpoints of hooks.example: sambungan ditolak",
		},
		"something else: of a new kind": {
			"something else: of a new kind", "something else: of a new kind", "something else: of a new kind", "something else: of a new kind",
		},
		"": {"", "", "", ""},
	} {
		for i, language := range []string{"en", "en", "id", "id"} {
			in := Incident{Title: title}
			if i%2 == 1 {
				in.Resolved = evening.End
			}
			if got := newVoice(Facts{Language: language}).incident(in); got != want[i] {
				t.Errorf("%s: got %q, want %q", language, got, want[i])
			}
		}
	}
}

func TestCertificatesInPlainWords(t *testing.T) {
	t.Parallel()
	for _, f := range certificate.Faults() {
		for _, language := range []string{"en", "id"} {
			if v := newVoice(Facts{Language: language}); v.CertificateFaults[string(f)] == "" {
				t.Errorf("%s has no plain words in %s", f, language)
			}
		}
	}
	if got := newVoice(Facts{}).plainFault("new_word"); got != "new_word" {
		t.Errorf("got %q for a word of a newer version, want it as it is", got)
	}
}

func TestTheStripInWords(t *testing.T) {
	t.Parallel()
	good, few, many, none := Count{12, 0}, Count{12, 1}, Count{12, 9}, Count{}
	for sentence, tc := range map[string]struct {
		strip []Count
		want  string
	}{
		"none failed":           {[]Count{good, good, good, none}, ""},
		"one part":              {[]Count{good, many, good, good}, "between 19:30 and 21:00 WIB, none since"},
		"three different parts": {[]Count{few, many, few, good}, "first between 18:00 and 19:30, most between 19:30 and 21:00, last between 21:00 and 22:30 WIB, none since"},
		"worst at first":        {[]Count{many, few, good, good}, "first and most between 18:00 and 19:30, last between 19:30 and 21:00 WIB, none since"},
		"worst at last":         {[]Count{good, few, good, many}, "first between 19:30 and 21:00, most and last between 22:30 and 00:00 WIB"},
		"no part is the worst":  {[]Count{good, few, few, none}, "first between 19:30 and 21:00, last between 21:00 and 22:30 WIB"},
	} {
		e := healthy("a")
		e.Strip = tc.strip
		f := factsOf(e)
		if got := newVoice(f).whenFailed(f, e); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}

func TestRoundingIsNoGap(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		part, whole time.Duration
		want        string
	}{
		"a moment of 140 s":     {140*time.Second - 200*time.Microsecond, 140 * time.Second, "2 min 20 s"},
		"a second of 140 s":     {139 * time.Second, 140 * time.Second, "2 min 19 s"},
		"a moment of a minute":  {time.Minute - time.Millisecond, time.Minute, "1 min"},
		"20 s of six hours":     {6*time.Hour - 20*time.Second, 6 * time.Hour, "6 h"},
		"40 s of six hours":     {6*time.Hour - 40*time.Second, 6 * time.Hour, "5 h 59 min"},
		"more than there is":    {7 * time.Hour, 6 * time.Hour, "6 h"},
		"two minutes of six h":  {2 * time.Minute, 6 * time.Hour, "2 min"},
		"nothing of six hours":  {0, 6 * time.Hour, "0 s"},
		"nothing of ten second": {0, 10 * time.Second, "0 s"},
	} {
		if got := newVoice(Facts{}).lengthOf(tc.part, tc.whole); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}

// TestSortedBySomethingElse says so only where the ratios that are shown do not
// fall.
func TestSortedBySomethingElse(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		list []Channel
		want bool
	}{
		"they fall":          {[]Channel{{"A", Count{1000, 36}}, {"B", Count{1000, 25}}}, false},
		"one has few":        {[]Channel{{"A", Count{1000, 20}}, {"B", Count{30, 1}}}, true},
		"alike as shown":     {[]Channel{{"A", Count{834, 11}}, {"B", Count{745, 10}}}, false}, // 1.32% and 1.34%
		"there is one alone": {[]Channel{{"A", Count{1000, 20}}}, false},
	} {
		f := platform()
		f.Platform.Channels, f.Platform.Worst = tc.list, nil
		l, err := Mail(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		for form, s := range map[string]string{"text": l.Text, "HTML": l.HTML} {
			if got := strings.Contains(s, "a few attempts weigh less"); got != tc.want {
				t.Errorf("%s, %s: got a sentence on the order: %v, want %v", sentence, form, got, tc.want)
			}
		}
	}
}

// TestPercentIsWrittenOneWay: "4%" in both languages, as everywhere in the
// product.
func TestPercentIsWrittenOneWay(t *testing.T) {
	t.Parallel()
	other := regexp.MustCompile(`\d\s+%|\d\p{Zs}%|percent\b|persen\b`)
	for name, f := range samples() {
		l, err := Mail(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		if found := other.FindString(l.Subject + l.Text); found != "" {
			t.Errorf("%s: got %q", name, found)
		}
	}
}

func TestMarksDoNotPaintOverLines(t *testing.T) {
	t.Parallel()
	f := factsOf(healthy("a" + strings.Repeat("\u0301", 300)))
	f.Name = "e\u0302\u0323 " + strings.Repeat("Z\u0335\u0321\u0334\u0337\u0336", 20)
	l, err := Mail(Judge(f))
	if err != nil {
		t.Fatal(err)
	}
	for form, s := range map[string]string{"subject": l.Subject, "text": l.Text, "HTML": l.HTML} {
		marks := 0
		for _, r := range s {
			if marks++; !unicode.Is(unicode.M, r) {
				marks = 0
			}
			if marks > 3 {
				t.Errorf("%s: a letter has more than three marks:\n%q", form, s)
				break
			}
		}
	}
	if !strings.Contains(l.Text, "e\u0302\u0323 Z") {
		t.Errorf("got %q, want the two marks that Vietnamese puts on a letter", l.Text)
	}
}

// TestALongNameEndsNoSentence: it ends in an ellipsis, and a full stop after it
// is one dot too many.
func TestALongNameEndsNoSentence(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "id"} {
		f := factsOf(healthy("a"))
		f.Name, f.Language = strings.Repeat("Toko ", 50), language
		l, err := Mail(Judge(f))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(l.Text, "…") || strings.Contains(l.Text, "….") {
			t.Errorf("%s: got\n%s", language, l.Text)
		}
	}
}
