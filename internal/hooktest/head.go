package hooktest

import (
	"net/http"
	"strings"

	"github.com/hookvigil/hookvigil/probes"
)

// Sizes of heads that are too large: DESIGN section 5.1 and
// reference/reliability.md allow a head of 256 KiB.
const (
	floodBytes  = 512 << 10
	hugeBytes   = 1 << 20
	interimMany = 100 // 103 heads of InterimFlood, 5 KiB in all: too little to be too large
)

// silences are answers whose head never comes to an end, or comes late.
func silences() []spec {
	return []spec{
		{name: Hang, Description: bad(probes.FaultTimeoutResponse, "reads the request and never answers"), serve: (*exchange).hang},
		{name: DripHead, Description: bad(probes.FaultTimeoutResponse, "sends a head without end, byte by byte"), serve: dripHead},
		{name: Interim, Description: good("answers 100, then 103, then 200"), serve: fewInterim},
		{name: InterimFlood, Description: bad(probes.FaultTimeoutResponse, "answers 103 a hundred times, then nothing more"), serve: manyInterim},
	}
}

// brokenHeads are answers that are not HTTP, or too much of it.
func brokenHeads() []spec {
	malformed := func(name Behaviour, does, wire string) spec {
		return spec{name: name, Description: bad(probes.FaultMalformed, does), serve: func(x *exchange) { x.write(wire) }}
	}
	banner := "220 mail.hooktest.invalid ESMTP ready\r\n"
	return []spec{
		malformed(BadStatusLine, "sends a status line without a status", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
		malformed(BadHeader, "sends a header line without a colon", "HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: 0\r\n\r\n"),
		malformed(TwoLengths, "sends two lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello"),
		malformed(HTTP09, "sends text without a head", "<html>\r\nhello\r\n</html>\r\n"),
		malformed(Garbage, "sends bytes that are no text", "\x00\x01\xfe\xff\x80\r\n\x07\x1b[2J\xc3\x28\r\n\r\n"),
		{name: Banner, Description: bad(probes.FaultMalformed, "speaks first, like a mail server"),
			greet: func(x *exchange) { x.write(banner); x.hang() }},
		{name: HeaderFlood, Description: bad(probes.FaultHeadTooLarge, "sends 512 KiB of small headers"), serve: headerFlood},
		{name: HugeHeader, Description: bad(probes.FaultHeadTooLarge, "sends one header of 1 MiB"), serve: hugeHeader},
	}
}

func dripHead(x *exchange) {
	for _, b := range []byte("HTTP/1.1 200 OK\r\nX-Drip: ") {
		x.write(string(b))
		x.pause(x.o.Every)
	}
	for x.ok() {
		x.write("a")
		x.pause(x.o.Every)
	}
}

func fewInterim(x *exchange) {
	x.head(statusLine(http.StatusContinue))
	x.head(statusLine(http.StatusEarlyHints), "Link: </style.css>; rel=preload")
	x.answer(http.StatusOK)
}

func manyInterim(x *exchange) {
	for range interimMany {
		x.head(statusLine(http.StatusEarlyHints), "X-Hint: more to come")
	}
	x.hang()
}

func headerFlood(x *exchange) {
	line := "X-Flood: " + strings.Repeat("f", 64-len("X-Flood: \r\n")) + "\r\n"
	x.write(statusLine(http.StatusOK) + "\r\n")
	for sent := 0; sent < floodBytes && x.ok(); sent += len(line) << 6 {
		x.write(strings.Repeat(line, 1<<6))
	}
	x.write("Content-Length: 0\r\n\r\n")
}

func hugeHeader(x *exchange) {
	x.write(statusLine(http.StatusOK) + "\r\nX-Huge: ")
	x.write(strings.Repeat("h", hugeBytes))
	x.write("\r\nContent-Length: 0\r\n\r\n")
}
