package store

import (
	"database/sql"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// failedEvents fills open_event with events that first failed in the 24 hours
// from midday on, evenly: of 10,000 endpoints of 1,000 merchants, seven in ten
// of them delivered since, one in ten exhausted.
const failedEvents = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1), e (i, at) AS (SELECT i, ?2 + i * (86400000000 / ?1) FROM n)
	INSERT INTO open_event (source, event, endpoint, merchant, type, product, channel, schedule, state, first_attempt_at, last_attempt_at, attempts,
		first_fault, last_fault, next_retry_at, exhausts_at, delivered_at, position)
	SELECT 'core', printf('evt_%08x', (i * 2654435761) & 4294967295), 'ep-' || (i * 7919 % 10000), 'm-' || (i * 7919 % 1000), 'type-' || (i % 5), 'P-' || (i % 4),
		'ch-' || (i % 12), 'xendit', CASE WHEN i % 10 < 7 THEN 'delivered' WHEN i % 10 < 9 THEN 'retrying' ELSE 'exhausted' END,
		at, at + 900000000, 2, 'refused', 'refused', CASE WHEN i % 10 BETWEEN 7 AND 8 THEN at + 3600000000 END, CASE WHEN i % 10 > 6 THEN at + 86400000000 END,
		CASE WHEN i % 10 < 7 THEN at + 900000000 END, i
	FROM e`

// BenchmarkCountFailed counts what failed in an hour, and in the whole day, of
// an incident of each kind of scope. ROWS says among how many events.
func BenchmarkCountFailed(b *testing.B) {
	if testing.Short() {
		b.Skip("fills facts.db first")
	}
	s := openStore(b, b.TempDir())
	err := s.facts.write(b.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(b.Context(), failedEvents, benchRows(b), midday.UnixMicro())
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, scope := range []rules.Scope{rules.ScopePlatform, "channel:ch-3", "merchant:m-5", "endpoint:ep-7", "channel:none"} {
		for name, span := range map[string][2]time.Duration{"an hour": {10 * time.Hour, 11 * time.Hour}, "a day": {0, 24 * time.Hour}, "before all": {-9 * time.Hour, -8 * time.Hour}} {
			b.Run(string(scope)+"/"+name, func(b *testing.B) {
				in := alerting.Incident{Scope: scope, StartedAt: midday.Add(span[0] + time.Minute), ResolvedAt: midday.Add(span[1])}
				var counts []alerting.FailedCount
				for b.Loop() {
					var err error
					if counts, err = s.CountFailed(b.Context(), in, midday.Add(24*time.Hour)); err != nil {
						b.Fatal(err)
					}
				}
				n := 0
				for _, c := range counts {
					n += c.Failed
				}
				b.ReportMetric(float64(n), "events")
			})
		}
	}
}
