package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // of the stylesheet
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/hookvigil/hookvigil/alerting"
)

// SubscriptionState is what the page of a subscription says.
type SubscriptionState int

// The states. The zero state is that of a link that nobody knows.
const (
	SubscriptionUnknown SubscriptionState = iota // the link is for nobody
	SubscriptionOn                               // digests come; the page asks
	SubscriptionOff                              // none come
	SubscriptionEnded                            // they were ended just now
	SubscriptionBack                             // they were begun again just now
	SubscriptionUnclear                          // what was sent says neither; nothing was changed
	SubscriptionAway                             // it cannot be read or stored; nothing is claimed
	SubscriptionOften                            // it was changed too often of late; nothing was changed
)

// Subscription is the page behind the link by which the digests to an address
// end. It needs no stylesheet, script or cookie, because nobody who reads it has
// a token.
type Subscription struct {
	State    SubscriptionState
	Language string // en or id; empty: en, and of a link that nobody knows both
	Merchant string // name as the merchant spells it
	Address  string
	Operator string // http or https: whom to ask; any other: it is not said
}

// The fields of the page's forms.
const (
	SubscriptionField = "action"
	SubscriptionStop  = "unsubscribe"
	SubscriptionStart = "subscribe"
)

//go:embed assets/subscription.css
var subscriptionStyle string

// subscriptionPolicy lets the page have its own styles and send its form.
var subscriptionPolicy = func() string {
	sum := sha256.Sum256([]byte(subscriptionStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// subscriptionPage is the page in one or more languages, one below the other.
// Its form has no address: it goes to the link that the reader has. Read-only.
var subscriptionPage = template.Must(template.New("subscription").Parse(`<!DOCTYPE html>
<html lang="{{(index .Parts 0).Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{{(index .Parts 0).Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
{{- range .Parts}}
<section lang="{{.Lang}}">
<p class="brand">{{.Brand}}</p>
<h1>{{.Title}}</h1>
<p class="said{{with $.Tone}} {{.}}{{end}}"{{if $.Tone}} role="status"{{end}}>{{.Said}}</p>
{{- if $.Address}}
<dl>
<dt>{{.Merchant}}</dt><dd><bdi>{{$.Merchant}}</bdi></dd>
<dt>{{.Address}}</dt><dd><bdi>{{$.Address}}</bdi></dd>
</dl>
{{- end}}
{{- if $.Action}}
<form method="post"><input type="hidden" name="` + SubscriptionField + `" value="{{$.Action}}"><button type="submit">{{.Button}}</button></form>
{{- end}}
{{- range .More}}
<h2>{{index . 0}}</h2>
<p>{{index . 1}}</p>
{{- end}}
<p class="ask">{{.Question}}{{with $.Operator}} <a href="{{.}}" rel="noreferrer">{{.}}</a>{{end}}</p>
</section>
{{- end}}
</main>
</body>
</html>
`))

// subscriptionPart is the page in one language.
type subscriptionPart struct {
	subscriptionWords

	Title, Said, Button, Question string
	More                          [][2]string // heading and sentence
}

// Write answers with the page and that status. It sets all headers that keep the
// link to the reader: nothing stores the page, indexes it, or is told its
// address.
func (s Subscription) Write(w http.ResponseWriter, status int) {
	data := struct {
		Parts                                     []subscriptionPart
		Style                                     template.CSS
		Tone, Merchant, Address, Action, Operator string
	}{
		Style: template.CSS(subscriptionStyle), Tone: s.tone(), Action: s.action(), //nolint:gosec // our own file
		Merchant: alerting.Line(s.Merchant, longMerchant), Address: alerting.Line(s.Address, longAddress), Operator: alerting.Link(s.Operator, longOperator),
	}
	for _, w := range s.words() {
		data.Parts = append(data.Parts, s.part(w, data.Operator != ""))
	}
	var b bytes.Buffer
	if err := subscriptionPage.Execute(&b, data); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", subscriptionPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader is gone: nothing to do
}

// Bounds of what is shown: names in characters, the operator's address in bytes.
const (
	longMerchant = 120
	longAddress  = 254 // of a mail address (RFC 5321 section 4.5.3.1.3)
	longOperator = 2_000
)

// words are the languages of the page: of one that knows no reader all.
func (s Subscription) words() []subscriptionWords {
	switch {
	case s.Language == "id":
		return []subscriptionWords{indonesianSubscription()}
	case s.Address == "" && s.Language == "":
		return []subscriptionWords{englishSubscription(), indonesianSubscription()}
	default:
		return []subscriptionWords{englishSubscription()}
	}
}

func (s Subscription) tone() string {
	switch s.State {
	case SubscriptionEnded, SubscriptionBack:
		return "done"
	case SubscriptionUnknown, SubscriptionUnclear, SubscriptionAway, SubscriptionOften:
		return "wrong"
	default:
		return ""
	}
}

// action is what the button does; empty: there is none.
func (s Subscription) action() string {
	switch s.State {
	case SubscriptionOn, SubscriptionBack:
		return SubscriptionStop
	case SubscriptionOff, SubscriptionEnded:
		return SubscriptionStart
	default:
		return ""
	}
}

func (s Subscription) part(w subscriptionWords, asked bool) subscriptionPart {
	p := subscriptionPart{subscriptionWords: w, Title: w.Says[s.State][0], Said: w.Says[s.State][1], Button: w.Start, Question: w.Ask}
	if s.action() == SubscriptionStop {
		p.Button = w.Stop
	}
	switch s.action() {
	case SubscriptionStop:
		p.More = [][2]string{{w.Stops, w.StopsThis}, {w.GoesOn, w.GoesOnThat}}
	case SubscriptionStart:
		p.More = [][2]string{{w.Stopped, w.StopsThis}, {w.WentOn, w.GoesOnThat}}
	}
	if asked {
		p.Question = w.AskAt
	}
	return p
}
