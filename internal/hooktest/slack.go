package hooktest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Slack is a server on one address that behaves like the part of Slack's Web
// API that alerts use, incoming webhooks included, and misbehaves by a script.
// Point a client at [Slack.APIURL]. It begins with Start and ends with Close;
// what it remembers outlives both. All methods are safe for concurrent use.
type Slack struct {
	station
	opts SlackOptions

	mu      sync.Mutex // guards all below
	token   string
	scripts scripts[SlackMethod, SlackStep]
	pauses  map[string]time.Time // until when a Retry-After holds, by limitKey
	book    slackBook
}

// SlackStats are figures of a fake Slack. All but Pending and Sockets only
// grow.
type SlackStats struct {
	Calls      int // that were read; those that hang are among them
	Pending    int // requests that have no answer yet
	Posts      int // messages that were stored, also those whose sender was not told
	Edits      int
	Duplicates int // messages whose channel had one with the same idempotency key
	Early      int // calls before the Retry-After of an earlier answer was over
	Sockets    int // that are open
	Acks       int // envelopes that came back, repeats included
	Answers    int // to people who pressed a button
}

// NewSlack returns a fake Slack that does not listen yet. It returns an error
// that names the option that is wrong.
func NewSlack(o SlackOptions) (*Slack, error) {
	if err := o.prepare(); err != nil {
		return nil, fmt.Errorf("fake Slack: %w", err)
	}
	s := &Slack{
		opts: o, token: o.Token, book: newBook(o.Channels),
		scripts: scripts[SlackMethod, SlackStep]{}, pauses: map[string]time.Time{},
	}
	s.name, s.handle = "fake Slack", s.serve
	s.addr = netip.MustParseAddrPort(o.Addr) // prepare has parsed it
	return s, nil
}

// APIURL returns the address of the Web API as clients want it, with a slash
// at the end.
func (s *Slack) APIURL() string { return s.URL() + "/api/" }

// HookURL returns the address of the incoming webhook with the given path;
// empty: DefaultSlackHook.
func (s *Slack) HookURL(path string) string { return s.URL() + orElse(path, DefaultSlackHook) }

// SetChannel adds a channel, or changes the one with the same ID and leaves
// its messages alone. It returns an error when c has no ID.
func (s *Slack) SetChannel(c SlackChannel) error {
	if c.ID == "" {
		return errors.New("fake Slack: set channel: it has no ID")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if room := s.book.rooms[c.ID]; room != nil {
		room.SlackChannel = c
		return nil
	}
	s.book.rooms[c.ID] = newRoom(c)
	return nil
}

// SetToken makes token the right one for calls from now on; empty: none is.
func (s *Slack) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Play gives each call of method the next of the steps, from now on; see
// SlackStep for how long each lasts. Without steps, or when they have run out,
// calls follow the script of SlackAny, and without one go well. Calls that are
// under way keep what they were given. It returns an error, and changes
// nothing, when the method or a step is unknown.
func (s *Slack) Play(method SlackMethod, steps ...SlackStep) error {
	if err := checkSlackScript(method, steps); err != nil {
		return fmt.Errorf("fake Slack: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts.play(method, steps, time.Now())
	return nil
}

// Messages returns what a channel holds, oldest first, replies included; nil
// for an unknown channel. At most MaxSlackMessages.
func (s *Slack) Messages(channel string) []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := s.book.room(channel)
	if room == nil {
		return nil
	}
	var list []SlackMessage
	for _, p := range room.posts {
		list = append(list, p.SlackMessage)
	}
	return list
}

// Copies returns how many messages with an idempotency key were stored in a
// channel; more than one is a duplicate.
func (s *Slack) Copies(channel, idem string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.copies[channel+" "+idem]
}

// Calls returns the latest calls, at most MaxSlackCalls, oldest first.
func (s *Slack) Calls() []SlackCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.book.calls)
}

// Stats returns the figures of this moment.
func (s *Slack) Stats() SlackStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.stats
}

// Wait blocks until the figures are as wanted, or ctx ends; then it returns an
// error with the figures. until is called with each change.
func (s *Slack) Wait(ctx context.Context, until func(SlackStats) bool) error {
	return await(ctx, "fake Slack", func() (SlackStats, <-chan struct{}) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.book.stats, s.book.bell.next()
	}, until)
}

func (s *Slack) pending(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.stats.Pending += change
	s.book.bell.ring()
}
