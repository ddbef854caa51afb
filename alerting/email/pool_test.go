package email_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// slowly is a config with a wording, so that digests can wait.
func slowly(s *hooktest.SMTP, connections int) email.Config {
	c := configFor(s)
	c.Connections = connections
	c.Wordings = map[alerting.Kind]email.Wording{kindDigest: func(alerting.Notice) (email.Letter, error) {
		return email.Letter{Subject: "x", Text: "y"}, nil
	}}
	return c
}

func numbered(n alerting.Notice, i int) alerting.Notice {
	n.IdemKey = fmt.Sprintf("%s:%d", n.IdemKey, i)
	return n
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{CA: ca, Users: map[string]string{"watch": "p"}, NeedAuth: true})
	c := configFor(s)
	c.SMTP.TLS, c.SMTP.Roots, c.SMTP.Username, c.SMTP.Password = email.StartTLS, ca.Pool(), "watch", "p"
	r := receiver(t, c)
	for i := range 5 {
		if _, err := r.Send(t.Context(), numbered(noticeOf(t, openFacts()), i), alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
	}
	st := s.Stats()
	if st.Sessions != 1 || st.Messages != 5 || st.Verbs[hooktest.SMTPAuth] != 1 || st.Verbs[hooktest.SMTPRset] != 4 || st.Verbs[hooktest.SMTPQuit] != 0 {
		t.Errorf("got %+v, want one connection that is asked by RSET before each further message", st)
	}
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	t.Parallel()
	for connections, want := range map[int]int{1: 1, 3: 3, 0: email.DefaultConnections} {
		s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
		play(t, s, hooktest.SMTPDot, hooktest.SMTPStep{Delay: 20 * time.Millisecond})
		r := receiver(t, slowly(s, connections))
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if _, err := r.Send(t.Context(), numbered(noticeOf(t, openFacts()), i), alerting.Ref{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if st := s.Stats(); st.Sessions > want || st.Messages != 12 {
			t.Errorf("connections: %d: got %+v, want at most %d", connections, st, want)
		}
	}
}

// A relay that hangs for digests takes every connection that they may have;
// what tells of an incident still leaves at once.
func TestPagesDoNotWaitBehindDigests(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	if err := s.PlayRecipient("ops@example.com", hooktest.SMTPStep{Fault: hooktest.SMTPHang}); err != nil {
		t.Fatal(err)
	}
	r := receiver(t, slowly(s, 3))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for i := range 6 {
		wg.Go(func() {
			_, err := r.Send(ctx, numbered(digestNotice(), i), alerting.Ref{})
			wantClass(t, err, alerting.ClassTransient)
		})
	}
	if err := s.Wait(t.Context(), func(st hooktest.SMTPStats) bool { return st.Verbs[hooktest.SMTPRcpt] == 2 }); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := r.Send(t.Context(), numbered(noticeOf(t, openFacts()), i), alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Messages != 3 || st.Sessions != 3 {
		t.Errorf("got %+v, want three mails over the one connection that digests leave", st)
	}
}

func TestWaitingForAConnectionEnds(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	play(t, s, hooktest.SMTPDot, hooktest.SMTPStep{Fault: hooktest.SMTPHang})
	c := slowly(s, 1)
	r := receiver(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		_, err := r.Send(ctx, noticeOf(t, openFacts()), alerting.Ref{})
		wantClass(t, err, alerting.ClassAmbiguous)
	})
	if err := s.Wait(t.Context(), func(st hooktest.SMTPStats) bool { return st.Verbs[hooktest.SMTPDot] == 1 }); err != nil {
		t.Fatal(err)
	}
	short, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer done()
	_, err := r.Send(short, numbered(noticeOf(t, openFacts()), 2), alerting.Ref{})
	wantClass(t, err, alerting.ClassTransient) // nothing was sent: it cannot have arrived
	if !errors.Is(err, context.DeadlineExceeded) || s.Stats().Sessions != 1 {
		t.Errorf("got %v over %d connections", err, s.Stats().Sessions)
	}
}

func TestIdleConnectionsTakeTheirLeave(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := receiver(t, configFor(s))
	email.KeepFor(r, 30*time.Millisecond)
	for i := range 2 {
		if _, err := r.Send(t.Context(), numbered(noticeOf(t, openFacts()), i), alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(t.Context(), func(st hooktest.SMTPStats) bool { return st.Open == 0 }); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Sessions != 2 || st.Verbs[hooktest.SMTPQuit] != 2 {
		t.Errorf("got %+v, want two connections, each with a goodbye", st)
	}
}

// A relay that was restarted, or has closed what was silent, costs no try.
func TestBrokenConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := receiver(t, configFor(s))
	for i := range 3 {
		if _, err := r.Send(t.Context(), numbered(noticeOf(t, openFacts()), i), alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Sessions != 3 || st.Messages != 3 || st.Duplicates != 0 {
		t.Errorf("got %+v, want three connections and messages", st)
	}
}

func TestAWornConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := receiver(t, configFor(s))
	for i := range email.MostMessages + 1 {
		if _, err := r.Send(t.Context(), numbered(noticeOf(t, openFacts()), i), alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Sessions != 2 || st.Messages != email.MostMessages+1 || st.Verbs[hooktest.SMTPQuit] != 1 {
		t.Errorf("got %+v, want a second connection after %d messages", st, email.MostMessages)
	}
}

// A refused recipient spoils neither the connection nor the next message.
func TestARefusalKeepsTheConnection(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	play(t, s, hooktest.SMTPRcpt, hooktest.SMTPStep{Reply: "550 5.1.1 no such user", Times: 1}, hooktest.SMTPStep{})
	r := receiver(t, configFor(s))
	_, err := r.Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{})
	wantClass(t, err, alerting.ClassDestination)
	_, err = r.Send(t.Context(), numbered(noticeOf(t, openFacts()), 2), alerting.Ref{})
	wantClass(t, err, "")
	if st := s.Stats(); st.Sessions != 1 || st.Messages != 1 {
		t.Errorf("got %+v, want one connection", st)
	}
}
