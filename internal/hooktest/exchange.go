package hooktest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// lingerTime bounds how long a closed connection waits for the client to
// close as well. Without that wait, bytes of the client that nobody read
// would turn the close into a reset.
const lingerTime = 2 * time.Second

// exchange is one connection as a behaviour sees it, and the request that is
// being answered. Writing stops at the first error; the client has gone then.
type exchange struct {
	o    *Options
	tcp  *net.TCPConn
	conn net.Conn // what is written to: tcp, counted, and TLS around it when there is one
	in   *io.LimitedReader
	br   *bufio.Reader
	req  *http.Request // body already read

	once bool // the connection ends after one request
	keep bool // this answer leaves the connection usable
	err  error
}

// wrap makes the exchange read from and write to conn.
func (x *exchange) wrap(conn net.Conn) {
	x.conn = conn
	x.in = &io.LimitedReader{R: conn, N: maxRequestBytes}
	x.br = bufio.NewReader(x.in)
}

// ok reports whether the client is still there, as far as we have noticed.
func (x *exchange) ok() bool { return x.err == nil }

func (x *exchange) write(s string) {
	if x.err == nil {
		_, x.err = io.WriteString(x.conn, s)
	}
}

// head sends a status line, headers and the empty line.
func (x *exchange) head(lines ...string) { x.write(strings.Join(lines, "\r\n") + "\r\n\r\n") }

// answer sends a complete, sound answer.
func (x *exchange) answer(code int, headers ...string) {
	body := fmt.Sprintf("%d %s\n", code, http.StatusText(code))
	if code/100 == 1 || code == http.StatusNoContent || code == http.StatusNotModified {
		body = ""
	} else {
		headers = append(headers, "Content-Type: text/plain", fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if x.req.Method == http.MethodHead {
		body = ""
	}
	x.begin(code, headers...)
	x.write(body)
}

// begin sends a sound head, and keeps the connection for the next request if
// the client and the receiver's script agree.
func (x *exchange) begin(code int, headers ...string) {
	x.keep = !x.once && !x.req.Close
	lines := append([]string{statusLine(code)}, headers...)
	if !x.keep {
		lines = append(lines, "Connection: close")
	}
	x.head(lines...)
}

// hang reads until the client goes or the receiver stops.
func (x *exchange) hang() {
	if x.err == nil {
		_, x.err = io.Copy(io.Discard, x.conn)
	}
}

// pause waits for d. It is false when the client went meanwhile.
func (x *exchange) pause(d time.Duration) bool {
	if x.err != nil {
		return false
	}
	end := time.Now().Add(d)
	for {
		_ = x.conn.SetReadDeadline(end) // fails on a closed connection; so does the read
		_, err := x.br.Peek(x.br.Buffered() + 1)
		if errors.Is(err, bufio.ErrBufferFull) {
			x.br.Reset(x.in) // the client sends on and on: drop it
			continue
		}
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			_ = x.conn.SetReadDeadline(time.Time{})
			return true
		}
		if err != nil {
			x.err = err
			return false
		}
	}
}

// reset ends the connection with an RST.
func (x *exchange) reset() {
	_ = x.tcp.SetLinger(0) // fails only on a closed connection
	_ = x.tcp.Close()
	x.err = net.ErrClosed
}

// finish ends the connection with a FIN, whatever the client still sends.
func (x *exchange) finish() {
	defer x.tcp.Close()
	if secure, ok := x.conn.(*tls.Conn); ok {
		_ = secure.CloseWrite() // fails when there was no handshake
	}
	if x.tcp.CloseWrite() != nil || x.tcp.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return // closed already
	}
	_, _ = io.Copy(io.Discard, x.tcp) // ends when the client does, or the time
}

// next reads a request with its body, of which the ledger gets the first
// 64 KiB.
func (x *exchange) next() ([]byte, error) {
	x.in.N = maxRequestBytes
	req, err := http.ReadRequest(x.br)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(req.Body, MaxBody)); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	x.req, x.keep = req, false
	return body.Bytes(), nil
}

// hello reads the client's first TLS record, as far as it comes.
func (x *exchange) hello() {
	head, err := x.br.Peek(5)
	if err == nil {
		_, err = x.br.Discard(5 + int(head[3])<<8 + int(head[4]))
	}
	x.err = err
}

func statusLine(code int) string {
	text := http.StatusText(code)
	if text == "" {
		text = "Status"
	}
	return fmt.Sprintf("HTTP/1.1 %d %s", code, text)
}
