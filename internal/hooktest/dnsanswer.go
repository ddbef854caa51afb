package hooktest

import (
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// maxUDP is the largest answer over UDP, the size that resolvers have
// announced since the DNS flag day of 2020; a longer one is truncated.
const maxUDP = 1232

// Answer is what a name says to one query. The zero value exists and has no
// address.
type Answer struct {
	Kind  AnswerKind
	Addrs []netip.Addr  // IPv4 for A, IPv6 for AAAA; none of the type asked for is an empty answer
	Delay time.Duration // before it is sent; 0: none
	TTL   time.Duration // whole seconds; 0: do not cache
}

// AnswerKind says how a name answers.
type AnswerKind string

// The kinds of answer.
const (
	Found     AnswerKind = ""          // Addrs, as far as they fit the type asked for
	NXDomain  AnswerKind = "nxdomain"  // the name does not exist; also what unknown names say
	NoData    AnswerKind = "nodata"    // the name exists, and has nothing of any type
	ServFail  AnswerKind = "servfail"  // the server is broken
	Refused   AnswerKind = "refused"   // the server does not want to
	Silent    AnswerKind = "silent"    // nothing at all, over UDP and TCP
	Truncated AnswerKind = "truncated" // over UDP only the sign to come back over TCP; there as Found
)

// Addresses returns an answer with these addresses.
func Addresses(addrs ...netip.Addr) Answer { return Answer{Addrs: addrs} }

// Queries are figures of one name. All types count once, over either
// transport; TCP counts once more what came over TCP.
type Queries struct {
	A, AAAA, Other int
	TCP            int
}

// Total returns the number of queries of all types.
func (q Queries) Total() int { return q.A + q.AAAA + q.Other }

// name is what the server knows of one name.
type name struct {
	answers []Answer
	loop    bool // after the last comes the first; otherwise the last stays
	next    map[dnsmessage.Type]int
	seen    Queries
}

// take returns the answer for the next query of type t. A truncated answer
// over UDP stays for the query over TCP that follows.
func (n *name) take(t dnsmessage.Type, tcp bool) Answer {
	n.count(t, tcp)
	if len(n.answers) == 0 {
		return Answer{Kind: NXDomain}
	}
	at := n.next[t]
	answer := n.answers[at]
	if answer.Kind == Truncated && !tcp {
		return answer
	}
	if at++; at == len(n.answers) {
		at--
		if n.loop {
			at = 0
		}
	}
	n.next[t] = at
	return answer
}

func (n *name) count(t dnsmessage.Type, tcp bool) {
	switch t {
	case dnsmessage.TypeA:
		n.seen.A++
	case dnsmessage.TypeAAAA:
		n.seen.AAAA++
	default:
		n.seen.Other++
	}
	if tcp {
		n.seen.TCP++
	}
}

// render returns the message that says a to question q, and nil when a is
// silence.
func render(id uint16, q dnsmessage.Question, a Answer, tcp bool) ([]byte, error) {
	if a.Kind == Silent {
		return nil, nil
	}
	m := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: id, Response: true, Authoritative: true, RecursionDesired: true, RecursionAvailable: true,
			RCode: a.rcode(),
		},
		Questions: []dnsmessage.Question{q},
	}
	if a.Kind == Truncated && !tcp {
		m.Truncated = true
		return m.Pack()
	}
	if a.Kind == Found || a.Kind == Truncated {
		m.Answers = a.records(q)
	}
	packed, err := m.Pack()
	if err == nil && len(packed) > maxUDP && !tcp {
		m.Truncated, m.Answers = true, nil
		return m.Pack()
	}
	return packed, err
}

func (a Answer) rcode() dnsmessage.RCode {
	switch a.Kind {
	case NXDomain:
		return dnsmessage.RCodeNameError
	case ServFail:
		return dnsmessage.RCodeServerFailure
	case Refused:
		return dnsmessage.RCodeRefused
	default:
		return dnsmessage.RCodeSuccess
	}
}

func (a Answer) records(q dnsmessage.Question) []dnsmessage.Resource {
	var list []dnsmessage.Resource
	for _, addr := range a.Addrs {
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: uint32(a.TTL.Seconds())}
		switch {
		case q.Type == dnsmessage.TypeA && addr.Is4():
			list = append(list, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}})
		case q.Type == dnsmessage.TypeAAAA && addr.Is6():
			list = append(list, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return list
}

// canonical is how names are looked up: without the last dot, small.
func canonical(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }
