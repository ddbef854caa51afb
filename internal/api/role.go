package api

import (
	"context"
	"fmt"
	"slices"
)

// Role says what a token may do. The zero value may do nothing.
type Role string

// The roles. Each of the first three may do what the one before it may; ingest
// stands apart: it hands in attempts and signs of life, and reads nothing.
const (
	RoleViewer   Role = "viewer"   // reads
	RoleOperator Role = "operator" // changes merchants and endpoints, answers incidents
	RoleAdmin    Role = "admin"    // reloads the daemon
	RoleIngest   Role = "ingest"   // hands in attempts and heartbeats, and nothing else
)

// Roles returns the closed set, least first, ingest last.
func Roles() []Role { return []Role{RoleViewer, RoleOperator, RoleAdmin, RoleIngest} }

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown word is an
// error that lists the known ones.
func (r *Role) UnmarshalText(b []byte) error {
	if v := Role(b); slices.Contains(Roles(), v) {
		*r = v
		return nil
	}
	return fmt.Errorf("%q is not a role; one of viewer, operator, admin, ingest", b)
}

// may reports whether r is enough where need is asked for. Nothing is enough
// for the zero need: a route that nobody thought about stays shut.
func (r Role) may(need Role) bool {
	if need == RoleIngest {
		return r == RoleIngest || r == RoleAdmin
	}
	return need.rank() > 0 && r.rank() >= need.rank()
}

func (r Role) rank() int {
	switch r {
	case RoleViewer:
		return 1
	case RoleOperator:
		return 2
	case RoleAdmin:
		return 3
	default:
		return 0
	}
}

// caller is who asks.
type caller struct {
	name      string // for the audit: a token's name, "local" or what the socket's client calls itself, or "loopback"
	role      Role
	source    string          // of the attempts it hands in; empty: they say it themselves
	merchants map[string]bool // nil: all
}

// scoped reports whether c sees some merchants only.
func (c caller) scoped() bool { return c.merchants != nil }

// sees reports whether c sees and, by its role, changes that merchant.
func (c caller) sees(merchant string) bool { return !c.scoped() || c.merchants[merchant] }

type callerKey struct{}

// callerOf returns who asks. Without a caller in ctx it is nobody, who has no
// role and sees no merchant.
func callerOf(ctx context.Context) caller {
	if c, ok := ctx.Value(callerKey{}).(caller); ok {
		return c
	}
	return caller{merchants: map[string]bool{}}
}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}
