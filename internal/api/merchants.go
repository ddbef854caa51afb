package api

import (
	"context"
	"net/http"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// merchantRecord is a merchant as it is written and answered: the keys of the
// YAML file, and two that are answered alone.
type merchantRecord struct {
	ID        string            `json:"id,omitempty" doc:"As in the path"`
	Name      string            `json:"name,omitempty" doc:"Shown; empty: the ID"`
	Timezone  string            `json:"timezone,omitempty" doc:"IANA name; empty: UTC"`
	Language  string            `json:"language,omitempty" doc:"en or id; empty: en"`
	Digest    registry.Digest   `json:"digest,omitzero"`
	Incidents registry.Contacts `json:"incidents,omitzero"`
	Origin    registry.Origin   `json:"origin,omitempty" readOnly:"true"`
	Endpoints int               `json:"endpoints" required:"false" readOnly:"true" doc:"How many it has"`
}

type merchantOutput struct {
	Status int
	Body   merchantRecord
}

type putMerchantInput struct {
	ID   string `path:"id" maxLength:"128"`
	Body merchantRecord
}

func merchantID(m registry.Merchant) string { return m.ID }

func merchantView(m registry.Merchant, endpoints int) merchantRecord {
	return merchantRecord{
		ID: m.ID, Name: m.Name, Timezone: m.Timezone, Language: m.Language,
		Digest: m.Digest, Incidents: m.Incidents, Origin: m.Origin, Endpoints: endpoints,
	}
}

// endpointCounts counts the endpoints of all merchants.
func endpointCounts(snap *registry.Snapshot) map[string]int {
	n := map[string]int{}
	for _, w := range snap.KnownEndpoints() {
		n[w.Merchant]++
	}
	return n
}

func (s *Server) listMerchants(ctx context.Context, in *listInput) (*pageOutput[merchantRecord], error) {
	c, snap := callerOf(ctx), s.deps.Registry.Snapshot()
	counts := endpointCounts(snap)
	return take(*in, snap.KnownMerchants(), merchantID, func(m registry.Merchant) (merchantRecord, bool) {
		return merchantView(m, counts[m.ID]), c.sees(m.ID)
	})
}

// merchantFor finds a merchant that the caller sees.
func (s *Server) merchantFor(c caller, id string) (merchantRecord, error) {
	snap := s.deps.Registry.Snapshot()
	m, ok := snap.Merchant(id)
	if !ok || !c.sees(id) {
		return merchantRecord{}, notFound("merchant", id)
	}
	return merchantView(m, endpointCounts(snap)[id]), nil
}

func (s *Server) getMerchant(ctx context.Context, in *idInput) (*merchantOutput, error) {
	m, err := s.merchantFor(callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &merchantOutput{Status: http.StatusOK, Body: m}, nil
}

func (s *Server) putMerchant(ctx context.Context, in *putMerchantInput) (*merchantOutput, error) {
	c := callerOf(ctx)
	if !c.sees(in.ID) {
		return nil, notFound("merchant", in.ID)
	}
	if in.Body.ID != "" && in.Body.ID != in.ID {
		return nil, unprocessable(detail("body.id", "is not the ID in the path; leave it out"))
	}
	var known bool
	m := registry.Merchant{
		ID: in.ID, Name: in.Body.Name, Timezone: in.Body.Timezone, Language: in.Body.Language,
		Digest: in.Body.Digest, Incidents: in.Body.Incidents,
	}
	err := s.change(ctx, func(snap *registry.Snapshot) (registry.Change, error) {
		var was registry.Merchant
		was, known = snap.Merchant(in.ID)
		if !c.mayTell(was, m) {
			return registry.Change{}, unprocessable(detail("body.digest.slack", notTheirs))
		}
		return registry.Change{Actor: c.name, PutMerchants: []registry.Merchant{m}}, nil
	})
	if err != nil {
		return nil, err
	}
	now, err := s.merchantFor(c, in.ID)
	if err != nil {
		return nil, err // somebody dropped it meanwhile
	}
	return &merchantOutput{Status: created(known), Body: now}, nil
}

// notTheirs is what a token for some merchants hears that names a receiver.
const notTheirs = "is chosen by who runs hookvigil: leave it as it is"

// mayTell reports whether c may have a merchant's digest go where m says and was
// does not: receivers are the operator's, and the channel behind one may be
// another merchant's.
func (c caller) mayTell(was, m registry.Merchant) bool {
	return !c.scoped() || m.Digest.Slack == was.Digest.Slack
}

func (s *Server) deleteMerchant(ctx context.Context, in *idInput) (*struct{}, error) {
	c := callerOf(ctx)
	return nil, s.change(ctx, func(*registry.Snapshot) (registry.Change, error) {
		_, err := s.merchantFor(c, in.ID)
		return registry.Change{Actor: c.name, DropMerchants: []string{in.ID}}, err
	})
}
