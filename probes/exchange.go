package probes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Bounds of an answer. What a sender needs is the head; the body is read only
// to learn whether it ends.
const (
	maxHeadBytes = 256 << 10
	maxHeadLines = 5000
	maxBody      = 64 << 10
	maxRawBody   = 256 << 10 // with chunk sizes, extensions and trailers
	bodyTime     = 2 * time.Second
)

// exchange writes one request on the line and reads the answer. The line is
// kept or closed afterwards.
func (l *look) exchange(ctx context.Context, ln *line, method string) error {
	keep := false
	defer func() {
		if keep {
			l.p.kept.put(l.ep, ln)
		} else {
			ln.close()
		}
	}()
	defer ln.guardTime(ctx)()
	l.enter(phaseWait)
	req, err := l.p.newRequest(ctx, l.ep, method, l.r.At)
	if err != nil {
		return &URLError{Reason: "no request can be made of it"}
	}
	// A write that fails may only mean that the answer is already there: the
	// read says what happened.
	werr := req.Write(ln.conn)
	resp, err := readHead(ln, req) //nolint:bodyclose // the line is closed instead: closing the body would read on past our bounds
	if err != nil {
		if werr != nil && errors.Is(err, io.EOF) {
			return werr
		}
		return err
	}
	l.stop()
	ln.uses++
	l.note(resp)
	if l.asksOn() {
		return nil // its body says nothing, and would cost time of the one deadline
	}
	// The body is not closed: closing would read on past our bounds. The line
	// is, unless the body has come to its end.
	whole := l.readBody(ctx, ln, resp)
	keep = whole && l.ep.Policy.KeepAlive && !resp.Close && ctx.Err() == nil
	return nil
}

// readHead reads up to the final head: 1xx answers go by.
func readHead(ln *line, req *http.Request) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(ln.br, req)
		switch {
		case ln.in.tooLarge:
			return nil, errHeadTooLarge
		case err != nil && !ln.in.looksLikeHTTP():
			return nil, errors.New("malformed HTTP response")
		case err != nil && ln.in.err != nil:
			return nil, ln.in.err // cut off in the middle of a line, which only looks malformed
		case err != nil:
			return nil, err
		case resp.StatusCode < 100 || resp.StatusCode > 199 || resp.StatusCode == http.StatusSwitchingProtocols:
			return resp, nil
		}
	}
}

// note writes what the head says into the result.
func (l *look) note(resp *http.Response) {
	l.r.Status = resp.StatusCode
	l.r.HTTPMajor, l.r.HTTPMinor = resp.ProtoMajor, resp.ProtoMinor
	l.r.RetryAfter = retryAfter(resp.StatusCode, resp.Header, time.Now())
	l.r.Location = locationHost(resp.StatusCode, resp.Header, l.ep.URL)
}

// readBody reads at most 64 KiB in at most 2 s, decodes nothing and keeps
// nothing. It reports whether the body ended as announced; the rest are notes.
func (l *look) readBody(ctx context.Context, ln *line, resp *http.Response) bool {
	begun := time.Now()
	deadline := begun.Add(cmp.Or(l.p.waits.body, bodyTime))
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	_ = ln.conn.SetReadDeadline(deadline) // a dead connection says so at the next read
	ln.in.startBody()
	n, err := io.CopyN(io.Discard, resp.Body, maxBody+1)
	l.r.Phases.Read += time.Since(begun)
	l.since = time.Now()
	l.r.BodyBytes = n
	switch {
	case n > maxBody || ln.in.tooLarge:
		l.r.Notes |= NoteBodyTooLarge
	case errors.Is(err, io.EOF):
		return true
	case timedOut(err):
		l.r.Notes |= NoteBodyTimeout
	default:
		l.r.Notes |= NoteBodyTruncated
	}
	return false
}

// headReader bounds what comes in: first a head, by bytes and lines, then a
// body by bytes.
type headReader struct {
	r        io.Reader
	first    []byte // the first five bytes
	total    int
	lines    int
	body     bool
	tooLarge bool
	err      error // of the connection
}

// Read implements io.Reader; past a bound it fails with errHeadTooLarge.
func (h *headReader) Read(b []byte) (int, error) {
	if h.tooLarge {
		return 0, errHeadTooLarge
	}
	n, err := h.r.Read(b)
	h.total, h.err = h.total+n, err
	if len(h.first) < len("HTTP/") {
		h.first = append(h.first, b[:min(n, len("HTTP/")-len(h.first))]...)
	}
	if h.body {
		h.tooLarge = h.total > maxRawBody
	} else {
		h.lines += bytes.Count(b[:n], []byte("\n"))
		h.tooLarge = h.total > maxHeadBytes || h.lines > maxHeadLines
	}
	return n, err
}

// startBody begins to count the body.
func (h *headReader) startBody() { h.body, h.total = true, 0 }

// reset begins a new answer on the same connection.
func (h *headReader) reset() { *h = headReader{r: h.r} }

// looksLikeHTTP reports whether what came so far can be the start of a head.
func (h *headReader) looksLikeHTTP() bool { return bytes.HasPrefix([]byte("HTTP/"), h.first) }
