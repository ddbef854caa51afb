package subscription

import "time"

// Reason says how somebody left. The words are stored.
type Reason string

// The reasons.
const (
	OneClick  Reason = "one_click" // the mail program's own button (RFC 8058)
	Page      Reason = "page"      // the page behind the link
	Operator  Reason = "operator"  // a person, by the API or the command line
	Bounce    Reason = "bounce"    // the mail server refuses the address; rows may have it, nothing here writes them
	Complaint Reason = "complaint" // somebody called the mails spam; likewise
)

// Row is one address of a merchant that gets no mail of a kind.
type Row struct {
	Merchant string
	Address  string // in lower case, see [Same]
	Kind     string
	Reason   Reason
	Detail   string // who did it, or what the mail server said; may be empty
	At       time.Time
}

// Change is what somebody wants for the digests to one address of a merchant.
type Change struct {
	Merchant string
	Address  string // in any case
	Off      bool   // true: no digests any more; false: digests again
	Reason   Reason // by what way
	By       string // who, when Reason is Operator: a token's name or a person; else empty
}

// Actor is who did it, for the audit.
func (c Change) Actor() string {
	if c.By != "" {
		return c.By
	}
	return string(c.Reason)
}

// Filter selects rows, in the order of merchant and address. The zero Filter
// selects the first hundred.
type Filter struct {
	Merchant string // empty: any
	After    Place  // behind it; zero: from the beginning
	Limit    int    // 1 to 1000; 0: 100
}

// Place names a row in the order of a list.
type Place struct{ Merchant, Address string }
