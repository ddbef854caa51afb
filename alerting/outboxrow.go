package alerting

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// ErrNoNotice says that there is no notice with that ID.
var ErrNoNotice = errors.New("there is no such notice")

// NoticeStateError says that a notice is not in a state in which a person's
// command makes sense.
type NoticeStateError struct {
	ID    string
	State string // where it stands
}

// Error implements error, in one line.
func (e *NoticeStateError) Error() string {
	return fmt.Sprintf("notice %s is %s: only one that is waiting or dead can be retried or dropped", e.ID, e.State)
}

// OutboxFilter selects notices. The zero filter selects all.
type OutboxFilter struct {
	State   string // waiting, sending, sent, replaced, withheld, dead, dropped; empty: any
	Lane    string // empty: any
	Subject string // empty: any
	Before  string // ID of a notice: only those decided before it, to page on; empty: from the newest
	Limit   int    // cut to 1..1000; 0: 100
}

// OutboxRow is one notice as people see it. Moments that have not come are
// zero.
type OutboxRow struct {
	ID         string          `json:"id"`
	IdemKey    string          `json:"idem_key"`
	Lane       string          `json:"lane"`
	Recipient  string          `json:"recipient"`
	Subject    string          `json:"subject"`
	Incident   string          `json:"incident,omitempty"`
	Kind       Kind            `json:"kind"`
	Flow       Flow            `json:"flow"`
	Severity   rules.Severity  `json:"severity"`
	Version    int             `json:"version"`
	State      string          `json:"state"`
	Reason     string          `json:"reason,omitempty"`
	ReplacedBy string          `json:"replaced_by,omitempty"`
	FallbackOf string          `json:"fallback_of,omitempty"`
	Created    time.Time       `json:"created_at"`
	Due        time.Time       `json:"due_at"`
	Attempts   int             `json:"attempts"`
	Tried      time.Time       `json:"tried_at,omitzero"`
	Class      Class           `json:"error_class,omitempty"`
	Text       string          `json:"error_text,omitempty"`
	Reduced    bool            `json:"reduced,omitempty"`
	Ref        string          `json:"provider_ref,omitempty"`
	Finished   time.Time       `json:"finished_at,omitzero"`
	FinishedBy string          `json:"finished_by,omitempty"` // empty: hookvigil
	Facts      json.RawMessage `json:"facts"`
}
