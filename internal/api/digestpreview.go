package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

type previewInput struct {
	Merchant string `query:"merchant" maxLength:"256" doc:"Missing: the platform's own digest"`
	Window   string `query:"window" maxLength:"64" doc:"RFC 3339: a moment in the window; missing: the last that closed, or else the running one"`
	Format   string `query:"format" enum:"json,html,text,eml,slack" default:"json" doc:"json: the facts; eml: the mail as a file; slack: text and blocks"`
}

type previewOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"` // empty: that of all answers
	Body        []byte
}

// mailPolicy is for a page that is a mail: its own styles and nothing else,
// without scripts and without our origin.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	typeJSON = "application/json"
	typeHTML = "text/html; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
	typeMail = "message/rfc822"
)

// previewContent tells the document what a preview may be.
func previewContent() map[string]*huma.MediaType {
	text := func() *huma.MediaType { return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}} }
	return map[string]*huma.MediaType{
		typeJSON: {Schema: &huma.Schema{Type: huma.TypeObject}}, "text/html": text(), "text/plain": text(), typeMail: text(),
	}
}

// previewDigest answers a digest by the renderer that mail and Slack use.
func (s *Server) previewDigest(ctx context.Context, in *previewInput) (*previewOutput, error) {
	c := callerOf(ctx)
	switch {
	case in.Merchant == "" && c.scoped():
		return nil, problem(http.StatusForbidden, "this is about all merchants; the token is for some of them: name one as merchant")
	case !c.sees(in.Merchant):
		return nil, notFound("merchant", in.Merchant)
	}
	at, bad := momentOf(in.Window, time.Now())
	if bad != nil {
		return nil, bad
	}
	facts, err := s.deps.Digests.DigestPreview(ctx, in.Merchant, at)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, notFound("merchant", in.Merchant)
	}
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	out, err := wordedAs(in.Format, facts)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	return out, nil
}

// momentOf reads the moment that names a window; zero for none.
func momentOf(s string, now time.Time) (time.Time, *huma.ErrorModel) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil:
		return time.Time{}, unanswerable(detail("query.window", "is not a time; wanted RFC 3339, such as 2026-05-04T10:00:00Z"))
	case at.Unix() <= 0 || at.After(now):
		return time.Time{}, unanswerable(detail("query.window", "is not in a window that has begun; wanted a time after 1970 that is not in the future"))
	}
	return at.UTC(), nil
}

// wordedAs words facts in one of the formats.
func wordedAs(format string, f digest.Facts) (*previewOutput, error) {
	switch format {
	case "json":
		return jsonPreview(f)
	case "slack":
		text, blocks, err := digest.SlackEscaped(f) // as the receiver sends it: it may be posted as it stands
		if err != nil {
			return nil, err
		}
		return jsonPreview(struct {
			Text   string          `json:"text"`
			Blocks json.RawMessage `json:"blocks"`
		}{text, blocks})
	}
	link := "" // a sample: who may read a preview may not end the digests of whom it is for
	if f.Kind != digest.KindPlatform {
		link = subscription.SampleLink(f.Footer.PublicURL)
	}
	letter, err := digest.MailTo(f, link)
	if err != nil {
		return nil, err
	}
	switch format {
	case "html":
		return &previewOutput{ContentType: typeHTML, Policy: mailPolicy, Body: []byte(letter.HTML)}, nil
	case "text":
		return &previewOutput{ContentType: typeText, Body: []byte(letter.Text)}, nil
	}
	raw, err := mailFile{Letter: letter, leave: link, to: cmp.Or(f.Name, f.Merchant, "Operators"), at: f.AsOf()}.bytes()
	return &previewOutput{ContentType: typeMail, Disposition: `attachment; filename="digest.eml"`, Body: raw}, err
}

func jsonPreview(v any) (*previewOutput, error) {
	var buf bytes.Buffer
	err := encode(&buf, v)
	return &previewOutput{ContentType: typeJSON, Body: buf.Bytes()}, err
}
