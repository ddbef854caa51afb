package hooktest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// DefaultPagerDutyKey is the routing key of [PagerDutyOptions].
const DefaultPagerDutyKey = "R0HOOKTEST0HOOKTEST0HOOKTEST0HOO" // 32 characters, as PagerDuty's have

// PagerDutyOptions shapes a fake PagerDuty. The zero value listens on
// 127.0.0.1 and takes DefaultPagerDutyKey.
type PagerDutyOptions struct {
	Addr string   // address to listen on, port 0 for any; empty: 127.0.0.1:0
	Keys []string // the routing keys that it knows; nil: DefaultPagerDutyKey alone
}

// prepare fills in what was left out and refuses what cannot be.
func (o *PagerDutyOptions) prepare() error {
	o.Addr = orElse(o.Addr, "127.0.0.1:0")
	if _, err := netip.ParseAddrPort(o.Addr); err != nil {
		return fmt.Errorf("option Addr: %q is no IP address with a port, such as 127.0.0.1:0 or [::1]:0", o.Addr)
	}
	if o.Keys == nil {
		o.Keys = []string{DefaultPagerDutyKey}
	}
	o.Keys = slices.Clone(o.Keys)
	if slices.Contains(o.Keys, "") {
		return errors.New("option Keys: one is empty")
	}
	return nil
}
