package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

func TestATestOfAReceiverReadsWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	for name, answer := range map[string]string{
		"ops": `{"receiver":"ops","notices":[{"lane":"ops/C0123","state":"sent","class":"","text":"","took_seconds":0.4}]}`,
		"mixed": `{"receiver":"mixed","notices":[
			{"lane":"mixed/C0123","state":"sent","class":"","text":"","took_seconds":1.25},
			{"lane":"mixed/C0999","state":"dropped","class":"destination","text":"channel_not_found\u001b[2J","took_seconds":0.2},
			{"lane":"mixed/sre@acme.example","state":"dead","error_class":"auth","error_text":"535 5.7.8 authentication failed","took_seconds":0.2},
			{"lane":"mixed/slow","state":"waiting","class":"","text":"","took_seconds":0}]}`,
		"bare": `{"receiver":"bare","notices":[]}`,
	} {
		f.mux.HandleFunc("POST /api/v1/receivers/"+name+"/test", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
	}
	f.mux.HandleFunc("POST /api/v1/receivers/{name}/test", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, "there is no receiver \""+r.PathValue("name")+"\"")
	})
	golden(t, "notify", f.transcript(t, "notify test ops", "notify test mixed", "notify test bare", "notify test a/b", "notify test", "notify test ops --json"))
}

func TestEveryClassHasAdvice(t *testing.T) {
	t.Parallel()
	for _, class := range classes() {
		if said := adviceOnClass(class); !strings.HasSuffix(said, ".") {
			t.Errorf("%s: advice %q, want a sentence", class, said)
		}
	}
	if said := adviceOnClass("unheard of"); said != "" {
		t.Errorf("advice on what is not known: %q", said)
	}
}

func classes() []alerting.Class {
	return []alerting.Class{
		alerting.ClassTransient, alerting.ClassLimited, alerting.ClassAmbiguous, alerting.ClassDestination, alerting.ClassMessage, alerting.ClassAuth,
	}
}
