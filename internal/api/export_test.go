package api

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

// Patterns lists what is registered, for the matrix of routes and roles.
func (s *Server) Patterns() []string { return slices.Sorted(maps.Keys(s.access)) }

// Patient gives attempts more time than the slowest machine takes.
func (s *Server) Patient() *Server {
	s.bodyTime, s.takeTime = time.Hour, time.Hour
	return s
}

// HoldAttempts takes that much of the room for attempts, until it is dropped.
func (s *Server) HoldAttempts(t *testing.T, bytes int64) (drop func()) {
	t.Helper()
	if !s.inflow.bytes.hold(bytes) {
		t.Fatalf("there is no room for %d bytes of attempts", bytes)
	}
	return func() { s.inflow.bytes.drop(bytes) }
}

// MailFile writes a letter as a file.
func MailFile(l digest.Letter, to string, at time.Time) ([]byte, error) {
	return mailFile{Letter: l, to: to, at: at}.bytes()
}
