package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
)

// The texts of alerts are all that crypto/tls gives: this fails when a new Go
// changes one that we read.
func TestAlertTextsAreThoseOfCryptoTLS(t *testing.T) {
	t.Parallel()
	for code, want := range map[tls.AlertError]string{
		120: alertNoALPN, 70: alertVersion, 40: alertFailure, 71: alertWeak, 116: alertMissingCert,
		42: "bad certificate", 43: "unsupported certificate", 44: "revoked certificate", 45: "expired certificate",
		46: "unknown certificate", 48: "unknown certificate authority", 49: "access denied", 51: "error decrypting message",
	} {
		err := fmt.Errorf("wrapped: %w", &net.OpError{Op: "remote error", Err: code})
		if got := alertOf(err); got != want {
			t.Errorf("alert %d reads %q, want %q", code, got, want)
		}
	}
	if got := alertOf(&net.OpError{Op: "local error", Err: tls.AlertError(40)}); got != "" {
		t.Errorf("our own alert reads %q, want nothing", got)
	}
}

func TestDialFault(t *testing.T) {
	t.Parallel()
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	for name, c := range map[string]struct {
		err  error
		want Fault
	}{
		"refused":                     {dial(syscall.ECONNREFUSED), FaultConnectRefused},
		"no route to the host":        {dial(syscall.EHOSTUNREACH), FaultConnectFailed},
		"no answer":                   {dial(syscall.ETIMEDOUT), FaultConnectFailed},
		"our deadline":                {&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, FaultConnectFailed},
		"no descriptors left":         {dial(syscall.EMFILE), FaultInternal},
		"this machine has no IPv6":    {dial(syscall.ENETUNREACH), FaultInternal},
		"all ports of ours are taken": {dial(syscall.EADDRNOTAVAIL), FaultInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, _ := wayFault(t.Context(), c.err); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestHandshakeFaultByText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Fault{
		saysUnparseable + ": x509: malformed certificate":           FaultCertUnparseable,
		saysKeyMismatch + ": ECDSA verification failure":            FaultKeyMismatch,
		saysKeyMismatch + ": crypto/rsa: 512-bit keys are insecure": FaultHandshakeFailed,
		saysVersion + " 300": FaultTLSVersion,
		saysCipher:           FaultWeakCipher,
		"tls: server's certificate contains an unsupported type of key": FaultHandshakeFailed,
	} {
		if got := handshakeFault(errors.New(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestPickIsFairAndStable(t *testing.T) {
	t.Parallel()
	var v4, v6 []netip.Addr
	for i := range 40 {
		v4 = append(v4, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		v6 = append(v6, netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}))
	}
	for name, c := range map[string]struct{ four, six, wantFour, wantSix int }{
		"both many":     {40, 40, 8, 8},
		"few of IPv4":   {3, 40, 3, 13},
		"few of IPv6":   {40, 2, 14, 2},
		"IPv4 alone":    {40, 0, 16, 0},
		"IPv6 alone":    {0, 40, 0, 16},
		"few of either": {2, 2, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			four, six := 0, 0
			for _, a := range pick(append(append([]netip.Addr(nil), v6[:c.six]...), v4[:c.four]...)) {
				if a.Is4() {
					four++
				} else {
					six++
				}
			}
			if four != c.wantFour || six != c.wantSix {
				t.Errorf("got %d and %d, want %d and %d", four, six, c.wantFour, c.wantSix)
			}
		})
	}
}

func TestAMachineWithoutRootsSaysSo(t *testing.T) {
	t.Parallel()
	j := &judge{policy: DefaultPolicy()}
	f := findings{}
	j.refused(&f, walked{}, nil, x509.SystemRootsError{Err: errors.New("no such file")})
	if !f.has(FaultInternal) || len(f.list) != 1 {
		t.Errorf("got %v, want internal alone", f.list)
	}
}
