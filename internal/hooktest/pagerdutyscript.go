package hooktest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// PagerDutyAction is what an event asks for; it is the key of scripts.
type PagerDutyAction string

// The actions of Events API v2.
const (
	PagerDutyTrigger     PagerDutyAction = "trigger"
	PagerDutyAcknowledge PagerDutyAction = "acknowledge"
	PagerDutyResolve     PagerDutyAction = "resolve"

	PagerDutyAny PagerDutyAction = "" // in scripts: each action that has no script of its own
)

func pagerDutyActions() []PagerDutyAction {
	return []PagerDutyAction{PagerDutyTrigger, PagerDutyAcknowledge, PagerDutyResolve}
}

// PagerDutyFault is one way in which a call goes wrong.
type PagerDutyFault string

// The faults.
const (
	PagerDutyNone        PagerDutyFault = ""             // processed and answered
	PagerDutyLimited     PagerDutyFault = "limited"      // 429 with Retry-After
	PagerDutyLimitedBare PagerDutyFault = "limited_bare" // 429 without
	PagerDutyStatus      PagerDutyFault = "status"       // the status of PagerDutyStep.Status, and the text of its Error in PagerDuty's form
	PagerDutyHTML        PagerDutyFault = "html"         // 200 with a page of HTML, as from a proxy
	PagerDutyHang        PagerDutyFault = "hang"         // not processed, and silent until the client goes or Close
	PagerDutyHangAfter   PagerDutyFault = "hang_after"   // processed, and silent likewise
	PagerDutyDropBefore  PagerDutyFault = "drop_before"  // not processed; the connection is closed without an answer
	PagerDutyDropAfter   PagerDutyFault = "drop_after"   // processed; the connection is closed without an answer
)

// PagerDutyFaults returns all faults but PagerDutyNone. The slice is the
// caller's.
func PagerDutyFaults() []PagerDutyFault {
	return []PagerDutyFault{
		PagerDutyLimited, PagerDutyLimitedBare, PagerDutyStatus, PagerDutyHTML,
		PagerDutyHang, PagerDutyHangAfter, PagerDutyDropBefore, PagerDutyDropAfter,
	}
}

// PagerDutyStep is one step of a script, and lasts as a [SlackStep] does. The
// zero value is a call that goes well.
type PagerDutyStep struct {
	Fault  PagerDutyFault
	Status int           // of PagerDutyStatus, 200 to 599; only there
	Error  string        // of PagerDutyStatus: one of the answer's errors; only there; may be empty
	Delay  time.Duration // before the answer, the hang or the drop, but after the event was processed

	RetryAfter time.Duration // of PagerDutyLimited, rounded up to whole seconds; 0: 30 s
	Times      int           // how many calls; 0: see SlackStep
	For        time.Duration // how long; 0: see SlackStep
}

func (s PagerDutyStep) lasts() (int, time.Duration) { return s.Times, s.For }

// processed reports whether the call has its effect.
func (s PagerDutyStep) processed() bool {
	return s.Fault == PagerDutyNone || s.silent()
}

// silent reports whether the call has its effect and no answer.
func (s PagerDutyStep) silent() bool {
	return s.Fault == PagerDutyHangAfter || s.Fault == PagerDutyDropAfter
}

func (s PagerDutyStep) hangs() bool {
	return s.Fault == PagerDutyHang || s.Fault == PagerDutyHangAfter
}

func (s PagerDutyStep) check() error {
	if s.Fault != PagerDutyNone && !slices.Contains(PagerDutyFaults(), s.Fault) {
		return fmt.Errorf("%q is no fault; see PagerDutyFaults", string(s.Fault))
	}
	if s.Fault == PagerDutyStatus && (s.Status < 200 || s.Status > 599) {
		return fmt.Errorf("status %d is outside 200 to 599", s.Status)
	}
	if s.Fault != PagerDutyStatus && (s.Status != 0 || s.Error != "") {
		return fmt.Errorf("fault %q has no status or error of its own; %s has", s.Fault, PagerDutyStatus)
	}
	if err := checkBounds(0, s.Delay, s.RetryAfter); err != nil {
		return err
	}
	return checkLasting(s)
}

// pause is what PagerDutyLimited asks for.
func (s PagerDutyStep) pause() time.Duration {
	d := orElse(s.RetryAfter, 30*time.Second)
	return (d + time.Second - 1).Truncate(time.Second)
}

// reply returns what is said to a call that is not processed.
func (s PagerDutyStep) reply() pagerReply {
	switch s.Fault {
	case PagerDutyLimited:
		r := pagerRefused(http.StatusTooManyRequests, "Rate limit exceeded")
		r.retryAfter = strconv.Itoa(int(s.pause() / time.Second))
		return r
	case PagerDutyLimitedBare:
		return pagerRefused(http.StatusTooManyRequests, "Rate limit exceeded")
	case PagerDutyStatus:
		return pagerRefused(s.Status, s.Error)
	case PagerDutyHTML:
		return pagerReply{status: http.StatusOK, html: true}
	default:
		return pagerReply{} // nothing is said
	}
}

// checkPagerDutyScript refuses what cannot be played.
func checkPagerDutyScript(a PagerDutyAction, steps []PagerDutyStep) error {
	if a != PagerDutyAny && !slices.Contains(pagerDutyActions(), a) {
		return fmt.Errorf("%q is no action of PagerDuty", string(a))
	}
	for i, s := range steps {
		if err := s.check(); err != nil {
			return fmt.Errorf("step %d for %q: %w", i+1, string(a), err)
		}
	}
	return nil
}
