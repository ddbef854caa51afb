package hooktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// maxPagerDutyBody bounds the body of a call, in bytes: PagerDuty takes 512 KB.
const maxPagerDutyBody = 512 << 10

// pagerReply is the answer to a call; with status 0 there is none.
type pagerReply struct {
	status     int
	retryAfter string
	error      string // what is wrong; empty: nothing
	html       bool   // a page instead of JSON
	body       map[string]any
}

func pagerAccepted(key string) pagerReply {
	return pagerReply{status: http.StatusAccepted, body: map[string]any{"status": "success", "message": "Event processed", "dedup_key": key}}
}

func pagerRefused(status int, why string) pagerReply {
	return pagerReply{status: status, error: why, body: map[string]any{
		"status": "invalid event", "message": "Event object is invalid", "errors": []string{why},
	}}
}

// send writes the answer; that the client has gone is no concern of ours.
func (r pagerReply) send(w http.ResponseWriter) {
	if r.retryAfter != "" {
		w.Header().Set("Retry-After", r.retryAfter)
	}
	if r.html {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Log in</title>\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(r.body)
}

// serve answers one call. done is closed by Close.
func (p *PagerDuty) serve(w http.ResponseWriter, r *http.Request, done <-chan struct{}) {
	p.pending(1)
	defer p.pending(-1)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPagerDutyBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		http.Error(w, "request entity too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		return // the client has gone
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v2/enqueue" {
		http.Error(w, fmt.Sprintf("there is no %s %s", r.Method, r.URL.Path), http.StatusNotFound)
		return
	}
	step, reply := p.play(body, time.Now())
	if !stay(r, done, step.Delay, step.hangs()) || reply.status == 0 {
		panic(http.ErrAbortHandler) // net/http's way to close a connection without an answer
	}
	reply.send(w)
}

// play decides what becomes of a call, does it, and notes it.
func (p *PagerDuty) play(body []byte, now time.Time) (PagerDutyStep, pagerReply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var e pagerEvent
	unreadable := json.Unmarshal(body, &e) != nil
	call := PagerDutyCall{At: now, Action: e.Action, Key: e.Key, KeyOK: slices.Contains(p.opts.Keys, e.RoutingKey), Body: body}
	step := p.scripts.take(now, e.Action, PagerDutyAny)
	reply := step.reply()
	call.Early = now.Before(p.pauses[e.RoutingKey])
	if step.processed() {
		reply = p.processLocked(&call, e, unreadable)
	}
	if step.silent() {
		reply = pagerReply{}
	}
	if step.Fault == PagerDutyLimited {
		p.pauses[e.RoutingKey] = now.Add(step.pause())
	}
	call.Fault, call.Status, call.Error = step.Fault, reply.status, reply.error
	p.book.note(call)
	return step, reply
}

func (p *PagerDuty) processLocked(call *PagerDutyCall, e pagerEvent, unreadable bool) pagerReply {
	switch why := e.fault(); {
	case unreadable:
		return pagerRefused(http.StatusBadRequest, "the body is no JSON object of an event")
	case len(e.RoutingKey) != len(DefaultPagerDutyKey):
		return pagerRefused(http.StatusBadRequest, "Length of 'routing_key' is incorrect (should be 32 characters)")
	case !call.KeyOK:
		return pagerRefused(http.StatusBadRequest, "Invalid routing key")
	case why != "":
		return pagerRefused(http.StatusBadRequest, why)
	}
	if e.Key == "" {
		e.Key = ownKey(call.Body, p.book.stats.Calls)
	}
	call.Changed = p.book.apply(e, call.At)
	return pagerAccepted(e.Key)
}
