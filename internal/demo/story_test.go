//go:build integration

package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// incident is the part of an incident that the test looks at.
type incident struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Rule     string    `json:"rule"`
	Scope    string    `json:"scope"`
	Severity string    `json:"severity"`
	Opened   time.Time `json:"opened_at"`
	Resolved time.Time `json:"resolved_at"`
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// The whole story, at its own speed: each cause is one incident that is told
// in Slack and by mail and resolved where it was told.
func TestStory(t *testing.T) {
	t.Parallel()
	out := newOutput()
	d, err := open(t.Context(), Options{Out: out, Once: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	var sent record
	d.handed = sent.take
	over, checked := make(chan struct{}), make(chan struct{})
	d.last = func(ctx context.Context) {
		close(over)
		select {
		case <-checked:
		case <-ctx.Done():
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { ended <- d.run(ctx) })
	select {
	case <-out.written:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v", err)
	}
	begun := d.begun
	if !sleep(ctx, time.Until(begun.Add(firstFix))) {
		t.Fatal(ctx.Err())
	}
	if status, body := fetch(t, "http://"+d.page.Addr().String()+"/"); status != http.StatusOK || !strings.Contains(body, "First fix</h1>") || !strings.Contains(body, "Open the incident") {
		t.Errorf("the page at the first fix: status %d:\n%s", status, body)
	}
	select {
	case <-over:
	case err := <-ended:
		t.Fatalf("it ended before its story: %v", err)
	}
	await(ctx, d)
	incidents := told(t, d)
	roots, replies := posts(d)
	for _, in := range incidents {
		t.Logf("%-22s %-35s %-8s opened at %s, resolved at %s", in.Rule, in.Scope, in.Severity,
			in.Opened.Sub(begun).Round(time.Second), in.Resolved.Sub(begun).Round(time.Second))
		root, ok := roots[in.ID[len(in.ID)-6:]]
		if !ok || !strings.Contains(string(root.Latest().Blocks), "resolved") {
			t.Errorf("%s: its message in Slack is missing, or does not say that it is resolved", in.Scope)
		}
		if !slices.ContainsFunc(replies[root.TS], func(m hooktest.SlackMessage) bool { return strings.Contains(m.Latest().Text, "recovered") }) {
			t.Errorf("%s: no reply in its thread says that it is over", in.Scope)
		}
	}
	if want := len(incidents) + 1; len(roots) != want {
		t.Errorf("%d messages in the channel, want one for each of %d incidents, and the platform's digest", len(roots), len(incidents))
	}
	checkDigests(t, d, sent.all())
	if got, want := d.sinks.mail.Stats().Messages, 2*len(incidents); got < want {
		t.Errorf("%d mails, want at least %d: opened and resolved", got, want)
	}
	close(checked)
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v, want nil", err)
	}
}

// await waits until everything has been told, on a machine that is slow; what
// is not told by then is for the test to name.
func await(ctx context.Context, d *demo) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !allTold(d) && sleep(ctx, readyEvery) {
	}
}

// allTold reports whether each message says that its incident is over, and has
// a reply to that, and whether all digests are there.
func allTold(d *demo) bool {
	roots, replies := posts(d)
	for number, root := range roots {
		over := func(m hooktest.SlackMessage) bool { return strings.Contains(m.Latest().Text, "recovered") }
		if number != "" && (!strings.Contains(string(root.Latest().Blocks), "resolved") || !slices.ContainsFunc(replies[root.TS], over)) {
			return false
		}
	}
	digests := 0
	for _, m := range merchants() {
		if m.Digest == "" {
			continue
		}
		digests++
		if !slices.ContainsFunc(lettersOf(d.sinks.mail.Messages()), func(l letter) bool { return l.Other == m.Digest }) {
			return false
		}
	}
	_, platform := roots[""]
	return platform && d.sinks.mail.Stats().Messages >= 2*(len(roots)-1)+digests
}

// told returns the incidents, and checks that they are those of the story.
func told(t *testing.T, d *demo) []incident {
	t.Helper()
	var list struct{ Items []incident }
	if _, body := fetch(t, d.api+"/api/v1/incidents"); json.Unmarshal([]byte(body), &list) != nil {
		t.Fatalf("incidents: %s", body)
	}
	want := map[string]struct{ opens, resolves time.Duration }{
		"platform_error_ratio platform":             {trouble, fullFix},
		"certificate target:" + ledgerTarget:        {trouble, fullFix},
		"endpoint_down endpoint:" + hangingEndpoint: {hangs, fullFix},
		"certificate endpoint:" + expiringEndpoint:  {runsOut - 6*time.Second, fullFix}, // page_below, and a round
	}
	for _, in := range list.Items {
		name := in.Rule + " " + in.Scope
		w, ok := want[name]
		if !ok {
			t.Errorf("an incident that nobody ordered: %+v", in)
			continue
		}
		delete(want, name)
		if at := in.Opened.Sub(d.begun); at < w.opens || at > firstFix {
			t.Errorf("%s opened at %s, want between %s and %s", name, at, w.opens, firstFix)
		}
		if at := in.Resolved.Sub(d.begun); in.State != "resolved" || at < w.resolves {
			t.Errorf("%s is %s, at %s; want resolved after %s", name, in.State, at, w.resolves)
		}
	}
	for name := range want {
		t.Errorf("no incident %s", name)
	}
	return list.Items
}

// signature closes the message of an incident.
var signature = regexp.MustCompile(`"hookvigil ([a-z0-9]{6})"`)

// posts returns the messages of the channel by the number of the incident that
// they name, the platform's digest by none, and the replies by what they reply to.
func posts(d *demo) (roots map[string]hooktest.SlackMessage, replies map[string][]hooktest.SlackMessage) {
	roots, replies = map[string]hooktest.SlackMessage{}, map[string][]hooktest.SlackMessage{}
	for _, m := range d.sinks.messages() {
		if m.Thread != "" {
			replies[m.Thread] = append(replies[m.Thread], m)
			continue
		}
		number := ""
		if found := signature.FindStringSubmatch(string(m.Latest().Blocks)); found != nil {
			number = found[1]
		}
		roots[number] = m
	}
	return roots, replies
}

// record keeps what was handed in.
type record struct {
	mu   sync.Mutex // guards list
	list []attempt
}

func (r *record) take(list []attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, list...)
}

func (r *record) all() []attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// facts is the part of a digest that the test looks at.
type facts struct {
	Window struct{ Start, End time.Time }
	First  struct{ Total, Failed int }

	Endpoints []struct {
		ID    string
		First struct{ Total, Failed int }
	}
}

// checkDigests holds what merchants are told against what was handed in.
func checkDigests(t *testing.T, d *demo, sent []attempt) {
	t.Helper()
	for _, m := range merchants() {
		if m.Digest == "" {
			continue
		}
		mails := slices.DeleteFunc(lettersOf(d.sinks.mail.Messages()), func(l letter) bool { return l.Other != m.Digest })
		if len(mails) != 1 || mails[0].HTML == "" || !strings.Contains(mails[0].Text, m.Endpoints[0].ID) {
			t.Errorf("%s got %d mails, want one digest with HTML, and the endpoint in its text", m.Digest, len(mails))
		}
		var f facts
		if status, body := fetch(t, d.api+"/api/v1/digests/preview?merchant="+m.ID); status != http.StatusOK || json.Unmarshal([]byte(body), &f) != nil {
			t.Errorf("digest of %s: status %d: %s", m.ID, status, body)
			continue
		}
		if begins := f.Window.Start.Sub(d.begun); begins < windowBegins || begins > trouble || f.Window.End.Sub(f.Window.Start) != windowLength {
			t.Errorf("%s: the window is %s to %s; want %s that begin before the trouble", m.ID, f.Window.Start, f.Window.End, windowLength)
		}
		for _, ep := range f.Endpoints {
			total, failed := 0, 0
			for _, a := range sent {
				if a.Endpoint == ep.ID && a.Number == 1 && !a.Started.Before(f.Window.Start) && a.Started.Before(f.Window.End) {
					total++
					if a.failed() {
						failed++
					}
				}
			}
			if ep.First.Total != total || ep.First.Failed != failed || total == 0 {
				t.Errorf("%s: its digest says %d of %d first attempts failed, and %d of %d were handed in", ep.ID, ep.First.Failed, ep.First.Total, failed, total)
			}
		}
	}
}
