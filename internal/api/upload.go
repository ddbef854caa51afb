package api

import (
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type humaContext huma.Context // so that its method Context is not hidden by the field

// upload is a request whose body may break off. Huma calls that a fault of
// ours (500); it is the client's or the network's (400).
type upload struct {
	humaContext
	body   io.Reader
	broken bool
}

func watchUpload(ctx huma.Context, next func(huma.Context)) {
	next(&upload{humaContext: ctx, body: ctx.BodyReader()})
}

// BodyReader implements [huma.Context].
func (u *upload) BodyReader() io.Reader { return u }

// Read implements [io.Reader].
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		ne, ok := errors.AsType[net.Error](err)
		u.broken = !ok || !ne.Timeout() // too slow is 408
	}
	return n, err
}

// SetStatus implements [huma.Context].
func (u *upload) SetStatus(status int) {
	if u.broken && status == http.StatusInternalServerError {
		status = http.StatusBadRequest
	}
	u.humaContext.SetStatus(status)
}

// brokenUpload reports whether a problem of huma's with that status is about
// a body that broke off.
func brokenUpload(ctx huma.Context, status int) bool {
	u, ok := ctx.(*upload)
	return ok && u.broken && status == http.StatusInternalServerError
}
