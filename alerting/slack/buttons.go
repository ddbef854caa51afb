package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// App is one configured receiver as buttons see it.
type App struct {
	Receiver string // its name
	Config   Config
}

// Handler does what somebody has pressed. It obeys ctx, which ends after 2.5 s:
// Slack wants an answer within 3. What it returns is told to that person alone;
// empty: nothing is. An [*UndoneError] says that nothing was done, and need not be
// tried again. Any other error means that it could not be done: it is logged,
// and the person is told to try again.
type Handler func(ctx context.Context, p Press) (answer string, err error)

// UndoneError is a press that changed nothing, for a reason that is nobody's fault
// of today: its incident is not known, or is over.
type UndoneError struct {
	Why    string // for the log; no secret
	Answer string // for who pressed
}

// Error implements error.
func (e *UndoneError) Error() string { return "nothing was done: " + e.Why }

// Buttons takes in what people press, over HTTP ([Buttons.Interaction]) and
// over Socket Mode, which [Buttons.Run] keeps up. Whoever may not press, and
// what comes twice, has no effect. All methods are safe for concurrent use.
type Buttons struct {
	apps   func() []App
	handle Handler
	log    *slog.Logger
	seen   seen
	odd    oddities
	told   chan saying
	client *http.Client

	mu   sync.Mutex
	down map[line]time.Time // since when a socket is down; guarded by mu
}

// NewButtons returns the buttons of what apps lists: the receivers in force,
// asked anew for each press and every few seconds, so that it must neither
// block nor list one that did not pass Validate. It starts nothing. A nil log
// is silence.
func NewButtons(apps func() []App, handle Handler, log *slog.Logger) *Buttons {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Buttons{
		apps: apps, handle: handle, log: log,
		told: make(chan saying, maxSayings), client: newClient(DefaultTimeout), down: map[line]time.Time{},
	}
}

// pressWithin bounds what a press takes; Slack waits for 3 s
// (docs.slack.dev/interactivity/handling-user-interaction).
const pressWithin = 2500 * time.Millisecond

var (
	// ErrRefused says that a request is not Slack's, or too old or too new:
	// nothing was done. It is logged already.
	ErrRefused = errors.New("the request is not signed by Slack with a signing secret that is configured here, or it is more than 5 min old")
	// ErrNoButtons says that no receiver takes interactions by HTTP.
	ErrNoButtons = errors.New("no Slack receiver has a signing_secret_file")
)

// Interaction does what a request of Slack asks for. It returns nil when Slack
// must be answered 200, also for what comes twice and for people who may not:
// those are told so in Slack. Otherwise it returns [ErrRefused],
// [ErrMalformed] or [ErrNoButtons]. It blocks for at most 2.5 s.
func (b *Buttons) Interaction(ctx context.Context, s Signed) error {
	now := time.Now()
	apps := b.interactive(func(a App) bool { return a.Config.SigningSecret != "" })
	if len(apps) == 0 {
		return ErrNoButtons
	}
	signers, signature, err := s.verified(apps, now)
	if err != nil {
		b.log.Warn("slack interaction refused", "remote", s.Remote, "why", err)
		return ErrRefused
	}
	if !b.seen.first(signature, now) {
		b.log.Warn("slack interaction came again", "remote", s.Remote, "receiver", signers[0].Receiver)
		return nil
	}
	raw, err := payloadOf(s.Body)
	if err == nil {
		err = b.take(ctx, signers, raw, s.Remote)
	}
	if err != nil {
		b.log.Warn("slack interaction refused", "remote", s.Remote, "receiver", signers[0].Receiver, "why", err)
	}
	return err
}

// interactive returns the apps that have buttons, and are as wanted.
func (b *Buttons) interactive(wanted func(App) bool) []App {
	return slices.DeleteFunc(slices.Clone(b.apps()), func(a App) bool { return !a.Config.interactive() || !wanted(a) })
}

// take does what a genuine payload asks for. apps are those that it may be
// for; from is where it came from, for the log.
func (b *Buttons) take(ctx context.Context, apps []App, raw []byte, from string) error {
	in, ours, err := readInteraction(raw)
	if err != nil {
		return err
	}
	if !ours {
		b.stranger(in, from, time.Now())
		return nil
	}
	log := b.log.With("remote", from, "slack_user", in.User.ID, "action", in.Actions[0].Action, "incident", in.Actions[0].Value)
	if !b.seen.first(in.mark(), time.Now()) {
		log.Warn("slack interaction came again")
		return nil
	}
	app, ok := of(apps, in.channel())
	if !ok {
		log.Warn("slack interaction refused", "why", "no receiver has that channel any more")
		b.say(app, in, "This channel belongs to no receiver any more, so that nothing was done. Ask who runs hookvigil, or use: hookvigil incident show "+in.number())
		return nil
	}
	log = log.With("receiver", app.Receiver)
	user, known := app.Config.Users[in.User.ID]
	switch {
	case !known:
		log.Warn("slack interaction refused", "why", "the user is not listed")
		b.say(app, in, fmt.Sprintf("Nothing was done: hookvigil does not know you. Ask who runs it to list you under receivers.%s.users, by your ID %s.", app.Receiver, in.User.ID))
		return nil
	case !user.Role.acts():
		log.Warn("slack interaction refused", "why", "the role is not enough", "role", user.Role)
		b.say(app, in, fmt.Sprintf("Nothing was done: your role is %s, and this needs operator. Ask who runs hookvigil to change it under receivers.%s.users.", user.Role, app.Receiver))
		return nil
	}
	p := Press{Receiver: app.Receiver, Action: Action(in.Actions[0].Action), Incident: in.Actions[0].Value, UserID: in.User.ID, User: user}
	log = log.With("by", user.Name)
	answer, err := b.do(ctx, p)
	switch undone, nothing := errors.AsType[*UndoneError](err); {
	case nothing:
		log.Warn("slack interaction changed nothing", "why", undone.Why)
		answer = undone.Answer
	case err != nil:
		log.Error("slack interaction not done", "error", err)
		answer = "This could not be done. Press again, or use: hookvigil incident show " + in.number()
	default:
		log.Info("slack interaction done")
	}
	b.say(app, in, answer)
	return nil
}

// of returns the app whose channel it is. One alone is it in any case: its
// channel may have been another when the message was posted.
func of(apps []App, channel string) (App, bool) {
	i := slices.IndexFunc(apps, func(a App) bool { return a.Config.Channel == channel })
	switch {
	case i >= 0:
		return apps[i], true
	case len(apps) == 1:
		return apps[0], true
	case len(apps) == 0: // it was taken out of the configuration a moment ago
		return App{}, false
	default:
		return App{Config: Config{APIURL: apps[0].Config.APIURL}}, false
	}
}

// do calls the handler, within its time. One that panics has failed.
func (b *Buttons) do(ctx context.Context, p Press) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, pressWithin)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			b.log.Error("handler of a press panicked", "action", p.Action, "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			answer, err = "", errors.New("a panic, see the log")
		}
	}()
	return b.handle(ctx, p)
}

// line is a socket: one for each app-level token, however many receivers share
// it.
type line struct {
	token probes.Secret
	api   string
}
