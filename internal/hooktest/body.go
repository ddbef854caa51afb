package hooktest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/hookvigil/hookvigil/probes"
)

// Sizes of bodies. A probe reads at most 64 KiB (DESIGN section 5.1).
const (
	bodyLimit    = 64 << 10
	bombInflated = 16 << 20
	bombMembers  = 64
	announced    = 1000 // bytes of a body that does not come whole ...
	delivered    = 100  // ... and what comes of it
)

// bodies are good heads with trouble behind: delivered all the same.
func bodies() []spec {
	noted := func(name Behaviour, note probes.NoteSet, does string, serve func(*exchange)) spec {
		d := good(does)
		d.Notes = note
		return spec{name: name, Description: d, serve: func(x *exchange) {
			if x.req.Method == http.MethodHead {
				x.answer(http.StatusOK)
				return
			}
			serve(x)
		}}
	}
	return []spec{
		noted(Body64KiB, 0, "answers 200 with 64 KiB of body", sized(bodyLimit)),
		noted(Body64KiBOne, probes.NoteBodyTooLarge, "answers 200 with 64 KiB and a byte of body", sized(bodyLimit+1)),
		noted(EndlessBody, probes.NoteBodyTooLarge, "answers 200 and sends a body without end", endless),
		noted(GzipBomb, 0, "answers 200 with little that inflates to 16 MiB", bomb),
		noted(TruncatedBody, probes.NoteBodyTruncated, "answers 200 and closes before the body's end", begun),
		noted(ResetInBody, probes.NoteBodyTruncated, "answers 200 and resets before the body's end",
			func(x *exchange) { begun(x); x.reset() }),
		noted(BadChunk, probes.NoteBodyTruncated, "answers 200 and breaks the chunks of the body", badChunk),
		noted(HangingBody, probes.NoteBodyTimeout, "answers 200 and stops in the middle of the body",
			func(x *exchange) { begun(x); x.hang() }),
		noted(NeverEndsBody, probes.NoteBodyTimeout, "answers 200 with a body of no length, and never closes",
			func(x *exchange) {
				x.head(statusLine(http.StatusOK), "Connection: close")
				x.write(strings.Repeat("n", delivered))
				x.hang()
			}),
		noted(SlowBody, probes.NoteBodyTimeout, "answers 200 and sends a body without end, byte by byte", slowBody),
	}
}

func sized(n int) func(*exchange) {
	return func(x *exchange) {
		x.begin(http.StatusOK, fmt.Sprintf("Content-Length: %d", n))
		x.write(strings.Repeat("b", n))
	}
}

func endless(x *exchange) {
	x.head(statusLine(http.StatusOK), "Connection: close")
	for piece := strings.Repeat("e", 32<<10); x.ok(); {
		x.write(piece)
	}
}

// begun announces a body and sends a part of it.
func begun(x *exchange) {
	x.head(statusLine(http.StatusOK), fmt.Sprintf("Content-Length: %d", announced))
	x.write(strings.Repeat("p", delivered))
}

func slowBody(x *exchange) {
	x.head(statusLine(http.StatusOK), "Transfer-Encoding: chunked")
	for x.pause(x.o.Every) {
		x.write("1\r\ns\r\n")
	}
}

func badChunk(x *exchange) {
	x.head(statusLine(http.StatusOK), "Transfer-Encoding: chunked")
	x.write("5\r\nhello\r\nzz\r\nworld\r\n0\r\n\r\n")
}

func bomb(x *exchange) {
	raw := bombBytes()
	x.begin(http.StatusOK, "Content-Encoding: gzip", fmt.Sprintf("Content-Length: %d", len(raw)))
	x.write(string(raw))
}

// bombBytes returns 16 MiB of zeros, packed once. They are 64 members in a row
// (RFC 1952 section 2.2), all alike: to pack the whole takes seconds on a slow
// machine, which a probe would wait for.
var bombBytes = sync.OnceValue(func() []byte {
	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	_, _ = w.Write(make([]byte, bombInflated/bombMembers)) // a buffer takes everything
	_ = w.Close()                                          // likewise
	return bytes.Repeat(member.Bytes(), bombMembers)
})
