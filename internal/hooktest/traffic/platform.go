package traffic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// traits are where an attempt goes and what it is about, as places in the
// lists of the platform.
type traits struct{ merchant, endpoint, product, channel, kind int }

func (x traits) value(by Dimension) int {
	switch by {
	case ByMerchant:
		return x.merchant
	case ByEndpoint:
		return x.endpoint
	case ByProduct:
		return x.product
	case ByChannel:
		return x.channel
	case ByType:
		return x.kind
	default:
		return 0
	}
}

// MerchantID gives the id of the merchant at a place; the first is 0.
func (p Platform) MerchantID(i int) string { return fmt.Sprintf("m-%04d", i+1) }

// EndpointID gives the id of the endpoint at a place; 0 is the busiest.
func (p Platform) EndpointID(i int) string { return fmt.Sprintf("ep-%05d", i+1) }

// endpoint returns the place of an endpoint, -1 for none.
func (p Platform) endpoint(id string) int { return place(id, "ep-", p.Endpoints, p.EndpointID) }

// place reads a number that name would write.
func place(id, prefix string, most int, name func(int) string) int {
	i, err := strconv.Atoi(strings.TrimPrefix(id, prefix))
	if err != nil || i < 1 || i > most || name(i-1) != id {
		return -1
	}
	return i - 1
}

// index returns the place of a value in its dimension, 0 for everywhere, -1
// for what the platform does not have.
func (p Platform) index(w Where) int {
	switch w.Dimension {
	case Everywhere:
		return 0
	case ByMerchant:
		return place(w.Value, "m-", p.Merchants, p.MerchantID)
	case ByEndpoint:
		return p.endpoint(w.Value)
	case ByProduct:
		return slices.Index(p.Products, w.Value)
	case ByChannel:
		return slices.Index(p.Channels, w.Value)
	case ByType:
		return slices.Index(p.Types, w.Value)
	default:
		return -1
	}
}

// address is what an attempt says of its endpoint.
type address struct{ merchant, endpoint, url string }

// people draws traits, and knows the addresses.
type people struct {
	platform  Platform
	addresses []address
	endpoints lots
	products  lots
	channels  lots
}

func newPeople(p Platform) *people {
	q := &people{platform: p, addresses: make([]address, p.Endpoints)}
	for i := range q.addresses {
		m, e := p.MerchantID(i%p.Merchants), p.EndpointID(i)
		q.addresses[i] = address{m, e, "https://" + m + ".merchants.example/hooks/" + e}
	}
	q.endpoints = newLots(p.Endpoints, p.Skew)
	q.products, q.channels = newLots(len(p.Products), 1), newLots(len(p.Channels), 1)
	return q
}

func (q *people) draw(dice *rand.Rand) traits {
	e := q.endpoints.draw(dice)
	return traits{
		merchant: e % q.platform.Merchants, endpoint: e,
		product: q.products.draw(dice), channel: q.channels.draw(dice), kind: dice.IntN(len(q.platform.Types)),
	}
}

// lots draws places by weight in constant time (Walker's alias method).
type lots struct {
	keep  []float64 // share of the place itself, the rest is the other's
	other []int
}

// newLots weighs place i (from 1) by 1/i^skew.
func newLots(n int, skew float64) lots {
	l := lots{keep: make([]float64, n), other: make([]int, n)}
	total := 0.0
	for i := range n {
		l.keep[i] = math.Pow(float64(i+1), -skew)
		total += l.keep[i]
	}
	var poor, rich []int
	for i := range n {
		l.keep[i] *= float64(n) / total
		l.other[i] = i
		if l.keep[i] < 1 {
			poor = append(poor, i)
		} else {
			rich = append(rich, i)
		}
	}
	for len(poor) > 0 && len(rich) > 0 {
		small, large := poor[len(poor)-1], rich[len(rich)-1]
		poor = poor[:len(poor)-1]
		l.other[small] = large
		l.keep[large] -= 1 - l.keep[small]
		if l.keep[large] < 1 {
			rich, poor = rich[:len(rich)-1], append(poor, large)
		}
	}
	for _, i := range append(poor, rich...) {
		l.keep[i] = 1 // what is left is rounding
	}
	return l
}

func (l lots) draw(dice *rand.Rand) int {
	i := dice.IntN(len(l.keep))
	if dice.Float64() < l.keep[i] {
		return i
	}
	return l.other[i]
}
