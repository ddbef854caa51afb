//go:build integration

package acceptance_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// hasteAlone is rulesOfHaste with each endpoint an incident of its own.
func hasteAlone() string {
	return strings.NewReplacer("confirm: 1,", "confirm: 0,", "rules: {", "rules: {common_cause: {endpoints: 1000}, ").Replace(rulesOfHaste)
}

// newFaulty makes a house whose receiver named to is the only one that is
// told. change replaces texts of its configuration, in pairs.
func newFaulty(t *testing.T, endpoints int, to string, change func(h *house) []string) *faulty {
	t.Helper()
	f := &faulty{house: furnish(t, endpoints, hasteAlone(), true)}
	f.hook.behave()
	f.rewrite(append(change(f.house), "routes: [{to: [ops, mail, pager, hook]}]", "routes: [{to: ["+to+"]}]")...)
	// What is held in the trap is not given up before the daemon dies of it.
	f.rewrite("kind: slack,", "kind: slack, timeout: 30s,", "kind: pagerduty,", "kind: pagerduty, timeout: 30s,", "kind: webhook,", "kind: webhook, timeout: 30s,")
	return f
}

func slackFaults(t *testing.T, endpoints int) *faulty {
	t.Helper()
	var g *httpGate
	f := newFaulty(t, endpoints, "ops", func(h *house) []string {
		g = openGateTo(t, h.slack.URL())
		return []string{h.slack.APIURL(), g.server.URL + "/api/"}
	})
	f.trap, f.opens, f.closes, f.once = g.trap, "chat.postMessage", []string{"chat.update", "chat.postMessage"}, true
	f.arrivals = func() (list []arrival) {
		roots, replies := f.roots()
		about, resolved := map[string]string{}, map[string]bool{}
		for _, m := range roots {
			about[m.TS], resolved[m.TS] = string(m.Latest().Blocks), strings.Contains(m.Latest().Text, "resolved:")
			list = append(list, arrival{about: about[m.TS], key: m.Versions[0].Metadata.Idem()})
		}
		for _, m := range replies {
			key := m.Versions[0].Metadata.Idem()
			list = append(list, arrival{about: about[m.Thread], key: key, over: resolved[m.Thread] && strings.Contains(key, ":resolve:")})
		}
		return list
	}
	return f
}

func mailFaults(t *testing.T, endpoints int) *faulty {
	t.Helper()
	var g *mailGate
	f := newFaulty(t, endpoints, "mail", func(h *house) []string {
		g = openMailGate(t, h.mail.Addr().String())
		_, port, _ := strings.Cut(g.ln.Addr().String(), ":")
		return []string{fmt.Sprintf("port: %d,", h.mail.Addr().Port()), "port: " + port + ","}
	})
	f.trap, f.opens, f.closes = g.trap, finalDot, []string{finalDot}
	f.arrivals = func() (list []arrival) {
		for _, m := range f.mail.Messages() {
			text := strings.ReplaceAll(string(m.Data), "=\r\n", "")
			list = append(list, arrival{about: text, key: m.ID, over: strings.Contains(m.Header.Get("Subject"), "esolved")})
		}
		return list
	}
	return f
}

func pagerFaults(t *testing.T, endpoints int) *faulty {
	t.Helper()
	var g *httpGate
	f := newFaulty(t, endpoints, "pager", func(h *house) []string {
		g = openGateTo(t, h.pager.URL())
		return []string{h.pager.URL(), g.server.URL}
	})
	f.trap, f.opens, f.closes = g.trap, "enqueue", []string{"enqueue"}
	f.arrivals = func() (list []arrival) {
		about := map[string]string{}
		for _, c := range f.pager.Calls() {
			if c.Action == hooktest.PagerDutyTrigger {
				about[c.Key] = string(c.Body)
			}
			list = append(list, arrival{about: about[c.Key], key: c.Key, over: c.Action == hooktest.PagerDutyResolve})
		}
		return list
	}
	t.Cleanup(func() {
		for _, a := range f.pager.Alerts() {
			if strings.Contains(a.Summary, "cannot write its store") {
				continue // a slow machine holds it locked for so long that it is told
			}
			if a.Pages != 1 || a.State != hooktest.PagerDutyResolved {
				t.Errorf("PagerDuty woke somebody %d times for %s, which is %s; want once, resolved", a.Pages, a.Summary, a.State)
			}
		}
	})
	return f
}

// posts keeps what is posted to it.
type posts struct {
	mu   sync.Mutex
	list []post
}

type post struct {
	id   string // webhook-id
	body []byte
	at   time.Time
}

func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, post{r.Header.Get("webhook-id"), body, time.Now()})
}

func (p *posts) all() []post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]post(nil), p.list...)
}

func hookFaults(t *testing.T, endpoints int) *faulty {
	t.Helper()
	p := &posts{}
	g := openGate(t, p)
	f := newFaulty(t, endpoints, "hook", func(h *house) []string {
		return []string{fmt.Sprintf("url: %q, secret_file", h.hook.URL), fmt.Sprintf("url: %q, secret_file", g.server.URL+"/hook")}
	})
	f.trap, f.opens, f.closes = g.trap, "hook", []string{"hook"}
	f.arrivals = func() (list []arrival) {
		for _, one := range p.all() {
			var b struct {
				Data struct{ Incident struct{ State string } }
			}
			if err := json.Unmarshal(one.body, &b); err != nil {
				t.Errorf("a call that is no JSON: %v", err)
			}
			list = append(list, arrival{about: string(one.body), key: one.id, over: b.Data.Incident.State == "resolved"})
		}
		return list
	}
	return f
}

func alertmanagerFaults(t *testing.T, endpoints int) *faulty {
	t.Helper()
	p := &posts{}
	g := openGate(t, p)
	f := newFaulty(t, endpoints, "am", func(*house) []string {
		return []string{"  hook: {", fmt.Sprintf("  am: {kind: alertmanager, timeout: 30s, urls: [%q]}\n  hook: {", g.server.URL)}
	})
	f.trap, f.opens, f.closes, f.anew = g.trap, "alerts", []string{"alerts"}, true
	f.arrivals = func() (list []arrival) {
		for _, one := range p.all() {
			var alerts []struct {
				Labels map[string]string
				EndsAt time.Time
			}
			if err := json.Unmarshal(one.body, &alerts); err != nil {
				t.Errorf("alerts that are no JSON: %v", err)
			}
			for _, a := range alerts {
				over := !a.EndsAt.After(one.at) // while it is live, it ends in five minutes
				list = append(list, arrival{about: a.Labels["hookvigil_incident"], key: fmt.Sprint(a.Labels), over: over})
			}
		}
		return list
	}
	return f
}
