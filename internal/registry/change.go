package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Change is what one caller of the API wants changed, as one transaction:
// all of it, or nothing.
type Change struct {
	Actor         string // who: a token's name, for the audit
	PutMerchants  []Merchant
	PutEndpoints  []Endpoint
	DropMerchants []string // with all their endpoints
	DropEndpoints []string
}

// Errors that a caller decides by.
var (
	ErrNotFound = errors.New("no such record")
	ErrFromFile = errors.New("comes from the configuration file and is read-only here")
)

// InvalidError says why a change was refused: the faults of its records.
type InvalidError struct{ Faults []RecordFault }

// Error implements error.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.String()
	}
	return strings.Join(texts, "; ")
}

// Delta is a change as it is stored: what is written and what is dropped.
type Delta struct {
	Actor         string
	PutMerchants  []Merchant
	PutEndpoints  []Endpoint
	DropMerchants []string
	DropEndpoints []string

	// Seen says that attempts made this change and no person: it leaves no
	// row in the audit, where a flood of them would bury what people did.
	Seen bool
}

// Parts cuts a change that only puts, and puts no record twice, into changes of
// at most n endpoints each, in order. A merchant comes with the first endpoint
// that needs it; one that none of them needs is left out.
func (d Delta) Parts(n int) []Delta {
	merchants := make(map[string]Merchant, len(d.PutMerchants))
	for _, m := range d.PutMerchants {
		merchants[m.ID] = m
	}
	var parts []Delta
	for some := range slices.Chunk(d.PutEndpoints, n) {
		part := Delta{Actor: d.Actor, Seen: d.Seen, PutEndpoints: some}
		for _, ep := range some {
			if m, ok := merchants[ep.Merchant]; ok {
				part.PutMerchants = append(part.PutMerchants, m)
				delete(merchants, ep.Merchant)
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// With returns the records after c, and what has to be stored. Records that
// come from a file cannot be changed (ErrFromFile); dropping what is not there
// is ErrNotFound. rec is not changed, and comes back as it is with any error.
func (rec Records) With(c Change) (Records, Delta, error) {
	next, d, err := rec.with(c)
	if err != nil {
		return rec, Delta{}, err
	}
	return next, d, nil
}

func (rec Records) with(c Change) (Records, Delta, error) {
	d := Delta{Actor: c.Actor, DropMerchants: slices.Clone(c.DropMerchants), DropEndpoints: slices.Clone(c.DropEndpoints)}
	e := editor{merchants: indexOf(rec.Merchants, func(m Merchant) string { return m.ID }), endpoints: indexOf(rec.Endpoints, func(ep Endpoint) string { return ep.ID })}
	rec.Merchants, rec.Endpoints = slices.Clone(rec.Merchants), slices.Clone(rec.Endpoints)
	for _, m := range c.PutMerchants {
		m.Origin = OriginAPI
		if i, ok := e.merchants[m.ID]; !ok {
			e.merchants[m.ID] = len(rec.Merchants)
			rec.Merchants = append(rec.Merchants, m)
		} else if rec.Merchants[i].Origin == OriginFile {
			return rec, d, fmt.Errorf("merchant %q %w", m.ID, ErrFromFile)
		} else {
			rec.Merchants[i] = m
		}
		d.PutMerchants = append(d.PutMerchants, m)
	}
	for _, ep := range c.PutEndpoints {
		ep.Origin = OriginAPI
		if i, ok := e.endpoints[ep.ID]; !ok {
			e.endpoints[ep.ID] = len(rec.Endpoints)
			rec.Endpoints = append(rec.Endpoints, ep)
		} else if rec.Endpoints[i].Origin == OriginFile {
			return rec, d, fmt.Errorf("endpoint %q %w", ep.ID, ErrFromFile)
		} else {
			rec.Endpoints[i] = ep
		}
		d.PutEndpoints = append(d.PutEndpoints, ep)
	}
	err := e.drop(&rec, &d)
	return rec, d, err
}

// editor finds records by ID.
type editor struct{ merchants, endpoints map[string]int }

func indexOf[T any](list []T, id func(T) string) map[string]int {
	m := make(map[string]int, len(list))
	for i, v := range list {
		m[id(v)] = i
	}
	return m
}

// drop removes what d drops; a merchant takes its endpoints along.
func (e editor) drop(rec *Records, d *Delta) error {
	if len(d.DropMerchants)+len(d.DropEndpoints) == 0 {
		return nil
	}
	merchants, endpoints := setOf(d.DropMerchants), setOf(d.DropEndpoints)
	for _, id := range d.DropMerchants {
		i, ok := e.merchants[id]
		if !ok {
			return fmt.Errorf("merchant %q: %w", id, ErrNotFound)
		}
		if rec.Merchants[i].Origin == OriginFile {
			return fmt.Errorf("merchant %q %w", id, ErrFromFile)
		}
	}
	for _, ep := range rec.Endpoints {
		if merchants[ep.Merchant] && !endpoints[ep.ID] {
			endpoints[ep.ID] = true
			d.DropEndpoints = append(d.DropEndpoints, ep.ID)
		}
	}
	for _, id := range d.DropEndpoints {
		i, ok := e.endpoints[id]
		if !ok {
			return fmt.Errorf("endpoint %q: %w", id, ErrNotFound)
		}
		if rec.Endpoints[i].Origin == OriginFile {
			return fmt.Errorf("endpoint %q %w", id, ErrFromFile)
		}
	}
	rec.Merchants = slices.DeleteFunc(rec.Merchants, func(m Merchant) bool { return merchants[m.ID] })
	rec.Endpoints = slices.DeleteFunc(rec.Endpoints, func(ep Endpoint) bool { return endpoints[ep.ID] })
	return nil
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// Merge puts the records of the file over those of the store: the file wins.
// It returns the merged records and what the store has to learn. A merchant
// that is gone from the file while it still has endpoints of the API stays,
// as the API's: what was given by the API is not lost by an edit of the file.
// One that only has endpoints met in attempts is from then on as they are:
// known by its name, and told nothing.
func Merge(file, stored Records) (Records, Delta) {
	merchants := indexOf(file.Merchants, func(m Merchant) string { return m.ID })
	endpoints := indexOf(file.Endpoints, func(ep Endpoint) string { return ep.ID })
	out, d := file, Delta{Actor: "file", PutMerchants: file.Merchants, PutEndpoints: file.Endpoints}
	out.Merchants, out.Endpoints = slices.Clone(file.Merchants), slices.Clone(file.Endpoints)
	needed := map[string]Origin{}
	for _, ep := range stored.Endpoints {
		if _, ok := endpoints[ep.ID]; !ok && ep.Origin != OriginFile && needed[ep.Merchant] != OriginAPI {
			needed[ep.Merchant] = ep.Origin
		}
	}
	for _, m := range stored.Merchants {
		if _, ok := merchants[m.ID]; ok {
			continue
		}
		if m.Origin == OriginFile { // it stood in the file, and no longer does
			switch needed[m.ID] {
			case "":
				d.DropMerchants = append(d.DropMerchants, m.ID)
				continue
			case OriginSeen:
				m = Merchant{ID: m.ID, Name: m.Name, Timezone: m.Timezone, Origin: OriginSeen}
			default:
				m.Origin = OriginAPI
			}
			d.PutMerchants = append(slices.Clip(d.PutMerchants), m)
		}
		merchants[m.ID] = len(out.Merchants)
		out.Merchants = append(out.Merchants, m)
	}
	for _, ep := range stored.Endpoints {
		if _, ok := endpoints[ep.ID]; ok {
			continue
		}
		if _, ok := merchants[ep.Merchant]; !ok || ep.Origin == OriginFile {
			d.DropEndpoints = append(d.DropEndpoints, ep.ID)
			continue
		}
		out.Endpoints = append(out.Endpoints, ep)
	}
	return out, d
}
