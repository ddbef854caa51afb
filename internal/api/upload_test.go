package api_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestBrokenUploadIsNotOurFault sends bodies that end or change before their
// head says so.
func TestBrokenUploadIsNotOurFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ head, body string }{
		"it ends too early":       {"PUT /api/v1/merchants/own", "Content-Length: 1000\r\n\r\n{\"name\":"},
		"a chunk without a size":  {"PUT /api/v1/merchants/own", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"},
		"chunks without an end":   {"PUT /api/v1/endpoints/own-pay", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"},
		"an import that is cut":   {"POST /api/v1/import", "Content-Length: 1000\r\n\r\n{\"id\":\"own\"}\n"},
		"an import, nothing sent": {"POST /api/v1/import", "Content-Length: 1000\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			head := tt.head + " HTTP/1.1\r\nHost: " + u.Host + "\r\nContent-Type: application/json\r\nAuthorization: Bearer " + operatorToken + "\r\n"
			if _, err := io.WriteString(conn, head+tt.body); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			raw, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			p := answer{res.StatusCode, res.Header, string(raw)}.problem(t, http.StatusBadRequest)
			if !strings.Contains(p.Detail, "broke off") {
				t.Errorf("detail %q, want that the body broke off", p.Detail)
			}
		})
	}
	t.Cleanup(func() { // after the subtests
		if len(w.registry.applied) != 0 {
			t.Errorf("applied %+v, want nothing", w.registry.applied)
		}
	})
}
