package api

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// subscriptionPath is where the links in mails lead.
const subscriptionPath = subscription.Path + "/{token}"

// Bounds of what is sent to a link: one field, and the boundaries around it.
const (
	maxLeave     = 8 << 10
	leaveTimeout = 10 * time.Second // to send it, and to store it
)

// The field of a mail program's own button (RFC 8058 section 3.2).
const (
	oneClickField = "List-Unsubscribe"
	oneClickValue = "One-Click"
)

// leaveOperations are the document's word on the links. They need no token, no
// cookie and no script: the link is the proof.
func leaveOperations() (show, act huma.Operation) {
	param := []*huma.Param{{Name: "token", In: "path", Required: true, Description: "As in the mail", Schema: &huma.Schema{Type: huma.TypeString}}}
	page := func(description string) *huma.Response {
		return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"text/html": {Schema: &huma.Schema{Type: huma.TypeString}}}}
	}
	answers := func(done string) map[string]*huma.Response {
		return map[string]*huma.Response{
			"200": page(done), "404": page("A page: the link is not known"), "503": page("A page: it cannot be read or stored now"),
		}
	}
	form := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
		oneClickField:         {Type: huma.TypeString, Enum: []any{oneClickValue}, Description: "RFC 8058"},
		web.SubscriptionField: {Type: huma.TypeString, Enum: []any{web.SubscriptionStop, web.SubscriptionStart}},
	}}}
	show = get(subscriptionPath, "show-subscription", "Show what the link in a digest's mail ends; changes nothing")
	show.Parameters, show.Responses = param, answers("A page with a button")
	act = post(subscriptionPath, "set-subscription", "End the digests to an address, or have them again")
	act.Parameters, act.Responses = param, answers("A page that says what is so now")
	act.Responses["429"] = page("A page: the digests were begun again too often within the hour")
	act.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/x-www-form-urlencoded": form, "multipart/form-data": form,
	}}
	return show, act
}

// leaving answers the links. A link that is not known is answered alike whatever
// is wrong with it.
func (s *Server) leaving(do func(ctx context.Context, r *http.Request, of Subscription) (web.SubscriptionState, int)) http.Handler {
	if s.deps.Subscriptions == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := web.Subscription{Operator: s.deps.OperatorURL()}
		of, known := s.deps.Subscriptions.Subscription(r.PathValue("token"))
		if !known {
			page.Write(w, http.StatusNotFound)
			return
		}
		// A writer without a connection has no deadline; the body is bounded all the same.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(leaveTimeout))
		r.Body = http.MaxBytesReader(w, r.Body, maxLeave)
		ctx, cancel := context.WithTimeout(r.Context(), leaveTimeout)
		defer cancel()
		var status int
		page.State, status = do(ctx, r, of)
		page.Language, page.Merchant, page.Address = of.language(), of.name(), of.Address
		page.Write(w, status)
	})
}

// showSubscription says what is so, and changes nothing: mail programs and
// scanners follow links.
func (s *Server) showSubscription(ctx context.Context, _ *http.Request, of Subscription) (web.SubscriptionState, int) {
	off, err := s.deps.Subscriptions.HasUnsubscribed(ctx, of.Merchant, of.Address)
	switch {
	case err != nil:
		s.unleft(ctx, err)
		return web.SubscriptionAway, http.StatusServiceUnavailable
	case off:
		return web.SubscriptionOff, http.StatusOK
	default:
		return web.SubscriptionOn, http.StatusOK
	}
}

// setSubscription does what the sender's form says.
func (s *Server) setSubscription(ctx context.Context, r *http.Request, of Subscription) (web.SubscriptionState, int) {
	form, status := leaveForm(r)
	if status != 0 {
		return web.SubscriptionUnclear, status
	}
	c := subscription.Change{Merchant: of.Merchant, Address: of.Address, Reason: subscription.Page}
	done := web.SubscriptionEnded
	switch {
	case strings.EqualFold(form.Get(oneClickField), oneClickValue):
		c.Off, c.Reason = true, subscription.OneClick
	case form.Get(web.SubscriptionField) == web.SubscriptionStop:
		c.Off = true
	case form.Get(web.SubscriptionField) == web.SubscriptionStart:
		if !s.returns.allow(subscription.Place{Merchant: of.Merchant, Address: subscription.Same(of.Address)}, time.Now()) {
			return web.SubscriptionOften, http.StatusTooManyRequests
		}
		done = web.SubscriptionBack
	default:
		return web.SubscriptionUnclear, http.StatusBadRequest
	}
	if _, err := s.deps.Subscriptions.SetSubscription(ctx, c); err != nil {
		s.unleft(ctx, err)
		return web.SubscriptionAway, http.StatusServiceUnavailable
	}
	return done, http.StatusOK
}

// leaveForm reads the body alone: what stands in the address counts for nothing.
// status is 0, or that of the refusal.
func leaveForm(r *http.Request) (form url.Values, status int) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	r = r.WithContext(r.Context())
	r.URL = &url.URL{Path: r.URL.Path} // the parsers below refuse a query that is none
	var err error
	switch kind {
	case "application/x-www-form-urlencoded":
		err = r.ParseForm()
		form = r.PostForm
	case "multipart/form-data":
		if err = r.ParseMultipartForm(maxLeave); err == nil {
			form = r.MultipartForm.Value
			defer func() { _ = r.MultipartForm.RemoveAll() }() // so little lies in no file
		}
	default:
		return nil, http.StatusUnsupportedMediaType
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return nil, http.StatusBadRequest
	}
	return form, 0
}

// unleft logs why a page says that it cannot be done. A reader who left is no
// news.
func (s *Server) unleft(ctx context.Context, err error) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.log.LogAttrs(ctx, slog.LevelError, "subscription not read or stored", slog.Any("error", err))
	}
}
