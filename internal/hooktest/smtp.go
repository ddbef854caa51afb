package hooktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// SMTP is a server on one address that takes mail and keeps it, and misbehaves
// by a script at every verb. It begins with Start and ends with Close; what it
// remembers outlives both. One goroutine accepts, one more serves each
// connection, at most 4096. All methods are safe for concurrent use.
type SMTP struct {
	opts  SMTPOptions
	slots chan struct{} // one for each open connection

	life  sync.Mutex // held by Start and Close, in full
	wg    sync.WaitGroup
	berth berth // guarded by life

	mu      sync.Mutex // guards all below
	ln      *net.TCPListener
	addr    netip.AddrPort // port 0 before the first Start
	conns   map[*net.TCPConn]struct{}
	scripts scripts[smtpKey, SMTPStep]
	book    smtpBook
}

// NewSMTP returns a sink that does not listen yet. It returns an error that
// names the option that is wrong.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	if err := o.prepare(); err != nil {
		return nil, fmt.Errorf("SMTP sink: %w", err)
	}
	return &SMTP{
		opts: o, slots: make(chan struct{}, maxOpen), conns: map[*net.TCPConn]struct{}{},
		addr:    netip.MustParseAddrPort(o.Addr), // prepare has parsed it
		scripts: scripts[smtpKey, SMTPStep]{}, book: newSMTPBook(),
	}, nil
}

// Start listens: the first time where SMTPOptions.Addr says, later on the same
// port as before, which is kept for it meanwhile on Linux. It returns an error
// when somebody else has that port, or the sink runs already.
func (s *SMTP) Start() error {
	s.life.Lock()
	defer s.life.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != nil {
		return errors.New("start SMTP sink: it is running already")
	}
	ln, err := s.berth.listen(s.addr)
	if err != nil {
		return fmt.Errorf("start SMTP sink: %w", err)
	}
	s.ln, s.addr = ln, ln.Addr().(*net.TCPAddr).AddrPort()
	s.wg.Go(func() { s.accept(ln) })
	return nil
}

// Close closes the listener, so that new connections are refused, cuts the
// open connections, and waits until their goroutines have ended. Start undoes
// it. Closing twice does nothing.
func (s *SMTP) Close() {
	s.life.Lock()
	defer s.life.Unlock()
	s.mu.Lock()
	if s.ln != nil {
		_ = s.ln.Close() // it was open
		s.ln = nil
	}
	for c := range s.conns {
		_ = c.Close() // may have ended by itself
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Addr returns the address; its port is 0 before the first Start.
func (s *SMTP) Addr() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Play gives each command of verb the next of the steps, from now on; see
// SMTPStep for how long each lasts. Without steps, or when they have run out,
// commands follow the script of SMTPAny, and without one the sink is sound.
// Commands that are under way keep what they were given. It returns an error,
// and changes nothing, when the verb is unknown or a step cannot be.
func (s *SMTP) Play(verb SMTPVerb, steps ...SMTPStep) error {
	return s.play(smtpKey{verb: verb}, steps)
}

// PlayRecipient is Play for the RCPT commands of one address, in whatever
// case; it goes before the script of SMTPRcpt.
func (s *SMTP) PlayRecipient(address string, steps ...SMTPStep) error {
	if address == "" {
		return errors.New("SMTP sink: script for a recipient: the address is empty")
	}
	return s.play(smtpKey{verb: SMTPRcpt, to: strings.ToLower(address)}, steps)
}

func (s *SMTP) play(key smtpKey, steps []SMTPStep) error {
	if err := checkSMTPScript(key.verb, steps); err != nil {
		return fmt.Errorf("SMTP sink: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts.play(key, steps, time.Now())
	return nil
}

// take returns the step for a command.
func (s *SMTP) take(verb SMTPVerb, to string) SMTPStep {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []smtpKey{{verb: verb}, {verb: SMTPAny}}
	if to != "" {
		keys = slices.Insert(keys, 0, smtpKey{verb: verb, to: strings.ToLower(to)})
	}
	return s.scripts.take(time.Now(), keys...)
}

// Messages returns the messages that were kept, oldest first, at most
// MaxSMTPMessages.
func (s *SMTP) Messages() []SMTPMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.book.messages)
}

// Copies returns how many messages with a Message-ID, in its <>, were kept.
// More than one is a duplicate unless their recipients differ.
func (s *SMTP) Copies(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.copies[id]
}

// Commands returns the latest commands, greetings and dots among them, at most
// MaxSMTPCommands, oldest first.
func (s *SMTP) Commands() []SMTPCommand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.book.commands)
}

// Stats returns the figures of this moment.
func (s *SMTP) Stats() SMTPStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.figures()
}

// Wait blocks until the figures are as wanted, or ctx ends; then it returns an
// error with the figures. until is called with each change. A command counts
// when it has come, before it is replied to.
func (s *SMTP) Wait(ctx context.Context, until func(SMTPStats) bool) error {
	return await(ctx, "SMTP sink", func() (SMTPStats, <-chan struct{}) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.book.figures(), s.book.bell.next()
	}, until)
}
