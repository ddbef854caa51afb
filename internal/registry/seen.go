package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// MostSeen is how many endpoints may be known from attempts alone (DESIGN
// section 5.3: "never probed, never mailed, cap 200,000").
const MostSeen = 200_000

// SeenFor is how long an endpoint that is known from attempts alone stays
// without any: as long as an attempt may be late and still be kept.
const SeenFor = 35 * 24 * time.Hour

// seenPrefix begins the IDs that are made of merchant and URL.
const seenPrefix = "seen-"

var madePattern = regexp.MustCompile(`^seen-[0-9a-f]{16}$`)

// Sighting is an endpoint as an attempt names it. The texts are a stranger's:
// [Sighting.Check] says whether they are fit for a record. URL may be empty,
// and may hold secrets in its query: neither log nor show it.
type Sighting struct{ ID, Merchant, URL string }

// SeenID makes the ID of an endpoint that attempts name by merchant and URL:
// "seen-" and the first 16 hex digits of the SHA-256 of merchant, NUL and URL
// (no attempt holds a NUL). The same two give the same ID for ever: attempts
// are told apart by it.
func SeenID(merchant, url string) string {
	sum := sha256.Sum256([]byte(merchant + "\x00" + url))
	return seenPrefix + hex.EncodeToString(sum[:8])
}

// Check says why no record can be made of s; nil when one can. Texts are
// refused as they are, never made to fit: two endpoints could become one. The
// error holds neither the URL nor an ID.
func (s Sighting) Check() error {
	switch {
	case !idPattern.MatchString(s.ID):
		return errors.New("endpoint: not an ID; wanted letters, digits, and . _ : - after the first; at most 128")
	case !idPattern.MatchString(s.Merchant):
		return errors.New("merchant: not an ID; wanted letters, digits, and . _ : - after the first; at most 128")
	case madePattern.MatchString(s.ID) && s.ID != SeenID(s.Merchant, s.URL):
		return errors.New("endpoint: an ID of this form is made of merchant and url, and belongs to others")
	case s.URL == "":
		return nil
	}
	if _, err := probes.ParseURL(s.URL); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	return nil
}

// See returns the records with what was met in attempts, and what has to be
// stored: an endpoint for each ID that is not known, and its merchant where
// that is not known either. Each sighting passed Check. Over [MostSeen]
// endpoints nothing more is taken; full counts what was left out for that.
//
// rec is not changed, but the result may share its memory: use one result of
// the same records alone.
func (rec Records) See(list []Sighting) (next Records, d Delta, full int) {
	wanted, parents := make(map[string]bool, len(list)), make(map[string]bool, len(list))
	for _, s := range list {
		wanted[s.ID], parents[s.Merchant] = true, true
	}
	room := MostSeen
	for i := range rec.Endpoints {
		if rec.Endpoints[i].Origin == OriginSeen {
			room--
		}
		delete(wanted, rec.Endpoints[i].ID)
	}
	for i := range rec.Merchants {
		delete(parents, rec.Merchants[i].ID)
	}
	d = Delta{Actor: string(OriginSeen), Seen: true}
	for _, s := range list {
		switch {
		case !wanted[s.ID]:
			continue
		case len(d.PutEndpoints) >= room:
			full++
		default:
			if parents[s.Merchant] {
				d.PutMerchants = append(d.PutMerchants, Merchant{ID: s.Merchant, Origin: OriginSeen})
			}
			d.PutEndpoints = append(d.PutEndpoints, Endpoint{ID: s.ID, Merchant: s.Merchant, URL: s.URL, Origin: OriginSeen})
			delete(parents, s.Merchant)
		}
		delete(wanted, s.ID)
	}
	rec.Merchants, rec.Endpoints = append(rec.Merchants, d.PutMerchants...), append(rec.Endpoints, d.PutEndpoints...)
	return rec, d, full
}

// Unsee returns what has to be dropped so that those endpoints are not known
// any more, as far as they are known from attempts alone, and with them the
// merchants so known that have no endpoint then.
func (rec Records) Unsee(ids []string) Delta {
	d := Delta{Actor: string(OriginSeen), Seen: true}
	gone, needed := setOf(ids), map[string]bool{}
	for i := range rec.Endpoints {
		if ep := &rec.Endpoints[i]; ep.Origin == OriginSeen && gone[ep.ID] {
			d.DropEndpoints = append(d.DropEndpoints, ep.ID)
		} else {
			needed[ep.Merchant] = true
		}
	}
	for _, m := range rec.Merchants {
		if m.Origin == OriginSeen && !needed[m.ID] {
			d.DropMerchants = append(d.DropMerchants, m.ID)
		}
	}
	return d
}

// Without returns the records without what d drops. rec is not changed.
func (rec Records) Without(d Delta) Records {
	endpoints, merchants := setOf(d.DropEndpoints), setOf(d.DropMerchants)
	next := rec
	next.Endpoints, next.Merchants = make([]Endpoint, 0, len(rec.Endpoints)), make([]Merchant, 0, len(rec.Merchants))
	for i := range rec.Endpoints {
		if !endpoints[rec.Endpoints[i].ID] {
			next.Endpoints = append(next.Endpoints, rec.Endpoints[i])
		}
	}
	for _, m := range rec.Merchants {
		if !merchants[m.ID] {
			next.Merchants = append(next.Merchants, m)
		}
	}
	return next
}
