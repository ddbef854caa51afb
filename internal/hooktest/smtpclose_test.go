package hooktest_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// Not parallel: it counts goroutines.
func TestCloseEndsSMTPUnderWay(t *testing.T) {
	ca, _ := hooktest.StartCA(t, "root")
	base := runtime.NumGoroutine()
	for sentence, tc := range map[string]struct {
		opts hooktest.SMTPOptions
		verb hooktest.SMTPVerb
		step hooktest.SMTPStep
	}{
		"waiting for a command":     {verb: hooktest.SMTPNoop},
		"waiting for a handshake":   {opts: hooktest.SMTPOptions{CA: ca, Implicit: true}},
		"silent at the greeting":    {verb: hooktest.SMTPGreeting, step: hooktest.SMTPStep{Fault: hooktest.SMTPHang}},
		"late with the greeting":    {verb: hooktest.SMTPGreeting, step: hooktest.SMTPStep{Delay: time.Hour}},
		"trickling at the greeting": {verb: hooktest.SMTPGreeting, step: hooktest.SMTPStep{Every: time.Hour}},
		"dropped at the greeting":   {verb: hooktest.SMTPGreeting, step: hooktest.SMTPStep{Fault: hooktest.SMTPDropAfter}},
		"reset at the greeting":     {verb: hooktest.SMTPGreeting, step: hooktest.SMTPStep{Fault: hooktest.SMTPReset}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s, err := hooktest.NewSMTP(tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			playSMTP(t, s, tc.verb, tc.step)
			for range 2 { // it starts again after its end
				if err := s.Start(); err != nil {
					t.Fatal(err)
				}
				have := s.Stats().Sessions
				dialSMTP(t, s) // stays open on our side: the sink must not wait for us
				waitSMTP(t, s, func(st hooktest.SMTPStats) bool { return st.Sessions == have+1 })
				start := time.Now()
				s.Close()
				if took := time.Since(start); took > generous/2 {
					t.Errorf("close took %v", took)
				}
				if got := s.Stats().Open; got != 0 {
					t.Errorf("got %d open connections, want none", got)
				}
				s.Close() // again: nothing
			}
		})
	}
	backTo(t, base+1) // the garbage collector may have started its own
}
