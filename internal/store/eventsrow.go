package store

import (
	"database/sql"
	"strings"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// eventColumns are the columns of open_event in the order of storedEvent.args
// and of scanEvent.
const eventColumns = `source, event, endpoint, merchant, type, product, channel, key, schedule, state, occurred_at, created_at, expires_at,
	first_attempt_at, last_attempt_at, attempts, manual_attempts, first_fault, last_fault, last_status, next_retry_at, exhausts_at,
	delivered_at, delivered_by, position`

const eventColumnCount = 25

// eventKeyColumns is how many of them make the key.
const eventKeyColumns = 3

// eventUpdates sets all columns but the key to what was to be inserted.
func eventUpdates() string {
	var sets []string
	for _, c := range strings.Split(eventColumns, ",")[eventKeyColumns:] {
		c = strings.TrimSpace(c)
		sets = append(sets, c+" = excluded."+c)
	}
	return strings.Join(sets, ", ")
}

func (e *storedEvent) args() []any {
	return []any{
		e.Source, e.ID, e.Endpoint, e.Merchant, e.Type, e.Product, e.Channel, e.Key, e.Schedule, string(e.State),
		instant(e.OccurredAt), instant(e.CreatedAt), instant(e.ExpiresAt), e.FirstAttemptAt.UnixMicro(), e.LastAttemptAt.UnixMicro(),
		int64(e.Attempts), int64(e.ManualAttempts), string(e.FirstFault), string(e.LastFault), int64(e.LastStatus),
		instant(e.NextRetryAt), instant(e.ExhaustsAt), instant(e.DeliveredAt), e.DeliveredBy, e.position,
	}
}

// scanEvent reads a row of eventColumns.
func scanEvent(rows *sql.Rows) (e storedEvent, err error) {
	var occurred, created, expires, next, exhausts, delivered sql.NullInt64
	var first, last int64
	var state string
	err = rows.Scan(&e.Source, &e.ID, &e.Endpoint, &e.Merchant, &e.Type, &e.Product, &e.Channel, &e.Key, &e.Schedule, &state,
		&occurred, &created, &expires, &first, &last, &e.Attempts, &e.ManualAttempts, &e.FirstFault, &e.LastFault, &e.LastStatus,
		&next, &exhausts, &delivered, &e.DeliveredBy, &e.position)
	e.State = deliveries.EventState(state)
	e.OccurredAt, e.CreatedAt, e.ExpiresAt = moment(occurred.Int64), moment(created.Int64), moment(expires.Int64)
	e.FirstAttemptAt, e.LastAttemptAt = moment(first), moment(last)
	e.NextRetryAt, e.ExhaustsAt, e.DeliveredAt = moment(next.Int64), moment(exhausts.Int64), moment(delivered.Int64)
	return e, err
}
