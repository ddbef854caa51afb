package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// Times of one connection. Slack pings every few seconds, and so do we: one
// side may be alone with its opinion that all is well.
const (
	pingEvery = 15 * time.Second
	silentFor = 45 * time.Second       // then the connection is dead
	farewell  = 200 * time.Millisecond // for the last frame
)

// errRenew says that Slack wants a new connection, as it does every few hours.
var errRenew = errors.New("slack asks for a new connection")

// socket keeps one Socket Mode connection. The library's own client has a
// goroutine that nobody waits for, and gives up for good when a token is
// refused once; this one ends with its context and with nothing else.
type socket struct {
	b    *Buttons
	line line
	r    *Receiver // for its way to make and explain calls
	log  *slog.Logger
}

func (b *Buttons) newSocket(l line, cfg Config) *socket {
	name := ""
	for _, a := range l.of(b) {
		name = a.Receiver
		break
	}
	return &socket{b: b, line: l, r: New(cfg, b.log), log: b.log.With("receiver", name)}
}

// run opens connections, one after the other, until ctx ends.
func (k *socket) run(ctx context.Context) {
	defer k.b.stands(k.line, false, true)
	defer k.r.client.CloseIdleConnections()
	told := false // that it is down
	for n := 1; ctx.Err() == nil; n++ {
		k.b.stands(k.line, false, false)
		began := time.Now()
		greeted, err := k.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if greeted {
			told = false
		}
		steady := greeted && time.Since(began) >= steadyFrom
		if steady {
			n = 0
		}
		if steady && errors.Is(err, errRenew) {
			continue // at once: nobody hears the buttons meanwhile
		}
		failed, _ := errors.AsType[*alerting.SendError](err)
		switch {
		case errors.Is(err, errRenew):
			k.log.Debug("slack socket renewed")
		case !told:
			told = true
			k.log.Warn("slack socket lost; it is opened again, and buttons wait for it", "error", err)
		default:
			k.log.Debug("slack socket not opened", "error", err, "try", n)
		}
		k.wait(ctx, n, failed)
	}
}

// session keeps one connection until it ends, and says why it did; greeted
// reports whether Slack took it. Its error holds no secret.
func (k *socket) session(ctx context.Context) (greeted bool, err error) {
	address, failed := k.open(ctx)
	if failed != nil {
		return false, failed
	}
	conn, err := k.dial(ctx, address)
	if err != nil {
		return false, err
	}
	inner, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { keep(inner, conn) })
	return k.read(inner, conn)
}

// open asks Slack for the address of a connection; a ticket is in it.
func (k *socket) open(ctx context.Context) (string, *alerting.SendError) {
	ctx, cancel := context.WithTimeout(ctx, k.r.cfg.Timeout)
	defer cancel()
	x := k.r.exchange()
	api := slackgo.New("", slackgo.OptionAppLevelToken(k.line.token.Reveal()), slackgo.OptionAPIURL(k.line.api), slackgo.OptionHTTPClient(x))
	_, address, err := api.StartSocketModeContext(ctx)
	if err != nil {
		return "", k.r.failure("apps.connections.open", x, err)
	}
	return address, nil
}

// dial makes the connection.
func (k *socket) dial(ctx context.Context, address string) (*websocket.Conn, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "wss" && (u.Scheme != "ws" || !loopback(u.Hostname())) {
		return nil, errors.New("slack: apps.connections.open: the answer holds no address that begins with wss://")
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: k.r.cfg.Timeout}
	conn, resp, err := dialer.DialContext(ctx, address, nil)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		text := k.r.hide(bare(err))
		for _, secret := range []string{address, u.RawQuery} {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "<secret>")
			}
		}
		if resp != nil {
			text += fmt.Sprintf(": answered %d", resp.StatusCode)
		}
		return nil, fmt.Errorf("slack: socket: %s", alerting.Line(text, maxExplained))
	}
	return conn, nil
}

// keep pings until ctx ends, and ends the connection then: a read that waits
// returns at once.
func keep(ctx context.Context, conn *websocket.Conn) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(farewell)) // a courtesy
			_ = conn.Close()                                                             // whatever is left of it
			return
		case <-tick.C:
			_ = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(pingEvery)) // the reader notices when nothing comes back
		}
	}
}

// read takes in what comes, until the connection ends.
func (k *socket) read(ctx context.Context, conn *websocket.Conn) (greeted bool, err error) {
	conn.SetReadLimit(maxInteraction)
	alive := func() error { return conn.SetReadDeadline(time.Now().Add(silentFor)) }
	pong := conn.PingHandler()
	conn.SetPingHandler(func(s string) error { return errors.Join(alive(), pong(s)) })
	conn.SetPongHandler(func(string) error { return alive() })
	for {
		if err := alive(); err != nil {
			return greeted, k.ended(err)
		}
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return greeted, k.ended(err)
		}
		var e envelope
		if kind != websocket.TextMessage || json.Unmarshal(data, &e) != nil {
			k.log.Debug("slack socket: a message that cannot be read")
			continue
		}
		switch e.Type {
		case "hello":
			greeted = true
			k.b.stands(k.line, true, false)
			k.log.Info("slack socket open")
		case "disconnect":
			return greeted, errRenew
		default:
			if err := k.answer(ctx, conn, e); err != nil {
				return greeted, k.ended(err)
			}
		}
	}
}

// envelope is what comes by a socket
// (docs.slack.dev/apis/events-api/using-socket-mode).
type envelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
}

// answer does what an envelope asks for, and sends it back, once: then Slack
// knows that somebody has it.
func (k *socket) answer(ctx context.Context, conn *websocket.Conn, e envelope) error {
	if e.ID == "" {
		return nil
	}
	if e.Type == "interactive" {
		if err := k.b.take(ctx, k.line.of(k.b), e.Payload, "socket"); err != nil {
			k.log.Warn("slack interaction refused", "remote", "socket", "why", err)
		}
	}
	if err := conn.SetWriteDeadline(time.Now().Add(k.r.cfg.Timeout)); err != nil {
		return err
	}
	return conn.WriteJSON(struct {
		ID string `json:"envelope_id"`
	}{e.ID})
}

// ended is why a connection ended, without a secret.
func (k *socket) ended(err error) error {
	return fmt.Errorf("slack: socket: %s", alerting.Line(k.r.hide(bare(err)), maxExplained))
}
