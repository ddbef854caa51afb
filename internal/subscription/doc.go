// Package subscription makes and reads the links by which somebody ends the
// digests to an address (RFC 8058): opaque, signed, and without the address in
// them. It keeps the key of the signatures in one file. It stores nothing else,
// serves nothing, and does not know who is registered: its callers do.
package subscription
