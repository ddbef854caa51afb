package main

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

func TestEveryFaultHasItsSentence(t *testing.T) {
	t.Parallel()
	for _, f := range probes.Faults() {
		if s := adviceOn(f); !strings.HasSuffix(s, ".") || len(s) < 20 {
			t.Errorf("%s: %q is no sentence", f, s)
		}
	}
	for _, f := range certificate.Faults() {
		if s := adviceOnCertificate(f); !strings.HasSuffix(s, ".") || len(s) < 20 {
			t.Errorf("%s: %q is no sentence", f, s)
		}
	}
	for _, w := range (^probes.NoteSet(0)).Words() {
		if s := adviceOnNote(w); !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q is no sentence", w, s)
		}
	}
	if adviceOn("a word of tomorrow") != adviceOn(probes.FaultUnknown) {
		t.Error("an unknown word has no sentence")
	}
}
