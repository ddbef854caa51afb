//go:build integration

package acceptance_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// The kinds of exchange of a mail gate that are no verbs.
const (
	greeting = "greeting"
	finalDot = "."
)

// mailGate is a trap in the connection to a mail server. The kind of an
// exchange is its verb; a message with its dot is one of its own.
type mailGate struct {
	*trap

	ln     net.Listener
	server string
	wg     sync.WaitGroup
}

func openMailGate(t *testing.T, server string) *mailGate {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &mailGate{ln: ln, server: server}
	t.Cleanup(func() {
		_ = ln.Close() // it was open
		g.wg.Wait()
	})
	g.trap = newTrap(t)
	g.wg.Go(g.accept)
	return g
}

func (g *mailGate) accept() {
	for {
		c, err := g.ln.Accept()
		if err != nil {
			return
		}
		g.wg.Go(func() {
			defer c.Close()
			if !g.pass(connected, "") {
				return
			}
			s, err := net.Dial("tcp", g.server) //nolint:noctx // it is on this machine
			if err != nil {
				return // the sink is closed: the test is over
			}
			defer s.Close()
			m := mailWire{gate: g, daemon: c, client: bufio.NewReader(c), sink: s, server: bufio.NewReader(s)}
			m.run()
		})
	}
}

// mailWire is one connection to the mail server.
type mailWire struct {
	gate           *mailGate
	daemon, sink   net.Conn
	client, server *bufio.Reader
}

// run passes on what is said, until one of the two goes.
func (m mailWire) run() {
	if _, ok := m.reply(greeting); !ok {
		return
	}
	for {
		line, err := m.client.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		verb = strings.ToUpper(verb)
		if !m.gate.pass(begun, verb) {
			return
		}
		if _, err := io.WriteString(m.sink, line); err != nil {
			return
		}
		code, ok := m.reply(verb)
		if ok && verb == "DATA" && code == "354" {
			_, ok = m.message()
		}
		if !ok || verb == "QUIT" {
			return
		}
	}
}

// message passes a mail on, line by line, and the reply to its dot.
func (m mailWire) message() (code string, ok bool) {
	for first := true; ; first = false {
		line, err := m.client.ReadString('\n')
		if err != nil {
			return "", false
		}
		if first && !m.gate.pass(begun, finalDot) {
			return "", false
		}
		if _, err := io.WriteString(m.sink, line); err != nil {
			return "", false
		}
		if line == ".\r\n" {
			return m.reply(finalDot)
		}
	}
}

// reply passes on what the server says to a verb.
func (m mailWire) reply(verb string) (code string, ok bool) {
	var all strings.Builder
	for {
		line, err := m.server.ReadString('\n')
		if err != nil || len(line) < 4 {
			return "", false
		}
		all.WriteString(line)
		if line[3] == ' ' {
			code = line[:3]
			break
		}
	}
	if !m.gate.pass(received, verb) {
		return "", false
	}
	_, err := io.WriteString(m.daemon, all.String())
	return code, m.gate.pass(answered, verb) && err == nil
}
