package hooktest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const socketPath = "/link/"

// slackSocket is one connection of Socket Mode
// (docs.slack.dev/apis/events-api/using-socket-mode).
type slackSocket struct {
	conn    *websocket.Conn
	writing sync.Mutex // gorilla takes one writer at a time
}

func (k *slackSocket) send(v any) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	if err := k.conn.SetWriteDeadline(time.Now().Add(stationHeadTime)); err != nil {
		return err
	}
	return k.conn.WriteJSON(v)
}

// connectLocked gives out the address of a socket.
func (s *Slack) connectLocked() slackReply {
	s.book.count++
	ticket := fmt.Sprintf("ticket-%d", s.book.count)
	s.book.tickets[ticket] = true
	return accepted(map[string]any{"url": "ws://" + s.host() + socketPath + "?ticket=" + ticket + "&app_id=" + slackApp})
}

// serveSocket keeps one socket until the client or the server ends it.
func (s *Slack) serveSocket(w http.ResponseWriter, r *http.Request, done <-chan struct{}) {
	s.wg.Add(1) // net/http stops counting once the connection is taken over
	defer s.wg.Done()
	if !s.takeTicket(r.URL.Query().Get("ticket")) {
		http.Error(w, "invalid_auth", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	k, ended := &slackSocket{conn: conn}, make(chan struct{})
	var closer sync.WaitGroup
	closer.Go(func() {
		select {
		case <-done:
		case <-ended:
		}
		_ = conn.Close() // whatever is left of it
	})
	defer closer.Wait()
	defer close(ended)
	if k.send(map[string]any{"type": "hello", "num_connections": 1, "connection_info": map[string]any{"app_id": slackApp}}) != nil {
		return
	}
	s.socketOpen(k, true)
	defer s.socketOpen(k, false)
	s.readAcks(conn)
}

func (s *Slack) takeTicket(ticket string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.book.tickets[ticket]
	delete(s.book.tickets, ticket)
	return known
}

func (s *Slack) socketOpen(k *slackSocket, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.sockets = slices.DeleteFunc(s.book.sockets, func(o *slackSocket) bool { return o == k })
	if open {
		s.book.sockets = append(s.book.sockets, k)
	}
	s.book.stats.Sockets = len(s.book.sockets)
	s.book.bell.ring()
}

// readAcks notes each envelope that comes back, until the connection ends.
func (s *Slack) readAcks(conn *websocket.Conn) {
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			ID string `json:"envelope_id"`
		}
		if json.Unmarshal(data, &ack) != nil || ack.ID == "" {
			continue
		}
		s.mu.Lock()
		s.book.acks[ack.ID]++
		s.book.stats.Acks++
		s.book.bell.ring()
		s.mu.Unlock()
	}
}

// Acks returns how often the envelope with that ID came back.
func (s *Slack) Acks(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.acks[id]
}

// PressSocket tells the app of a press by the newest open socket, and returns
// the ID of its envelope.
func (s *Slack) PressSocket(p SlackPress) (string, error) {
	payload, err := s.Payload(p)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.book.count++
	id := fmt.Sprintf("envelope-%d", s.book.count)
	s.mu.Unlock()
	return id, s.Deliver(map[string]any{
		"envelope_id": id, "type": "interactive", "accepts_response_payload": true, "payload": json.RawMessage(payload),
	})
}

// Deliver sends any message by the newest open socket. It returns an error
// when none is open.
func (s *Slack) Deliver(message any) error {
	s.mu.Lock()
	sockets := slices.Clone(s.book.sockets)
	s.mu.Unlock()
	if len(sockets) == 0 {
		return errNoSocket
	}
	return sockets[len(sockets)-1].send(message)
}

// Disconnect asks for new connections as Slack does every few hours, with a
// reason such as refresh_requested or warning. Sockets stay open until the
// client has gone.
func (s *Slack) Disconnect(reason string) error {
	return s.Deliver(map[string]any{"type": "disconnect", "reason": reason})
}

// CutSockets ends every open socket without a word.
func (s *Slack) CutSockets() {
	s.mu.Lock()
	sockets := slices.Clone(s.book.sockets)
	s.mu.Unlock()
	for _, k := range sockets {
		_ = k.conn.NetConn().Close() // gone is gone
	}
}

// AwaitAck blocks until the envelope with that ID came back, or ctx ends.
func (s *Slack) AwaitAck(ctx context.Context, id string) error {
	return await(ctx, "envelope "+id, func() (int, <-chan struct{}) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.book.acks[id], s.book.bell.next()
	}, func(n int) bool { return n > 0 })
}
