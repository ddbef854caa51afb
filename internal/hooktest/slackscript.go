package hooktest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// SlackMethod names what a call is for; it is the key of scripts.
type SlackMethod string

// The methods that the fake Slack has.
const (
	SlackPost      SlackMethod = "chat.postMessage"
	SlackUpdate    SlackMethod = "chat.update"
	SlackPermalink SlackMethod = "chat.getPermalink"
	SlackHistory   SlackMethod = "conversations.history"
	SlackReplies   SlackMethod = "conversations.replies"
	SlackAuthTest  SlackMethod = "auth.test"
	SlackWebhook   SlackMethod = "incoming webhook" // a POST to a path of SlackOptions.Hooks
	SlackConnect   SlackMethod = "apps.connections.open"
	SlackRespond   SlackMethod = "response_url" // a POST to the address in a payload of [Slack.Payload]

	SlackAny SlackMethod = "" // in scripts: each method that has no script of its own
)

func slackMethods() []SlackMethod {
	return []SlackMethod{SlackPost, SlackUpdate, SlackPermalink, SlackHistory, SlackReplies, SlackAuthTest, SlackWebhook, SlackConnect, SlackRespond}
}

// SlackFault is one way in which a call goes wrong.
type SlackFault string

// The faults. A webhook says its errors in plain text, with a status that fits
// and is not 200: there SlackLimitedBody is a 429, SlackInvalidAuth a 403
// invalid_token, and most other words a 400.
const (
	SlackNone        SlackFault = ""             // processed and answered
	SlackLimited     SlackFault = "limited"      // 429 with Retry-After
	SlackLimitedBare SlackFault = "limited_bare" // 429 without
	SlackLimitedBody SlackFault = "limited_body" // 200 with ok:false, ratelimited
	SlackError500    SlackFault = "error_500"    // 500 with a page of HTML
	SlackError503    SlackFault = "error_503"    // 503 with a page of HTML
	SlackHTML        SlackFault = "html"         // 200 with a page of HTML, as from a proxy
	SlackInvalidAuth SlackFault = "invalid_auth" // ok:false, invalid_auth, whatever the token
	SlackRefused     SlackFault = "refused"      // ok:false with the word of SlackStep.Error
	SlackHang        SlackFault = "hang"         // not processed, and silent until the client goes or Close
	SlackHangAfter   SlackFault = "hang_after"   // processed, and silent likewise
	SlackDropBefore  SlackFault = "drop_before"  // not processed; the connection is closed without an answer
	SlackDropAfter   SlackFault = "drop_after"   // processed; the connection is closed without an answer
)

// SlackFaults returns all faults but SlackNone. The slice is the caller's.
func SlackFaults() []SlackFault {
	return []SlackFault{
		SlackLimited, SlackLimitedBare, SlackLimitedBody, SlackError500, SlackError503, SlackHTML,
		SlackInvalidAuth, SlackRefused, SlackHang, SlackHangAfter, SlackDropBefore, SlackDropAfter,
	}
}

// SlackStep is one step of a script. The zero value is a call that goes well.
// A step is for one call; with Times for that many, with For for all calls of
// that time, counted from Play for the first step and from the end of the step
// before for the others. Without either, the last step stays.
type SlackStep struct {
	Fault SlackFault
	Error string        // the word of SlackRefused, such as account_inactive; only there
	Delay time.Duration // before the answer, the hang or the drop, but after a message was stored

	RetryAfter time.Duration // of SlackLimited, rounded up to whole seconds; 0: 30 s
	Times      int           // how many calls; 0: see above
	For        time.Duration // how long; 0: see above
}

const defaultSlackPause = 30 * time.Second

func (s SlackStep) lasts() (int, time.Duration) { return s.Times, s.For }

// processed reports whether the call has its effect.
func (s SlackStep) processed() bool {
	return s.Fault == SlackNone || s.Fault == SlackHangAfter || s.Fault == SlackDropAfter
}

func (s SlackStep) hangs() bool { return s.Fault == SlackHang || s.Fault == SlackHangAfter }

func (s SlackStep) check() error {
	if s.Fault != SlackNone && !slices.Contains(SlackFaults(), s.Fault) {
		return fmt.Errorf("%q is no fault; see SlackFaults", string(s.Fault))
	}
	if (s.Fault == SlackRefused) != (s.Error != "") {
		return fmt.Errorf("fault %q with error %q: %s needs a word and the others have none", s.Fault, s.Error, SlackRefused)
	}
	if err := checkBounds(0, s.Delay, s.RetryAfter); err != nil {
		return err
	}
	return checkLasting(s)
}

// pause is what SlackLimited asks for.
func (s SlackStep) pause() time.Duration {
	d := orElse(s.RetryAfter, defaultSlackPause)
	return (d + time.Second - 1).Truncate(time.Second)
}

// reply returns what is said to a call that is not processed.
func (s SlackStep) reply() slackReply {
	switch s.Fault {
	case SlackLimited:
		r := refused("ratelimited")
		r.status = http.StatusTooManyRequests
		r.retryAfter = strconv.Itoa(int(s.pause() / time.Second))
		return r
	case SlackLimitedBare:
		r := refused("ratelimited")
		r.status = http.StatusTooManyRequests
		return r
	case SlackLimitedBody:
		return refused("ratelimited")
	case SlackError500:
		return htmlPage(http.StatusInternalServerError)
	case SlackError503:
		return htmlPage(http.StatusServiceUnavailable)
	case SlackHTML:
		return htmlPage(http.StatusOK)
	case SlackInvalidAuth:
		return refused("invalid_auth")
	case SlackRefused:
		return refused(s.Error)
	default:
		return slackReply{} // nothing is said
	}
}

// checkSlackScript refuses what cannot be played.
func checkSlackScript(method SlackMethod, steps []SlackStep) error {
	if method != SlackAny && !slices.Contains(slackMethods(), method) {
		return fmt.Errorf("%q is no method of the fake Slack", string(method))
	}
	for i, s := range steps {
		if err := s.check(); err != nil {
			return fmt.Errorf("step %d for %q: %w", i+1, string(method), err)
		}
	}
	return nil
}
