package alertmanager_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
)

// says answers with a status, a type and a body.
func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func drops(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func later(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "7")
	w.WriteHeader(http.StatusTooManyRequests)
}

func TestEveryAnswerHasItsClass(t *testing.T) {
	t.Parallel()
	const jsonType, html = "application/json", "text/html; charset=utf-8"
	for sentence, tc := range map[string]struct {
		reply      http.HandlerFunc
		class      alerting.Class // empty: it went well
		retryAfter time.Duration
		says       string
	}{
		"200":                         {says(200, jsonType, ""), "", 0, ""},
		"202, as others answer":       {says(202, jsonType, "{}"), "", 0, ""},
		"204":                         {says(204, "", ""), "", 0, ""},
		"200 with a page":             {says(200, html, "<title>Log in</title>"), alerting.ClassTransient, 0, "log-in"},
		"302 to a page":               {says(302, html, ""), alerting.ClassTransient, 0, "redirects"},
		"400":                         {says(400, jsonType, `"start time must be before end time"`), alerting.ClassMessage, 0, "start time must be before end time"},
		"400 as an object":            {says(400, jsonType, `{"code":602,"message":"labels in body is required"}`), alerting.ClassMessage, 0, "labels in body"},
		"400 as nothing":              {says(400, html, "<h1>no</h1>"), alerting.ClassMessage, 0, "400 Bad Request"},
		"401":                         {says(401, jsonType, ""), alerting.ClassAuth, 0, "401"},
		"403":                         {says(403, jsonType, ""), alerting.ClassAuth, 0, "403"},
		"407":                         {says(407, jsonType, ""), alerting.ClassAuth, 0, "407"},
		"404":                         {says(404, html, ""), alerting.ClassTransient, 0, "route prefix"},
		"408":                         {says(408, jsonType, ""), alerting.ClassTransient, 0, "408"},
		"413":                         {says(413, jsonType, ""), alerting.ClassMessage, 0, "413"},
		"422":                         {says(422, jsonType, ""), alerting.ClassMessage, 0, "422"},
		"429 with Retry-After":        {later, alerting.ClassLimited, 7 * time.Second, "429"},
		"429 without":                 {says(429, jsonType, ""), alerting.ClassLimited, 0, "429"},
		"500":                         {says(500, jsonType, `"boom"`), alerting.ClassTransient, 0, "boom"},
		"502":                         {says(502, html, ""), alerting.ClassTransient, 0, "502"},
		"503":                         {says(503, html, ""), alerting.ClassTransient, 0, "503"},
		"silence":                     {hangs, alerting.ClassTransient, 0, "deadline"},
		"the connection is dropped":   {drops, alerting.ClassTransient, 0, "EOF"},
		"an answer that is very long": {says(500, jsonType, `"`+strings.Repeat("x", 200<<10)+`"`), alerting.ClassTransient, 0, "500"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			n := notice(t, alerting.KindState, 1, ratio())
			if tc.class == "" {
				newBench(t, tc.reply).send(n, alerting.Ref{})
				return
			}
			var b bench
			var ref alerting.Ref
			var err error
			for _, limit := range patience(tc.says == "deadline") {
				b = newBench(t, tc.reply, func(c *alertmanager.Config) { c.Timeout = limit })
				if ref, err = b.r.Send(t.Context(), n, alerting.Ref{}); len(b.am.posted()) > 0 {
					break
				}
			}
			e := b.failed(ref, err, tc.class)
			if e.RetryAfter != tc.retryAfter || !strings.Contains(e.Error(), tc.says) || len(e.Error()) > 1000 {
				t.Errorf("got %s after %s, want %q after %s", e.Error(), e.RetryAfter, tc.says, tc.retryAfter)
			}
			if calls := len(b.am.posted()); calls != 1 {
				t.Errorf("got %d calls, want 1: the outbox alone tries again", calls)
			}
		})
	}
}

func TestClosedPortIsTransient(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.am.Close()
	if e := b.fail(notice(t, alerting.KindState, 1, ratio()), alerting.ClassTransient); !strings.Contains(e.Error(), "refused") {
		t.Errorf("got %s, want it to say refused", e.Error())
	}
}

func TestWhatIsNotAboutIncidentsIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	e := b.fail(notice(t, "digest", 1, alerting.Facts{}), alerting.ClassDestination)
	if calls := len(b.am.posted()); calls != 0 || !strings.Contains(e.Error(), "slack or email") {
		t.Errorf("got %d calls, %s", calls, e.Error())
	}
}

func TestErrorsAndLogsHoldNoSecret(t *testing.T) {
	t.Parallel()
	const marked = "marker-5f2c"
	for sentence, reply := range map[string]http.HandlerFunc{
		"it repeats what it was sent": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, password, _ := r.BasicAuth()
			_, _ = w.Write([]byte(`"no ` + password + ` ` + r.Header.Get("Authorization") + `"`))
		},
		"it hangs": hangs, "it drops": drops, "it refuses": says(403, "application/json", ""), "it redirects": says(302, "", ""), "it is a proxy": says(200, "text/html", ""),
	} {
		for way, change := range map[string]func(*alertmanager.Config){
			"token":    func(c *alertmanager.Config) { c.Token = marked },
			"password": func(c *alertmanager.Config) { c.Username, c.Password = "u", marked },
		} {
			t.Run(sentence+" "+way, func(t *testing.T) {
				t.Parallel()
				hang := sentence == "it hangs"
				b := newBench(t, reply, change, func(c *alertmanager.Config) { c.Timeout = patience(hang)[0] })
				if _, err := b.r.Send(t.Context(), notice(t, alerting.KindState, 1, ratio()), alerting.Ref{}); err == nil || strings.Contains(err.Error(), marked) {
					t.Errorf("got %v, want an error without the secret", err)
				}
				good := newInstance(t, nil)
				var err error
				var log bytes.Buffer
				for _, limit := range patience(hang) {
					log.Reset()
					cfg := alertmanager.Config{URLs: []string{b.am.URL, good.URL}, Timeout: limit}
					change(&cfg)
					r := alertmanager.New(cfg, slog.New(slog.NewTextHandler(&log, nil)))
					if _, err = r.Send(t.Context(), notice(t, alerting.KindState, 1, ratio()), alerting.Ref{}); err == nil {
						break // it was long enough for the other one
					}
				}
				if err != nil || log.Len() == 0 || strings.Contains(log.String(), marked) {
					t.Errorf("got %v and log %q, want a line without the secret", err, log.String())
				}
			})
		}
	}
}
