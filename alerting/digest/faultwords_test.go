package digest

import (
	"testing"

	"github.com/hookvigil/hookvigil/probes"
)

func TestFailuresInPlainWords(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		faults []Fault
		en, id string
	}{
		"attempts and probes": {
			[]Fault{{"timeout_response", 19, 22}},
			"no answer in time (timeout_response): 22 first attempts, 19 probes", "tidak ada jawaban tepat waktu (timeout_response): 22 percobaan pertama, 19 pemeriksaan",
		},
		"one of each, the worst first": {
			[]Fault{{"http_5xx", 1, 0}, {"refused", 0, 1}},
			"the connection was refused (refused): 1 first attempt; server error (http_5xx): 1 probe", "sambungan ditolak (refused): 1 percobaan pertama; kesalahan server (http_5xx): 1 pemeriksaan",
		},
		"a word that is not of the closed set": {[]Fault{{"new_word", 0, 2}}, "new_word: 2 first attempts", "new_word: 2 percobaan pertama"},
		"more than four": {
			[]Fault{{"a", 0, 9}, {"b", 0, 8}, {"c", 0, 7}, {"d", 0, 6}, {"e", 0, 5}},
			"a: 9 first attempts; b: 8 first attempts; c: 7 first attempts; d: 6 first attempts; and 1 more", "a: 9 percobaan pertama; b: 8 percobaan pertama; c: 7 percobaan pertama; d: 6 percobaan pertama; dan 1 lagi",
		},
		"none": {nil, "", ""},
	} {
		for language, want := range map[string]string{"en": tc.en, "id": tc.id} {
			if got := newVoice(Facts{Language: language}).failures(tc.faults); got != want {
				t.Errorf("%s: got %q, want %q", sentence, got, want)
			}
		}
	}
}

func TestAnswersSayOfHowMany(t *testing.T) {
	t.Parallel()
	const all = "half within 0.18 s, 95% within 0.31 s, 99% within 1.2 s; limit 30 s"
	for sentence, tc := range map[string]struct {
		faults []Fault
		want   string
	}{
		"all answered":             {nil, all},
		"all answered, some badly": {[]Fault{{"http_5xx", 3, 3}, {"http_404", 0, 1}}, all},
		"22 attempts timed out":    {[]Fault{{"timeout_response", 0, 22}}, "of the 358 that answered, " + all},
		"a probe was refused":      {[]Fault{{"refused", 1, 0}}, "of the 358 that answered, " + all},
		"a fault that never was":   {[]Fault{{"refused", 0, 0}}, all},
	} {
		e := healthy("a")
		e.Faults = tc.faults
		if got := newVoice(Facts{}).answers(e); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}

func TestWhatIsAnAnswer(t *testing.T) {
	t.Parallel()
	n := 0
	for _, f := range probes.Faults() {
		if answered(f) {
			n++
		}
	}
	if n != 8 {
		t.Errorf("got %d faults that are answers, want 8: seven of HTTP, and one that accepts a wrong token", n)
	}
}
