package hooktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// slackReply is what a call is answered. The zero value is no answer at all.
type slackReply struct {
	status     int    // HTTP
	retryAfter string // the header; empty: none
	word       string // Slack's word for what is wrong; empty: nothing is
	html       bool   // a page instead of JSON
	body       map[string]any
}

// accepted is the answer to a call that went well.
func accepted(body map[string]any) slackReply {
	body["ok"] = true
	return slackReply{status: http.StatusOK, body: body}
}

// refused is the answer to one that did not; why explains it to a developer.
func refused(word string, why ...string) slackReply {
	body := map[string]any{"ok": false, "error": word}
	if len(why) > 0 {
		body["response_metadata"] = map[string]any{"messages": why}
	}
	return slackReply{status: http.StatusOK, word: word, body: body}
}

func htmlPage(status int) slackReply {
	return slackReply{status: status, word: "html", html: true}
}

// hookStatus is the status with which a webhook says a word
// (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
func hookStatus(word string) int {
	switch word {
	case "":
		return http.StatusOK
	case "ratelimited":
		return http.StatusTooManyRequests
	case "invalid_token", "action_prohibited":
		return http.StatusForbidden
	case "no_service", "channel_not_found", "used_url":
		return http.StatusNotFound
	case "channel_is_archived":
		return http.StatusGone
	default:
		return http.StatusBadRequest
	}
}

// forHook turns an answer of the Web API into that of a webhook.
func (r slackReply) forHook() slackReply {
	if r.status == 0 || r.html {
		return r
	}
	if r.word == "invalid_auth" {
		r.word = "invalid_token"
	}
	r.status, r.body = hookStatus(r.word), nil
	return r
}

// send writes the answer; that the client has gone is no concern of ours.
func (r slackReply) send(w http.ResponseWriter) {
	if r.retryAfter != "" {
		w.Header().Set("Retry-After", r.retryAfter)
	}
	switch {
	case r.html:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(r.status)
		_, _ = fmt.Fprintf(w, "<!DOCTYPE html><title>%d</title><h1>%[1]d %s</h1>\n", r.status, http.StatusText(r.status))
	case r.body == nil:
		w.Header().Set("Content-Type", "text/html") // Slack says so of its bare words
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, orElse(r.word, "ok"))
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(r.status)
		_ = json.NewEncoder(w).Encode(r.body)
	}
}
