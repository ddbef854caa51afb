package api

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// FuzzRatiosQuestion holds that whatever is asked, the window is bounded and
// the scope is one that can be shown.
func FuzzRatiosQuestion(f *testing.F) {
	for _, seed := range [][3]string{
		{"platform", "", ""}, {"merchant:own", "2026-05-04T10:00:00Z", "2026-05-04T11:00:00.5+07:00"}, {"channel:\u202e", "x", "\x00"},
		{"endpoint:own-pay:x", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"}, {"product:", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, scope, from, to string) {
		q, bad := window(from, to, now)
		if span := q.To.Sub(q.From); bad == nil && (span <= 0 || span > maxSpan || q.From.Location() != time.UTC || q.To.Location() != time.UTC) {
			t.Errorf("from %q, to %q: %+v", from, to, q)
		}
		s, bad := parseScope(scope)
		if bad != nil {
			return
		}
		kind, id := s.Split()
		named := strings.Contains(scope, ":")
		if (kind == "platform") == named || named && id == "" || registry.Clean(id) != id {
			t.Errorf("scope %q was taken as %q", scope, s)
		}
	})
}
