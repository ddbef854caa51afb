package hooktest_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// dial connects to r without TLS and sends a request, unless method is empty.
func dial(t *testing.T, r *hooktest.Receiver, method string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(generous))
	if method != "" {
		if _, err := io.WriteString(conn, method+" / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// wire returns the first n bytes that r sends, fewer when it closes before, or
// is silent once all has come.
func wire(t *testing.T, r *hooktest.Receiver, method string, n int64, all func(got string) bool) string {
	t.Helper()
	conn := dial(t, r, method)
	var got bytes.Buffer
	for int64(got.Len()) < n {
		patience := generous
		if all(got.String()) {
			patience = impatient
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.CopyN(&got, conn, 1); err != nil {
			break
		}
	}
	return got.String()
}

func TestWhatGoesOverTheWire(t *testing.T) {
	t.Parallel()
	stays := map[hooktest.Behaviour]bool{hooktest.Hang: true, hooktest.InterimFlood: true, hooktest.Status(102): true} // connected, in silence
	tests := map[string]struct {
		behaviour hooktest.Behaviour
		method    string
		most      int64
		check     func(got string) bool
	}{
		"few interim heads come before 200":     {hooktest.Interim, "POST", 120, func(s string) bool { return inOrder(s, " 100 ", " 103 ", " 200 ") }},
		"the flood is a hundred interim heads":  {hooktest.InterimFlood, "POST", 1 << 20, func(s string) bool { return strings.Count(s, "HTTP/1.1 103 ") == 100 && len(s) < 16<<10 }},
		"a status line without a status":        {hooktest.BadStatusLine, "POST", 100, func(s string) bool { return strings.HasPrefix(s, "HTTP/1.1 OK\r\n") }},
		"two lengths that differ":               {hooktest.TwoLengths, "POST", 100, func(s string) bool { return strings.Count(s, "Content-Length: ") == 2 }},
		"the banner comes without being asked":  {hooktest.Banner, "", 4, func(s string) bool { return s == "220 " }},
		"a head is cut in a header's name":      {hooktest.CloseInHead, "POST", 100, func(s string) bool { return strings.HasSuffix(s, "\r\nContent-Ty") }},
		"nothing comes before a close":          {hooktest.CloseAfterAsk, "POST", 100, func(s string) bool { return s == "" }},
		"nothing comes from a hang":             {hooktest.Hang, "POST", 1, func(s string) bool { return s == "" }},
		"HEAD gets no body":                     {hooktest.OK, "HEAD", 1000, func(s string) bool { return strings.HasSuffix(s, "\r\n\r\n") }},
		"HEAD gets no body, not even a bad one": {hooktest.EndlessBody, "HEAD", 1000, func(s string) bool { return strings.HasSuffix(s, "\r\n\r\n") }},
		"no content has no body and no length":  {hooktest.NoContent, "POST", 1000, func(s string) bool { return strings.HasSuffix(s, "\r\n\r\n") && !strings.Contains(s, "Length: ") }},
		"chunks drip":                           {hooktest.SlowBody, "POST", 100, func(s string) bool { return strings.Contains(s, "\r\n\r\n1\r\ns\r\n1\r\ns\r\n") }},
		"a status without a name has one":       {hooktest.Status(599), "POST", 100, func(s string) bool { return strings.HasPrefix(s, "HTTP/1.1 599 Status\r\n") }},
		"an interim status is all":              {hooktest.Status(102), "POST", 100, func(s string) bool { return s == "HTTP/1.1 102 Processing\r\n\r\n" }},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			all := func(got string) bool { return stays[test.behaviour] && test.check(got) }
			got := wire(t, hooktest.Start(t, quick(test.behaviour)), test.method, test.most, all)
			if !test.check(got) {
				t.Errorf("got %.300q", got)
			}
		})
	}
}

func inOrder(s string, parts ...string) bool {
	for _, part := range parts {
		_, rest, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = rest
	}
	return true
}

func TestHeadsThatAreTooLargeDoEnd(t *testing.T) {
	t.Parallel()
	for b, least := range map[hooktest.Behaviour]int{hooktest.HeaderFlood: 512 << 10, hooktest.HugeHeader: 1 << 20} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			head, err := io.ReadAll(dial(t, hooktest.Start(t, quick(b)), "POST"))
			if err != nil || len(head) < least || !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
				t.Errorf("got %d bytes, %v; want at least %d, and an empty line", len(head), err, least)
			}
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
			if err != nil {
				t.Fatalf("got %v, want a head that a patient client can read", err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("got %s, want 200", resp.Status)
			}
		})
	}
}

func TestDripsTakeTheirTime(t *testing.T) {
	t.Parallel()
	o := quick(hooktest.DripHead)
	o.Every = 20 * time.Millisecond
	r := hooktest.Start(t, o)
	start, five := time.Now(), make([]byte, 5)
	if _, err := io.ReadFull(dial(t, r, "POST"), five); err != nil || string(five) != "HTTP/" {
		t.Fatalf("got %q, %v, want the start of a head", five, err)
	}
	if took := time.Since(start); took < 4*o.Every {
		t.Errorf("five bytes took %v, want at least %v", took, 4*o.Every)
	}
}

func TestBodiesHaveTheirSize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		behaviour  hooktest.Behaviour
		sent, want int64
		err        error
	}{
		"64 KiB exactly":          {hooktest.Body64KiB, 65536, 65536, io.EOF},
		"64 KiB and one":          {hooktest.Body64KiBOne, 65537, 65537, io.EOF},
		"a body that breaks off":  {hooktest.TruncatedBody, 1000, 100, io.ErrUnexpectedEOF},
		"a body that stops":       {hooktest.HangingBody, 1000, 100, os.ErrDeadlineExceeded},
		"a body without a length": {hooktest.NeverEndsBody, -1, 100, os.ErrDeadlineExceeded},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, hooktest.Start(t, quick(test.behaviour)), "POST")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			n, err := io.CopyN(io.Discard, resp.Body, test.want)
			if n != test.want || resp.ContentLength != test.sent {
				t.Fatalf("got %d of %d bytes, %v; want %d of %d", n, resp.ContentLength, err, test.want, test.sent)
			}
			if errors.Is(test.err, os.ErrDeadlineExceeded) {
				_ = conn.SetDeadline(time.Now().Add(impatient))
			}
			if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || !errors.Is(err, test.err) {
				t.Errorf("then: got %d bytes, %v; want none, %v", n, err, test.err)
			}
		})
	}
}

func TestTheGzipBombIsSmallAndInflates(t *testing.T) {
	t.Parallel()
	resp, err := http.ReadResponse(bufio.NewReader(dial(t, hooktest.Start(t, quick(hooktest.GzipBomb)), "POST")), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Encoding") != "gzip" || resp.ContentLength >= 64<<10 {
		t.Errorf("got %d bytes of %q, want less than 64 KiB of gzip", resp.ContentLength, resp.Header.Get("Content-Encoding"))
	}
	inflated, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, inflated); n <= 10<<20 || err != nil {
		t.Errorf("got %d bytes inflated, %v, want more than 10 MiB", n, err)
	}
}

func TestTheEndlessBodyEndsWithItsClient(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, quick(hooktest.EndlessBody))
	conn := dial(t, r, "POST")
	if n, err := io.CopyN(io.Discard, conn, 16<<20); err != nil {
		t.Fatalf("got %d bytes, %v, want 16 MiB and more", n, err)
	}
	conn.Close()
	waitFor(t, r, func(s hooktest.Stats) bool { return s.Open == 0 })
	if sent := r.Stats().BytesSent; sent < 16<<20 {
		t.Errorf("got %d bytes counted, want 16 MiB and more", sent)
	}
}

func TestPausesAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, b := range []hooktest.Behaviour{hooktest.Limited, hooktest.LimitedDate, hooktest.Unavailable, hooktest.UnavailableDate} {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			o := quick(b)
			o.RetryAfter = 3 * generous
			text := clientFor(nil, "", 0).ask(t, "POST", hooktest.Start(t, o).URL()).header.Get("Retry-After")
			got := time.Duration(0)
			if seconds, err := strconv.Atoi(text); err == nil {
				got = time.Duration(seconds) * time.Second
			} else if at, err := http.ParseTime(text); err == nil {
				got = time.Until(at)
			}
			if strings.HasSuffix(string(b), "_date") != strings.HasSuffix(text, "GMT") || got > o.RetryAfter || got < o.RetryAfter-generous {
				t.Errorf("got %q, want %v in the form of %s", text, o.RetryAfter, b)
			}
		})
	}
}

func TestRedirectsPointSomewhere(t *testing.T) {
	t.Parallel()
	for _, code := range []int{301, 302, 303, 307, 308} {
		r := hooktest.Start(t, quick(hooktest.Status(code)))
		if got, want := clientFor(nil, "", 0).ask(t, "POST", r.URL()).header.Get("Location"), r.URL()+"/moved"; got != want {
			t.Errorf("%d: got location %q, want %q", code, got, want)
		}
	}
	o := quick(hooktest.Status(302))
	o.Location = "https://elsewhere.example/x"
	if got := clientFor(nil, "", 0).ask(t, "POST", hooktest.Start(t, o).URL()).header.Get("Location"); got != o.Location {
		t.Errorf("got location %q, want %q", got, o.Location)
	}
}

func TestTheWrongTokenIsRefused(t *testing.T) {
	t.Parallel()
	o := quick(hooktest.TokenCheck)
	o.Token = "another"
	got := clientFor(nil, "", 0).ask(t, "POST", hooktest.Start(t, o).URL())
	if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("got %d with %v, want 401 with a challenge", got.status, got.header)
	}
}
