package api

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/zstd"
)

// Bounds of a body of attempts (DESIGN section 9.3), beside maxBody for what
// is on the wire.
const (
	maxInflated = 32 << 20
	maxWindow   = 8 << 20 // of zstd: what RFC 9659 lets a sender use
)

var (
	errInflated = errors.New("inflates to too much")
	errDamaged  = errors.New("is not what its encoding says")
)

// sentBody is a body as it was before it was compressed. It is for one
// goroutine; whoever opens it closes it.
type sentBody struct {
	wire  *wire
	in    io.Reader // the wire, or what inflates it
	left  int       // bytes that may still come out
	close func()
}

// wire remembers why there was no more, so that a body that broke off is told
// from one that is damaged.
type wire struct {
	in  io.Reader
	err error // nil at an ordinary end
}

// Read implements [io.Reader].
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// openBody reads nothing yet. It refuses what it cannot inflate.
func openBody(r *http.Request) (*sentBody, *huma.ErrorModel) {
	b := &sentBody{wire: &wire{in: r.Body}, left: maxInflated, close: func() {}}
	switch strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))) {
	case "", "identity":
		b.in = b.wire
	case "gzip", "x-gzip":
		b.in = &gunzip{in: b.wire}
	case "zstd":
		b.in = &unzstd{in: b.wire}
	default:
		return nil, problem(http.StatusUnsupportedMediaType, "the body is compressed in an unknown way; wanted gzip, zstd, or nothing")
	}
	if c, ok := b.in.(interface{ close() }); ok {
		b.close = c.close
	}
	return b, nil
}

// Read implements [io.Reader].
func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errInflated
	}
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return n, err
	case b.wire.err != nil:
		return n, b.wire.err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return n, err
	default:
		return n, fmt.Errorf("the body %w: %w", errDamaged, err)
	}
}

// gunzip opens its stream at the first read. An empty body is empty.
type gunzip struct {
	in  io.Reader
	zip *gzip.Reader
}

// Read implements [io.Reader].
func (g *gunzip) Read(p []byte) (int, error) {
	if g.zip == nil {
		zip, err := gzip.NewReader(g.in)
		if err != nil {
			return 0, err
		}
		g.zip = zip
	}
	return g.zip.Read(p)
}

// unzstd opens its stream at the first read. It starts no goroutine, and its
// memory is the window and a block.
type unzstd struct {
	in  io.Reader
	zip *zstd.Decoder
}

// Read implements [io.Reader].
func (u *unzstd) Read(p []byte) (int, error) {
	if u.zip == nil {
		zip, err := zstd.NewReader(u.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return 0, err
		}
		u.zip = zip
	}
	return u.zip.Read(p)
}

func (u *unzstd) close() {
	if u.zip != nil {
		u.zip.Close()
	}
}

// readProblem says why a body was not read to its end.
func readProblem(err error) *huma.ErrorModel {
	slow, isNet := errors.AsType[net.Error](err)
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		return onWireProblem()
	case errors.Is(err, errInflated):
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d MiB inflated; send it in parts", maxInflated>>20))
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("a zstd window of more than %d MiB; compress it without --long or --ultra", maxWindow>>20))
	case errors.Is(err, os.ErrDeadlineExceeded), isNet && slow.Timeout():
		return problem(http.StatusRequestTimeout, fmt.Sprintf("the body was not read to its end within %s; send it in parts", bodyTimeout))
	case errors.Is(err, errDamaged):
		return problem(http.StatusBadRequest, "the body is not what its Content-Encoding says, or was damaged on its way")
	default:
		return problem(http.StatusBadRequest, "the body broke off, or is not sent as its head says")
	}
}

func onWireProblem() *huma.ErrorModel {
	return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d MiB on the wire; send it in parts", maxBody>>20))
}
