package probes

import (
	"fmt"
	"log/slog"
)

// Secret is a token, password or key. However it is printed, logged or
// marshalled, it shows as "<secret>" (or as nothing when empty); only Reveal
// gives the value.
type Secret string

// Reveal returns the value. Call it where the secret goes onto the wire, or
// into a store that only we can read, and nowhere else.
func (s Secret) Reveal() string { return string(s) }

// String implements [fmt.Stringer].
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "<secret>"
}

// Format implements [fmt.Formatter], so that no verb prints the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) } // a formatter cannot report an error

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler]; it hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; it takes the value.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = Secret(b)
	return nil
}
