package slack_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

var dropped = hooktest.SlackStep{Fault: hooktest.SlackDropAfter, Times: 1}

func TestProcessedThenDroppedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind   alerting.Kind
		thread bool // there is one
		gone   bool // its root was deleted
	}{
		"a root":                        {kind: alerting.KindRoot},
		"a page":                        {kind: alerting.KindPage},
		"a reply":                       {kind: alerting.KindUpdate, thread: true},
		"a page in a thread":            {kind: alerting.KindPage, thread: true},
		"a root in place of a lost one": {kind: alerting.KindRoot, gone: true},
		"a reply to a lost root":        {kind: alerting.KindResolve, gone: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var prev alerting.Ref
			if tt.thread {
				prev = b.send(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
			}
			if tt.gone {
				prev.Root = "1700000000.000100"
				if tt.kind == alerting.KindResolve { // the post into the lost thread is refused first
					b.play(hooktest.SlackPost, hooktest.SlackStep{Times: 1}, dropped)
				}
			}
			if !tt.gone || tt.kind == alerting.KindRoot {
				b.play(hooktest.SlackPost, dropped)
			}
			n := notice(t, tt.kind, 2, facts())
			b.fail(n, prev, alerting.ClassAmbiguous)
			n.Attempts = 2
			ref := b.send(n, prev)
			all := b.s.Messages(room)
			if got := all[len(all)-1]; ref.Last != got.TS || b.s.Copies(room, n.IdemKey) != 1 {
				t.Errorf("got ref %v and %d copies, want %s and 1", ref, b.s.Copies(room, n.IdemKey), got.TS)
			}
		})
	}
}

func TestEarlierAttemptIsFoundBehindMuchTalk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.play(hooktest.SlackPost, dropped)
	n := notice(t, alerting.KindRoot, 1, facts())
	b.fail(n, alerting.Ref{}, alerting.ClassAmbiguous)
	for range 250 {
		b.send(notice(t, alerting.KindTest, 9, alerting.Facts{}), alerting.Ref{})
	}
	n.Attempts = 2
	b.send(n, alerting.Ref{})
	if got := b.s.Copies(room, n.IdemKey); got != 1 {
		t.Errorf("got %d copies, want 1", got)
	}
}

func TestLostBeforeItWasProcessedIsPosted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.play(hooktest.SlackPost, hooktest.SlackStep{Fault: hooktest.SlackDropBefore, Times: 1})
	n := notice(t, alerting.KindRoot, 1, facts())
	b.fail(n, alerting.Ref{}, alerting.ClassAmbiguous)
	n.Attempts = 2
	b.send(n, alerting.Ref{})
	b.messages(1)
}

func TestChannelThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		step  hooktest.SlackStep
		tries int // attempts that wait for the channel
		class alerting.Class
	}{
		"without the scope, it is posted at once": {step: hooktest.SlackStep{Fault: hooktest.SlackRefused, Error: "missing_scope"}},
		"limited, it waits a little": {
			hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: time.Minute}, 2, alerting.ClassLimited,
		},
		"broken, it waits a little": {hooktest.SlackStep{Fault: hooktest.SlackError500}, 2, alerting.ClassTransient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.play(hooktest.SlackHistory, tt.step)
			n := notice(t, alerting.KindRoot, 1, facts())
			for range tt.tries {
				n.Attempts++
				b.fail(n, alerting.Ref{}, tt.class)
			}
			b.messages(0)
			n.Attempts++
			b.send(n, alerting.Ref{})
			b.messages(1)
		})
	}
}
