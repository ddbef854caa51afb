package hooktest

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// good is the description of an answer that is healthy at every level.
func good(does string) Description {
	return Description{Does: does, Fault: probes.FaultNone, Reach: probes.FaultNone}
}

// bad is the description of one that fails alike at every level.
func bad(fault probes.Fault, does string) Description {
	return Description{Does: does, Fault: fault, Reach: fault}
}

// answers are those whose whole trouble is a status or its moment.
func answers() []spec {
	slow := good("answers 200 after a delay")
	slow.Notes = probes.NoteSlow
	limited := Description{Fault: probes.FaultHTTP429, Reach: probes.FaultNone}
	limited.Does = "answers 429 and asks for a pause"
	unavailable := bad(probes.FaultHTTP5xx, "answers 503 and asks for a pause")
	postOnly := good("answers 200 to POST and 500 to everything else")
	postOnly.Reach = probes.FaultHTTP5xx
	return []spec{
		{name: OK, Description: good("answers 200"), serve: plain(http.StatusOK)},
		{name: Created, Description: good("answers 201"), serve: plain(http.StatusCreated)},
		{name: AcceptsAll, Description: good("answers 202 to whatever comes, with any token"), serve: plain(http.StatusAccepted)},
		{name: NoContent, Description: good("answers 204"), serve: plain(http.StatusNoContent)},
		{name: Slow, Description: slow, serve: answerSlowly},
		{name: Limited, Description: limited, serve: pauseSeconds(http.StatusTooManyRequests)},
		{name: LimitedDate, Description: limited, serve: pauseDate(http.StatusTooManyRequests)},
		{name: Unavailable, Description: unavailable, serve: pauseSeconds(http.StatusServiceUnavailable)},
		{name: UnavailableDate, Description: unavailable, serve: pauseDate(http.StatusServiceUnavailable)},
		{name: TokenCheck, Description: good("answers 200 to the right token and 401 to any other"), serve: checkToken},
		{name: Options501, Description: good("answers 501 to OPTIONS and 200 to the rest"), serve: refuseOptions(http.StatusNotImplemented)},
		{name: Options405, Description: good("answers 405 to OPTIONS and 200 to the rest"), serve: refuseOptions(http.StatusMethodNotAllowed)},
		{name: PostOnly, Description: postOnly, serve: onlyPost},
	}
}

// statuses are the selection that Behaviours lists.
func statuses() []spec {
	var list []spec
	for _, code := range []int{
		101, 102, 206, 300, 301, 302, 303, 304, 307, 308,
		400, 401, 403, 404, 405, 408, 410, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 599,
	} {
		list = append(list, status(code))
	}
	return list
}

// status is Status(code) with its doing.
func status(code int) spec {
	s := spec{name: Status(code), Description: Description{Does: fmt.Sprintf("answers %d", code)}}
	s.Fault, s.Reach = statusFault(code), statusFault(code)
	if code/100 == 4 {
		s.Reach = probes.FaultNone // the endpoint is there, and refuses a stranger
	}
	s.serve = plain(code)
	if code < 200 && code != http.StatusSwitchingProtocols {
		s.Does += ", which is not final, and nothing more"
		s.serve = func(x *exchange) {
			x.head(statusLine(code))
			x.hang()
		}
	}
	return s
}

func statusFault(code int) probes.Fault {
	switch {
	case code == http.StatusSwitchingProtocols:
		return probes.FaultMalformed // nobody asked to switch
	case code/100 == 1:
		return probes.FaultTimeoutResponse
	case code/100 == 2:
		return probes.FaultNone
	case code/100 == 3:
		return probes.FaultHTTP3xx
	case code == http.StatusUnauthorized:
		return probes.FaultHTTP401
	case code == http.StatusNotFound:
		return probes.FaultHTTP404
	case code == http.StatusGone:
		return probes.FaultHTTP410
	case code == http.StatusTooManyRequests:
		return probes.FaultHTTP429
	case code/100 == 4:
		return probes.FaultHTTP4xx
	default:
		return probes.FaultHTTP5xx
	}
}

// plain answers code at once, with the headers that the code owes.
func plain(code int) func(*exchange) {
	return func(x *exchange) {
		switch {
		case code == http.StatusUnauthorized:
			x.answer(code, `WWW-Authenticate: Bearer realm="hooktest"`)
		case code == http.StatusMethodNotAllowed:
			x.answer(code, "Allow: GET")
		case code/100 == 3 && code != http.StatusNotModified:
			x.answer(code, "Location: "+x.o.Location)
		default:
			x.answer(code)
		}
	}
}

func answerSlowly(x *exchange) {
	if x.pause(x.o.Delay) {
		x.answer(http.StatusOK)
	}
}

func pauseSeconds(code int) func(*exchange) {
	return func(x *exchange) {
		x.answer(code, "Retry-After: "+strconv.Itoa(int(x.o.RetryAfter.Seconds())))
	}
}

func pauseDate(code int) func(*exchange) {
	return func(x *exchange) {
		x.answer(code, "Retry-After: "+time.Now().Add(x.o.RetryAfter).UTC().Format(http.TimeFormat))
	}
}

func checkToken(x *exchange) {
	got := x.req.Header.Get(x.o.TokenHeader)
	if subtle.ConstantTimeCompare([]byte(got), []byte(x.o.Token)) == 1 {
		x.answer(http.StatusOK)
		return
	}
	plain(http.StatusUnauthorized)(x)
}

func refuseOptions(code int) func(*exchange) {
	return func(x *exchange) {
		if x.req.Method != http.MethodOptions {
			code := http.StatusOK
			x.answer(code)
			return
		}
		x.answer(code, "Allow: HEAD, POST")
	}
}

func onlyPost(x *exchange) {
	if x.req.Method == http.MethodPost {
		x.answer(http.StatusOK)
		return
	}
	x.answer(http.StatusInternalServerError)
}
