package hooktest

import (
	"io"
	"net/netip"
	"os"
	"syscall"
)

// hold binds addr without listening there, and returns it with its port. As
// SO_REUSEADDR is set, listeners that set it too, as those of package net do,
// get that port when they name it (inet_csk_bind_conflict of the kernel), and
// nobody gets it who asks for any. Whoever forgets to close it has it closed by
// the garbage collector.
func hold(addr netip.AddrPort) (io.Closer, netip.AddrPort, error) {
	family := syscall.AF_INET6
	var at syscall.Sockaddr = &syscall.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
	if addr.Addr().Is4() {
		family, at = syscall.AF_INET, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, addr, os.NewSyscallError("socket", err)
	}
	socket := os.NewFile(uintptr(fd), "port of "+addr.Addr().String())
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		_ = socket.Close() // it was open
		return nil, addr, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, at); err != nil {
		_ = socket.Close() // likewise
		return nil, addr, os.NewSyscallError("bind", err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		_ = socket.Close() // likewise
		return nil, addr, os.NewSyscallError("getsockname", err)
	}
	port := addr.Port()
	switch bound := bound.(type) {
	case *syscall.SockaddrInet4:
		port = uint16(bound.Port)
	case *syscall.SockaddrInet6:
		port = uint16(bound.Port)
	}
	return socket, netip.AddrPortFrom(addr.Addr(), port), nil
}
