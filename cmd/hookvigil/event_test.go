package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// events makes the fake answer for the events of testdata/answers, with the
// filters of the API by words, and for evt_77 of the source core.
func (f *fakeDaemon) events(t *testing.T) {
	t.Helper()
	var all struct{ Items []json.RawMessage }
	if err := json.Unmarshal(answerFile(t, "events.json"), &all); err != nil {
		t.Fatal(err)
	}
	f.mux.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		kept, next, q := []json.RawMessage{}, "", r.URL.Query()
		for _, raw := range all.Items {
			var row map[string]any
			_ = json.Unmarshal(raw, &row)
			other := slices.ContainsFunc([]string{"endpoint", "type", "merchant"}, func(key string) bool {
				want := q.Get(key)
				return want != "" && row[key] != want
			})
			if state, _ := row["state"].(string); !other && (len(q["state"]) == 0 || slices.Contains(q["state"], state)) {
				kept = append(kept, raw)
			}
		}
		if limit, _ := strconv.Atoi(q.Get("limit")); limit < len(kept) {
			kept, next = kept[:limit], "more"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": kept, "next": next})
	})
	f.says(t, "GET /api/v1/events/core/evt_77", "event.json")
	f.sources("core", "legacy")
}

// sources makes the fake know these sources.
func (f *fakeDaemon) sources(names ...string) {
	f.mux.HandleFunc("GET /api/v1/facets/source", func(w http.ResponseWriter, _ *http.Request) {
		items := []map[string]string{}
		for _, n := range names {
			items = append(items, map[string]string{"value": n})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "next": ""})
	})
}

func TestEventsReadWell(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.events(t)
	golden(t, "event", f.transcript(t,
		"event ls", "event ls --limit 2 --verbose", "event ls --state exhausted,retrying --endpoint acme-payouts", "event ls --type gone",
		"event ls --state lost", "event ls --since yesterday", "event ls --since 1h --until 2h", "event ls --limit 0", "event ls evt_77",
		"event show evt_77", "event show evt_77 --source core", "event show evt_1", "event show evt_1 --source core", "event show", "event shw"))
}

func TestNoEventIsSaid(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.mux.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"items":[],"next":""}`)) })
	for args, want := range map[string]string{
		"event ls": "no event has failed yet\n", "event ls --since 6h": "no such event\n", "event ls --json": `{"items":[],"next":""}` + "\n",
	} {
		if got := f.call(t, strings.Fields(args)...); got != (outcome{stdout: want}) {
			t.Errorf("%s: got %+v, want %q", args, got, want)
		}
	}
}

func TestEventsAsJSONAreTheAPIs(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.events(t)
	for args, file := range map[string]string{
		"event ls --json": "events.json", "event show evt_77 --json": "event.json", "event show evt_77 --source core --json": "event.json",
	} {
		got := f.call(t, strings.Fields(args)...)
		if got.status != exitGood || strings.Count(got.stdout, "\n") != 1 || !sameJSON(t, got.stdout, string(answerFile(t, file))) {
			t.Errorf("%s: status %d, stdout %s, stderr %s; want %s in one line", args, got.status, got.stdout, got.stderr, file)
		}
	}
}

// TestStrangersWordsStayHarmless: whatever an event is called, a line stays a
// line of at most 100 cells, without anything that a terminal acts upon.
func TestStrangersWordsStayHarmless(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.says(t, "GET /api/v1/events", "hostileevents.json")
	ls := f.call(t, "event", "ls", "--limit", "4", "--verbose")
	harmless(t, ls.stdout, 4*3+6)
	if n := strings.Count(ls.stdout, cutMark); n != 5 {
		t.Errorf("%d marks of what was cut, want 5:\n%s", n, ls.stdout)
	}
	golden(t, "eventhostile", ls.stdout)

	hostile := "\x1b]0;title\x07\u202eevt\r\n$ rm -rf\u2028" + strings.Repeat("é\u0301\u0302\u0303\u0304\u0305", 2000)
	raw, err := json.Marshal(map[string]any{"source": hostile, "id": hostile, "endpoints": []any{map[string]any{
		"id": hostile, "source": hostile, "endpoint": hostile, "merchant": hostile, "type": hostile, "key": hostile, "state": hostile, "delivered_by": hostile, "schedule": hostile,
	}, map[string]any{"id": "evt", "endpoint": "a", "state": "delivered", "delivered_by": hostile}}, "attempts": []any{map[string]any{
		"endpoint": hostile, "by": hostile, "fault": hostile, "error": hostile, "started_at": "2023-11-11T10:00:01Z",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	f.mux.HandleFunc("GET /api/v1/events/core/evt", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(raw) })
	show := f.call(t, "event", "show", "evt", "--source", "core")
	if show.status != exitGood || len(show.stdout) > 30_000 {
		t.Errorf("status %d and %d bytes: %s", show.status, len(show.stdout), show.stderr)
	}
	plainLines(t, show.stdout)
}

// harmless checks the lines of a table.
func harmless(t *testing.T, out string, lines int) {
	t.Helper()
	if n := strings.Count(out, "\n"); n != lines {
		t.Errorf("%d lines, want %d:\n%s", n, lines, out)
	}
	for l := range strings.Lines(out) {
		if n := cells(strings.TrimSuffix(l, "\n")); n > terminalWidth || len(l) > 4000 {
			t.Errorf("a line of %d cells in %d bytes: %s", n, len(l), l)
		}
	}
	plainLines(t, out)
}

// plainLines checks that nothing in out is a control character but line ends.
func plainLines(t *testing.T, out string) {
	t.Helper()
	for _, c := range out {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || unicode.In(c, unicode.Zl, unicode.Zp)) {
			t.Fatalf("the output holds %U", c)
		}
	}
}

// TestEveryMixtureOfWidthsFits: whatever is wide, the table is not, and what
// was short enough stays whole.
func TestEveryMixtureOfWidthsFits(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 11, 10, 49, 30, 0, time.UTC)
	sizes := []int{0, 5, 20, 36, 300}
	for _, id := range sizes {
		for _, endpoint := range sizes {
			for _, kind := range sizes {
				e := event{
					ID: text(strings.Repeat("i", id)), Endpoint: text(strings.Repeat("e", endpoint)), Type: text(strings.Repeat("t", kind)),
					State: "retrying", Attempts: 1000, ManualAttempts: 1000, LastStatus: 503, LastFault: "tls_not_yet_valid",
				}
				var b bytes.Buffer
				columnsOfEvents([]event{e}, now).print(&b, terminalWidth, nil)
				harmless(t, b.String(), 2)
				if id <= 20 && endpoint <= 5 && kind <= 5 && strings.Contains(b.String(), cutMark) {
					t.Errorf("something was cut although there was room:\n%s", b.String())
				}
			}
		}
	}
}

func TestAnEventOfSeveralSourcesHasToBeNamed(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.events(t)
	f.says(t, "GET /api/v1/events/legacy/evt_77", "event.json")
	got := f.call(t, "event", "show", "evt_77")
	if got.status != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, `is in 2 sources: "core", "legacy"; name one with --source`) {
		t.Errorf("got %+v, want both sources and status %d", got, exitUsage)
	}
}

// TestAnyIDReachesTheDaemonWhole: a path has its own meaning for slashes and
// dots.
func TestAnyIDReachesTheDaemonWhole(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a/b", "..", ".", "a b?c#d%2F", "支払い", "a;b&c=d+e", "../../targets"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			f := startFake(t)
			f.sources("s/1", "..")
			asked := make(chan string, 8)
			f.mux.HandleFunc("GET /api/v1/events/{source}/{id}", func(w http.ResponseWriter, r *http.Request) {
				asked <- r.PathValue("source") + " " + r.PathValue("id")
				refuse(w, http.StatusNotFound, "there is no such event")
			})
			got := f.call(t, "event", "show", id)
			close(asked)
			var all []string
			for a := range asked {
				all = append(all, a)
			}
			if want := []string{"s/1 " + id, ".. " + id}; !slices.Equal(all, want) || got.status != exitUsage {
				t.Errorf("asked %q with %+v, want %q", all, got, want)
			}
		})
	}
}

func TestASearchThatFindsLittleGoesOnAndEnds(t *testing.T) {
	t.Parallel()
	f, asked := startFake(t), 0
	f.mux.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Query().Get("limit") != "50" && asked <= 10 || (r.URL.Query().Get("cursor") == "") != (asked == 1) {
			t.Errorf("page %d asked with %s", asked, r.URL.RawQuery)
		}
		if asked == 10 {
			_, _ = w.Write([]byte(`{"items":[{"id":"rare","state":"exhausted"}],"next":"x"}`))
			return
		}
		_, _ = w.Write([]byte(`{"items":[],"next":"x"}`))
	})
	got := f.call(t, "event", "ls", "--key", "rare")
	if asked != maxEventPages || !strings.Contains(got.stdout, "1 event: 1 exhausted (X)") || !strings.Contains(got.stdout, "The search gave up before its end: --since") {
		t.Errorf("%d pages: %+v", asked, got)
	}
}

func TestTheQuestionForEventsIsTheFilters(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 11, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ args, want string }{
		"nothing":         {"", ""},
		"every word":      {"--merchant m --endpoint e --source s --type t --product p --channel c --key k", "channel=c&endpoint=e&key=k&merchant=m&product=p&source=s&type=t"},
		"states together": {"--state retrying,pending --state delivered", "state=retrying&state=pending&state=delivered"},
		"hours ago":       {"--since 6h --until 90m", "from=2023-11-11T04%3A00%3A00Z&to=2023-11-11T08%3A30%3A00Z"},
		"days ago":        {"--since 2d", "from=2023-11-09T10%3A00%3A00Z"},
		"half a day ago":  {"--since 0.5d", "from=2023-11-10T22%3A00%3A00Z"},
		"a time":          {"--since 2023-11-11T12:00:00.5+07:00", "from=2023-11-11T05%3A00%3A00.5Z"},
		"no length":       {"--since x", ""},
		"the future":      {"--since -6h", ""},
		"a day of days":   {"--until 1dd", ""},
		"for ever":        {"--since 106751d", ""},
		"not even days":   {"--since d", ""},
		"not a number":    {"--since NaNd", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f eventFilter
			cmd := &cobra.Command{Use: "ls"}
			f.add(cmd)
			if err := cmd.ParseFlags(strings.Fields(c.args)); err != nil {
				t.Fatal(err)
			}
			q, err := f.query(cmd, now)
			if q.Encode() != c.want || (err != nil) != (c.want == "" && c.args != "") {
				t.Errorf("got %q and %v, want %q", q.Encode(), err, c.want)
			}
		})
	}
}

func TestLengthsOfTimeAreReadable(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		-time.Second: {"0s", "under 1 s"}, 0: {"0s", "under 1 s"}, 38 * time.Second: {"38s", "38 s"}, time.Minute: {"1m", "1 min"},
		90 * time.Second: {"1m", "1 min 30 s"}, 4*time.Hour + 12*time.Minute + 59*time.Second: {"4h12m", "4 h 12 min"},
		24 * time.Hour: {"24h00m", "1 d"}, 48*time.Hour - 1: {"47h59m", "1 d 23 h"}, 49 * time.Hour: {"2d", "2 d 1 h"},
	} {
		if got := [2]string{brief(d), spell(d)}; got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestWhatWasCutSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s     string
		width int
		want  string
	}{
		"as wide as the room":      {"abcde", 5, "abcde"},
		"one too wide":             {"abcdef", 5, "abcd…"},
		"twice as wide as letters": {"支払い", 6, "支払い"},
		"half of one does not fit": {"支払い", 5, "支払…"},
		"nor here":                 {"支払い", 4, "支…"},
		"accents take no room":     {"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
	} {
		if got := cut(c.s, c.width); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := cut("e"+strings.Repeat("\u0301", 10_000)+"f", 5); got != "e\u0301\u0301\u0301f" {
		t.Errorf("a tower of accents became %d characters", len([]rune(got)))
	}
}

func TestStandsSaysWhatComes(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 11, 10, 49, 30, 0, time.UTC)
	first := now.Add(-time.Hour)
	for name, c := range map[string]struct {
		e    event
		want []string
	}{
		"lost, as the clock says": {
			event{State: "exhausted", FirstAttemptAt: first, LastAttemptAt: first, NextRetryAt: now.Add(-30 * time.Minute), ExhaustsAt: now.Add(-20 * time.Minute)},
			[]string{"LOST: the last automatic try was due 2023-11-11 10:29:30 UTC, 20 min ago, and was not heard of", "only a person can resend it"},
		},
		"lost, nobody knows when": {event{State: "exhausted"}, []string{"LOST: no automatic try is left", "only a person can resend it"}},
		"an unknown schedule":     {event{State: "retrying"}, []string{"when the next try comes is not known", "when the last try comes is not known"}},
		"the next is the last": {
			event{State: "retrying", NextRetryAt: now.Add(time.Hour), ExhaustsAt: now.Add(time.Hour)},
			[]string{"next try 2023-11-11 11:49:30 UTC, in 1 h", "that is the last automatic try; then lost unless resent"},
		},
		"overdue within the tolerance": {
			event{State: "retrying", LastAttemptAt: first, NextRetryAt: now.Add(-2 * time.Minute), ExhaustsAt: now.Add(-time.Minute)},
			[]string{
				"the next try was due 2023-11-11 10:47:30 UTC, 2 min ago, and was not heard of",
				"the last automatic try was due 2023-11-11 10:48:30 UTC, 1 min ago, and was not heard of",
			},
		},
		"canceled":                     {event{State: "canceled", Attempts: 1}, []string{"its sender gave it up after 1 try"}},
		"pending":                      {event{State: "pending"}, []string{"no automatic try is known yet, and nothing was delivered"}},
		"delivered at once":            {event{State: "delivered", FirstAttemptAt: first, DeliveredAt: now, DeliveredBy: "automatic", Attempts: 1}, []string{"2023-11-11 10:49:30 UTC automatically"}},
		"delivered by nobody we know":  {event{State: "delivered", FirstAttemptAt: first, DeliveredAt: now, Attempts: 2}, []string{"2023-11-11 10:49:30 UTC by -, 1 h after the first try"}},
		"delivered before it was born": {event{State: "delivered", FirstAttemptAt: now, DeliveredAt: first, DeliveredBy: "Budi", ManualAttempts: 2}, []string{"2023-11-11 09:49:30 UTC by Budi"}},
	} {
		if got := c.e.stands(now); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWithoutADaemonTheVerbsOfDeliveriesSaySo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := &fakeDaemon{config: dir + "/hookvigil.yaml"}
	write(t, f.config, "version: 1\ndata_dir: "+dir+"\nmerchants: []\n")
	for _, args := range []string{"event ls", "event ls --json", "event show x", "event show x --source y", "backlog", "backlog x", "backlog --merchant x"} {
		if got := f.call(t, strings.Fields(args)...); got.status != exitUsage || !strings.Contains(got.stderr, "no daemon runs on") {
			t.Errorf("%s: %+v, want that no daemon runs", args, got)
		}
	}
}

func TestEventsComplete(t *testing.T) {
	t.Parallel()
	f := startFake(t)
	f.events(t)
	asked := map[string]string{
		"event show ":             "evt_91\tretrying at acme-payouts\n",
		"event ls --state ":       "exhausted\nretrying\n",
		"event ls --endpoint ":    "acme-payouts\n",
		"event ls --merchant ":    "acme\n",
		"backlog ":                "acme-payouts\n",
		"backlog --merchant ":     "acme\n",
		"event show evt_77 --so":  "--source\t",
		"event show evt_77 evt_7": ":4\n",
	}
	for _, args := range slices.Sorted(maps.Keys(asked)) {
		var stdout strings.Builder
		root := newRoot()
		root.SetOut(&stdout)
		root.SetErr(&strings.Builder{})
		root.SetArgs(append(append([]string{"__complete"}, strings.Split(args, " ")[0], "--config", f.config), strings.Split(args, " ")[1:]...))
		if err := root.ExecuteContext(unhurried(t)); err != nil || !strings.Contains(stdout.String(), asked[args]) {
			t.Errorf("%s: %v\n%s\nwant %q in it", args, err, stdout.String(), asked[args])
		}
	}
}

func TestASegmentOfAPathIsOne(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"..": "%2E%2E", ".": "%2E", "a/b": "a%2Fb", "a": "a"} {
		if got := pathSegment(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if back, err := url.PathUnescape(pathSegment(in)); err != nil || back != in {
			t.Errorf("%q came back as %q, %v", in, back, err)
		}
	}
}
