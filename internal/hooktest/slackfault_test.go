package hooktest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func playSlack(t *testing.T, s *hooktest.Slack, method hooktest.SlackMethod, steps ...hooktest.SlackStep) {
	t.Helper()
	if err := s.Play(method, steps...); err != nil {
		t.Fatal(err)
	}
}

func TestSlackFaultsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	cases := map[hooktest.SlackFault]struct {
		status int // 0: no answer
		word   string
		pause  string
		hook   int // status of a webhook
		stored bool
	}{
		hooktest.SlackLimited:     {status: 429, word: "ratelimited", pause: "2", hook: 429},
		hooktest.SlackLimitedBare: {status: 429, word: "ratelimited", hook: 429},
		hooktest.SlackLimitedBody: {status: 200, word: "ratelimited", hook: 429},
		hooktest.SlackError500:    {status: 500, hook: 500},
		hooktest.SlackError503:    {status: 503, hook: 503},
		hooktest.SlackHTML:        {status: 200, hook: 200},
		hooktest.SlackInvalidAuth: {status: 200, word: "invalid_auth", hook: 403},
		hooktest.SlackRefused:     {status: 200, word: "account_inactive", hook: 400},
		hooktest.SlackHang:        {},
		hooktest.SlackHangAfter:   {stored: true},
		hooktest.SlackDropBefore:  {},
		hooktest.SlackDropAfter:   {stored: true},
	}
	for _, fault := range hooktest.SlackFaults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			want, known := cases[fault]
			if !known {
				t.Fatal("there is no case for it")
			}
			s, c := newSlack(t, hooktest.SlackOptions{})
			step := hooktest.SlackStep{Fault: fault, RetryAfter: 1500 * time.Millisecond}
			hangs := fault == hooktest.SlackHang || fault == hooktest.SlackHangAfter
			ctx := t.Context()
			if hangs {
				ctx = arrived(t, func(ctx context.Context) error {
					return s.Wait(ctx, func(st hooktest.SlackStats) bool { return st.Calls == 1 })
				})
			}
			if fault == hooktest.SlackRefused {
				step.Error = "account_inactive"
			}
			playSlack(t, s, hooktest.SlackAny, step)
			a := c.callFor(ctx, hooktest.SlackPost, "channel", alerts, "text", "x")
			if a.status != want.status || a.Error != want.word || a.OK || a.header.Get("Retry-After") != want.pause {
				t.Errorf("got %d %q %v, want %+v", a.status, a.raw, a.header, want)
			}
			if left := strings.Contains(a.raw, "context canceled"); want.status == 0 && left != hangs {
				t.Errorf("got %q, want hanging %v", a.raw, hangs)
			}
			c.waitFor(func(st hooktest.SlackStats) bool { return st.Pending == 0 }) // a hang ends with its client
			if got := len(s.Messages(alerts)) == 1; got != want.stored {
				t.Errorf("got stored %v, want %v", got, want.stored)
			}
			call := s.Calls()[0]
			if call.Fault != fault || call.Stored != want.stored || call.Status != want.status || (call.TS != "") != want.stored {
				t.Errorf("got call %+v, want %+v", call, want)
			}
			if hangs {
				c.http.Timeout = impatient
			}
			if a := c.hook("application/json", `{"text":"x"}`); a.status != want.hook {
				t.Errorf("hook: got %d %q, want %d", a.status, a.raw, want.hook)
			}
			playSlack(t, s, hooktest.SlackAny)
			c.http.Timeout = generous // it hangs no more
			c.must(hooktest.SlackPost, "channel", alerts, "text", "well again")
		})
	}
}

func TestSlackScriptsAreByMethod(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	playSlack(t, s, hooktest.SlackAny, hooktest.SlackStep{Fault: hooktest.SlackError503})
	playSlack(t, s, hooktest.SlackPost, hooktest.SlackStep{Fault: hooktest.SlackLimited, Times: 2}, hooktest.SlackStep{})
	var got []int
	for _, method := range []hooktest.SlackMethod{hooktest.SlackPost, hooktest.SlackAuthTest, hooktest.SlackPost, hooktest.SlackPost, hooktest.SlackPost} {
		got = append(got, c.call(method, "channel", alerts, "text", "x").status)
	}
	if want := []int{429, 503, 429, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSlackOutageEndsByTheClock(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	bad := 0
	for outage := impatient; bad == 0 && outage < generous; outage *= 2 { // a slow machine calls when a short one is over
		begun := time.Now()
		playSlack(t, s, hooktest.SlackAny, hooktest.SlackStep{Fault: hooktest.SlackError503, For: outage})
		for c.call(hooktest.SlackAuthTest).status != http.StatusOK {
			bad++
		}
		if took := time.Since(begun); took < outage {
			t.Errorf("a good call after %v, want the first one after %v", took, outage)
		}
	}
	if bad == 0 {
		t.Error("no call was bad")
	}
}

func TestSlackCountsWhoComesEarly(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{Channels: []hooktest.SlackChannel{{ID: "C1", Name: "one"}, {ID: "C2"}}})
	playSlack(t, s, hooktest.SlackPost, hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: time.Hour, Times: 1})
	for _, channel := range []string{"C1", "C2", "#one"} { // the limit is of one channel, whatever it is called
		c.call(hooktest.SlackPost, "channel", channel, "text", "x")
	}
	c.must(hooktest.SlackHistory, "channel", "C1") // and of one method
	var early []bool
	for _, call := range s.Calls() {
		early = append(early, call.Early)
	}
	if want := []bool{false, false, true, false}; !slices.Equal(early, want) || s.Stats().Early != 1 {
		t.Errorf("got %v and %+v, want %v", early, s.Stats(), want)
	}
	if got := s.Calls()[0]; got.Status != 429 {
		t.Errorf("got %+v", got)
	}

	begun := time.Now()
	playSlack(t, s, hooktest.SlackAuthTest, hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: time.Nanosecond, Times: 1})
	if a := c.call(hooktest.SlackAuthTest); a.header.Get("Retry-After") != "1" {
		t.Fatalf("got Retry-After %q, want it rounded up to 1", a.header.Get("Retry-After"))
	}
	for len(s.Calls()) == 5 || s.Calls()[len(s.Calls())-1].Early {
		c.must(hooktest.SlackAuthTest) // nobody stops it, it is only counted
	}
	if took := time.Since(begun); took < time.Second {
		t.Errorf("a call after %v is not early, want that after 1s", took)
	}
}

func TestSlackCountsDuplicates(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{Channels: []hooktest.SlackChannel{{ID: "C1"}, {ID: "C2"}}})
	playSlack(t, s, hooktest.SlackPost, hooktest.SlackStep{Fault: hooktest.SlackDropAfter, Times: 1})
	post := func(channel, key string) slackAnswer {
		return c.call(hooktest.SlackPost, "channel", channel, "text", "x", "metadata", idem(key))
	}
	if a := post("C1", "k"); a.status != 0 || !strings.Contains(a.raw, "EOF") {
		t.Fatalf("got %d %q, want a connection that ends", a.status, a.raw)
	}
	post("C1", "k") // sent again by somebody who does not look first
	post("C2", "k")
	post("C1", "other")
	ts := c.must(hooktest.SlackPost, "channel", "C1", "text", "no key").TS
	c.must(hooktest.SlackPost, "channel", "C1", "text", "no key")
	c.must(hooktest.SlackUpdate, "channel", "C1", "ts", ts, "text", "x", "metadata", idem("k")) // an edit is no copy
	if got := s.Stats(); got.Duplicates != 1 || got.Posts != 6 {
		t.Errorf("got %+v, want 6 posts with one duplicate", got)
	}
	if one, two, none := s.Copies("C1", "k"), s.Copies("C2", "k"), s.Copies("C1", "?"); one != 2 || two != 1 || none != 0 {
		t.Errorf("got %d, %d and %d copies, want 2, 1 and 0", one, two, none)
	}
	read := c.must(hooktest.SlackHistory, "channel", "C2", "include_all_metadata", "1")
	if len(read.Messages) != 1 || read.Messages[0].Metadata.Idem() != "k" {
		t.Errorf("got %+v, want the key to be read back", read.Messages)
	}
}

func TestSlackStoresBeforeItIsSlow(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	playSlack(t, s, hooktest.SlackPost, hooktest.SlackStep{Delay: impatient, Times: 1}, hooktest.SlackStep{Delay: time.Hour})
	begun := time.Now()
	c.must(hooktest.SlackPost, "channel", alerts, "text", "slow")
	if took := time.Since(begun); took < impatient {
		t.Errorf("answered after %v, want %v", took, impatient)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := c.send(ctx, s.APIURL()+"chat.postMessage", "application/x-www-form-urlencoded", hooktest.DefaultSlackToken, "channel=alerts&text=x"); a.status != 0 {
			t.Errorf("got %d, want nothing within an hour", a.status)
		}
	})
	c.waitFor(func(st hooktest.SlackStats) bool { return st.Posts == 2 && st.Pending == 1 })
	cancel()
	wg.Wait()
	c.waitFor(func(st hooktest.SlackStats) bool { return st.Pending == 0 })
}

func TestSlackRefusesToPlayNonsense(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	playSlack(t, s, hooktest.SlackAuthTest, hooktest.SlackStep{Fault: hooktest.SlackError500})
	for sentence, tc := range map[string]struct {
		method hooktest.SlackMethod
		step   hooktest.SlackStep
	}{
		"a method that is not there": {"chat.shout", hooktest.SlackStep{}},
		"a fault that is not there":  {hooktest.SlackAuthTest, hooktest.SlackStep{Fault: "sulk"}},
		"a refusal without a word":   {hooktest.SlackAuthTest, hooktest.SlackStep{Fault: hooktest.SlackRefused}},
		"a word without a refusal":   {hooktest.SlackAuthTest, hooktest.SlackStep{Error: "x"}},
		"a negative delay":           {hooktest.SlackAuthTest, hooktest.SlackStep{Delay: -1}},
		"a negative pause":           {hooktest.SlackAuthTest, hooktest.SlackStep{RetryAfter: -1}},
		"a negative count":           {hooktest.SlackAuthTest, hooktest.SlackStep{Times: -1}},
		"a negative time":            {hooktest.SlackAuthTest, hooktest.SlackStep{For: -1}},
		"a count and a time":         {hooktest.SlackAuthTest, hooktest.SlackStep{Times: 1, For: 1}},
	} {
		if err := s.Play(tc.method, hooktest.SlackStep{}, tc.step); err == nil {
			t.Errorf("%s: got no error", sentence)
		}
	}
	if a := c.call(hooktest.SlackAuthTest); a.status != 500 {
		t.Errorf("got %d, want the script from before", a.status)
	}
}
