package hooktest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxSlackBody bounds the body of a call.
const maxSlackBody = 1 << 20

// SlackCall is a call as it arrived, and what became of it. It is a value of
// the caller's, but what it points to is shared: do not change that.
type SlackCall struct {
	At       time.Time // when it was complete
	Method   SlackMethod
	TokenOK  bool   // the token, or the webhook's path, was the right one
	Channel  string // ID; what was sent when there is no such channel
	Text     string
	Blocks   string         // as sent
	Thread   string         // thread_ts as sent
	Metadata *SlackMetadata // nil: none, or nothing that can be read
	Idem     string         // its idempotency key

	Fault  SlackFault // what the script made of it
	Early  bool       // came before the Retry-After of an earlier answer was over
	Stored bool       // a message was stored or edited
	TS     string     // of that message; for SlackUpdate the one that was asked for
	Status int        // of the answer; 0: there is none
	Error  string     // what the answer says is wrong; empty: nothing
}

// serve answers one call. done is closed by Close.
func (s *Slack) serve(w http.ResponseWriter, r *http.Request, done <-chan struct{}) {
	if r.URL.Path == socketPath {
		s.serveSocket(w, r, done)
		return
	}
	s.pending(1)
	defer s.pending(-1)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSlackBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		http.Error(w, "request entity too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		return // the client has gone
	}
	step, reply := s.play(r, body, time.Now())
	if !stay(r, done, step.Delay, step.hangs()) || reply.status == 0 {
		panic(http.ErrAbortHandler) // net/http's way to close a connection without an answer
	}
	reply.send(w)
}

// play decides what becomes of a call, does it, and notes it.
func (s *Slack) play(r *http.Request, body []byte, now time.Time) (SlackStep, slackReply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call, args, no := s.readLocked(r, body, now)
	step := s.scripts.take(now, call.Method, SlackAny)
	reply := step.reply()
	key := call.Method.limitKey(call.Channel)
	call.Early = now.Before(s.pauses[key])
	switch {
	case !step.processed():
	case no.status != 0:
		reply = no
	default:
		reply = s.processLocked(&call, args)
	}
	if step.Fault == SlackHangAfter || step.Fault == SlackDropAfter {
		reply = slackReply{}
	}
	if step.Fault == SlackLimited {
		s.pauses[key] = now.Add(step.pause())
	}
	if call.Method == SlackWebhook || call.Method == SlackRespond {
		reply = reply.forHook()
	}
	call.Fault, call.Status, call.Error = step.Fault, reply.status, reply.word
	s.book.note(call)
	return step, reply
}

// limitKey is what a rate limit is counted by: the channel for posts, the
// workspace for all else (docs.slack.dev/apis/web-api/rate-limits).
func (m SlackMethod) limitKey(channel string) string {
	if m == SlackPost || m == SlackWebhook {
		return string(m) + " " + channel
	}
	return string(m)
}

// readLocked says what a request is about. The reply has status 0 unless it
// must be refused whatever it asks for.
func (s *Slack) readLocked(r *http.Request, body []byte, now time.Time) (SlackCall, slackArgs, slackReply) {
	if strings.HasPrefix(r.URL.Path, hookPrefix) {
		return s.readHookLocked(r, body, now)
	}
	if strings.HasPrefix(r.URL.Path, respondPrefix) {
		return s.readAnswerLocked(r, body, now)
	}
	method, _ := strings.CutPrefix(r.URL.Path, "/api/")
	args, word := readArgs(r, body)
	call := newCall(SlackMethod(method), args, now)
	if room := s.book.room(args["channel"]); room != nil {
		call.Channel = room.ID
	}
	token := bearer(r, args)
	call.TokenOK = token == s.token
	if call.Method == SlackConnect {
		call.TokenOK = token == s.opts.AppToken
	}
	switch {
	case word != "":
		return call, args, refused(word)
	case token == "":
		return call, args, refused("not_authed")
	case !call.TokenOK:
		return call, args, refused("invalid_auth")
	default:
		return call, args, slackReply{}
	}
}

// readHookLocked is readLocked for a webhook: JSON, or JSON in the field
// payload of a form.
func (s *Slack) readHookLocked(r *http.Request, body []byte, now time.Time) (SlackCall, slackArgs, slackReply) {
	args, word := slackArgs{}, ""
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, _ := readArgs(r, body)
		word = args.addJSON([]byte(form["payload"]))
	} else {
		word = args.addJSON(body)
	}
	call := newCall(SlackWebhook, args, now)
	call.Channel, call.TokenOK = s.opts.Hooks[r.URL.Path], s.opts.Hooks[r.URL.Path] != ""
	switch {
	case !call.TokenOK:
		return call, args, refused("no_service")
	case word != "" || r.Method != http.MethodPost:
		return call, args, refused("invalid_payload")
	default:
		return call, args, slackReply{}
	}
}

func newCall(method SlackMethod, args slackArgs, now time.Time) SlackCall {
	call := SlackCall{
		At: now, Method: method, Channel: args["channel"], Text: args["text"],
		Blocks: args["blocks"], Thread: args["thread_ts"],
	}
	call.Metadata, _ = readMetadata(args["metadata"])
	call.Idem = call.Metadata.Idem()
	return call
}
