package traffic

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// NDJSON writes the attempts in the order of [Generator.Attempts], each as one
// line in the form of DESIGN section 9.4. Fields that say nothing are left
// out. It returns the configuration's faults, or the error of w.
func (g *Generator) NDJSON(w io.Writer) error {
	if g.err != nil {
		return fmt.Errorf("traffic: %w", g.err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for a := range g.Attempts() {
		line = AppendRecord(line[:0], a)
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("write attempts: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write attempts: %w", err)
	}
	return nil
}

// AppendRecord appends an attempt's record and a line feed.
func AppendRecord(b []byte, a deliveries.Attempt) []byte {
	b = append(b, `{"v":1`...)
	for _, f := range [...]struct{ name, value string }{
		{"source", a.Source}, {"id", a.ID}, {"merchant", a.Merchant}, {"endpoint", a.Endpoint}, {"url", a.URL},
		{"event", a.Event}, {"type", a.Type}, {"product", a.Product}, {"channel", a.Channel}, {"key", a.Key},
		{"actor", a.Actor}, {"error", a.Error}, {"trigger", string(a.Trigger)}, {"mode", string(a.Mode)},
	} {
		if f.value != "" {
			b = appendText(appendName(b, f.name), f.value)
		}
	}
	for _, f := range [...]struct {
		name  string
		value time.Time
	}{{"occurred_at", a.OccurredAt}, {"created_at", a.CreatedAt}, {"expires_at", a.ExpiresAt}, {"started_at", a.StartedAt}} {
		if !f.value.IsZero() {
			b = append(f.value.UTC().AppendFormat(append(appendName(b, f.name), '"'), time.RFC3339Nano), '"')
		}
	}
	b = strconv.AppendInt(appendName(b, "attempt"), int64(a.Number), 10)
	b = appendMillis(appendName(b, "duration_ms"), a.Duration)
	b = strconv.AppendInt(appendName(b, "status"), int64(a.Status), 10)
	return append(b, '}', '\n')
}

func appendName(b []byte, name string) []byte {
	return append(append(append(b, ',', '"'), name...), '"', ':')
}

// appendText writes a JSON string; what is plain is copied as it is.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string is always written
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendMillis writes a duration in milliseconds to the nanosecond.
func appendMillis(b []byte, d time.Duration) []byte {
	b = strconv.AppendInt(b, int64(d/time.Millisecond), 10)
	rest := int64(d % time.Millisecond)
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(100_000); rest > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}
