package digest

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// MostLeavers is how many addresses that have unsubscribed a platform's digest
// names.
const MostLeavers = 10

// Unsubscribed are the addresses of merchants that get no digests, because
// somebody ended them. The zero value is none.
type Unsubscribed struct {
	Total int      `json:"total"`          // of those that merchants have
	New   []Leaver `json:"new,omitempty"`  // that left in the window, the last first; at most [MostLeavers]
	More  int      `json:"more,omitempty"` // that left in the window, and are not in New
}

// Leaver is one address that left.
type Leaver struct {
	Merchant string    `json:"merchant"`
	Name     string    `json:"name,omitempty"` // shown; empty: Merchant
	Address  string    `json:"address"`
	At       time.Time `json:"at"`
}

// left is the line of those who have unsubscribed; empty when nobody has.
func (v voice) left(u Unsubscribed) string {
	if u.Total <= 0 {
		return ""
	}
	return fmt.Sprintf(form(v.HaveLeft, u.Total), u.Total)
}

// leavers names those who left in the window.
func (v voice) leavers(p *Platform) table {
	u := p.Unsubscribed
	return tableOf(v, u.New, func(l Leaver) ([]string, string) {
		name, address := alerting.Line(l.Name, longName), alerting.Line(l.Address, longName)
		if name == "" {
			name = alerting.Line(l.Merchant, longName)
		}
		return []string{address, name, v.moment(l.At)}, lineOf(of(address, name), v.moment(l.At))
	}).under(v.LeftHead, v.Address, v.Merchant, v.At).less(v, max(len(u.New)-mostRows, 0)+u.More)
}
