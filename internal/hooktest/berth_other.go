//go:build !linux

package hooktest

import (
	"errors"
	"io"
	"net/netip"
)

// hold holds nothing: two sockets may not be bound to one port here.
func hold(addr netip.AddrPort) (io.Closer, netip.AddrPort, error) {
	return nil, addr, errors.ErrUnsupported
}
