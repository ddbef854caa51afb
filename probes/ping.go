package probes

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The marks of a synthetic request: any one of them alone is enough to tell
// it from a business event.
const (
	SyntheticHeader = "X-Hookvigil-Synthetic"
	PingType        = "hookvigil.ping"
	PingIDPrefix    = "probe_"

	defaultTokenHeader = "X-Callback-Token" // Xendit, "Payout webhook": x-callback-token
)

// ping is the body of a ping. It carries no amount, currency, status,
// payment_id or any other business key; a golden test holds that.
type ping struct {
	ID           string    `json:"id"`
	Type         string    `json:"type"`
	Event        string    `json:"event"`
	Created      time.Time `json:"created"`
	Synthetic    bool      `json:"synthetic"`
	Livemode     bool      `json:"livemode"`
	IsSimulation bool      `json:"is_simulation"`
}

// newPing returns a fresh ping and its id. extra is a JSON object that passed
// CheckBody, or nil.
func newPing(at time.Time, extra json.RawMessage) (body []byte, id string) {
	id = PingIDPrefix + rand.Text()
	body, err := json.Marshal(ping{ID: id, Type: PingType, Event: PingType, Created: at.UTC().Truncate(time.Second), Synthetic: true, IsSimulation: true})
	if err != nil {
		panic(err) // plain data: a bug in this program
	}
	if inner := bytes.TrimSpace(extra); len(inner) > 2 {
		inner = bytes.TrimSpace(inner[1 : len(inner)-1])
		if len(inner) > 0 {
			body = append(append(append(body[:len(body)-1], ','), inner...), '}')
		}
	}
	return body, id
}

// marks are the keys that only we write, and words that a key of a ping must
// not contain: a probe must never be mistaken for money.
var (
	marks         = []string{"id", "type", "event", "eventtype", "created", "synthetic", "livemode", "issimulation"}
	businessWords = []string{
		"amount", "currency", "payment", "price", "status", "paid", "payout", "refund", "invoice", "disburse", "settle",
		"charge", "capture", "transaction", "transfer", "order", "business", "reference", "external", "account", "channel",
		"card", "iban", "balance", "fee", "total", "merchant", "customer", "amt", "value", "money", "sum",
	}
)

const maxBodyTemplate = 4 << 10

// CheckBody reports why raw cannot be a ping's extra fields: it must be empty
// or a JSON object of at most 4 KiB that adds no business key at any depth and
// overrides no mark.
func CheckBody(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	if len(raw) > maxBodyTemplate {
		return fmt.Errorf("the body template has %d bytes; at most %d", len(raw), maxBodyTemplate)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return errors.New("the body template is not a JSON object")
	}
	return checkKeys(object)
}

func checkKeys(v any) error {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if err := checkKey(key); err != nil {
				return err
			}
			if err := checkKeys(inner); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := checkKeys(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkKey(key string) error {
	if strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return fmt.Errorf("the body template has the key %q; wanted plain ASCII, so that what it says is what it shows", clip(key))
	}
	plain := strings.Map(func(c rune) rune {
		if c == '_' || c == '-' || c == '.' || c == ' ' {
			return -1
		}
		return c
	}, strings.ToLower(key))
	if slices.Contains(marks, plain) {
		return fmt.Errorf("the body template overrides the mark %q", clip(key))
	}
	for _, word := range businessWords {
		if strings.Contains(plain, word) {
			return fmt.Errorf("the body template has the business key %q", clip(key))
		}
	}
	return nil
}

var (
	headerName     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	credentialName = regexp.MustCompile(`(?i)(token|secret|signature|api-?key|auth)`)
)

// CheckTokenHeader reports why name cannot carry a token; empty is fine.
func CheckTokenHeader(name string) error {
	if name == "" {
		return nil
	}
	canonical := http.CanonicalHeaderKey(name)
	own := canonical == "Authorization" || strings.HasPrefix(canonical, "X-") || credentialName.MatchString(name)
	if !headerName.MatchString(name) || !own || canonical == SyntheticHeader || strings.HasPrefix(canonical, "X-Forwarded") {
		return fmt.Errorf("%q cannot carry a token; wanted a header of its own, such as x-callback-token or authorization", clip(name))
	}
	return nil
}

// CheckToken reports why token cannot be sent under scheme; empty is fine.
// The error does not hold the token.
func CheckToken(token Secret, scheme Scheme) error {
	switch {
	case token == "":
		return nil
	case strings.TrimSpace(token.Reveal()) == "":
		return errors.New("the token is blank")
	case strings.ContainsFunc(token.Reveal(), func(c rune) bool { return c < ' ' || c > '~' }):
		return errors.New("the token holds characters that a header cannot carry (a line break?)")
	case scheme == SchemeStandardWebhooks:
		if _, err := signingKey(token); err != nil {
			return errors.New("the token is not a Standard Webhooks secret; wanted whsec_ and base64")
		}
	}
	return nil
}

func signingKey(token Secret) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(token.Reveal(), "whsec_"))
}

// authenticate puts the proof of origin into h: token in its header, or a
// signature over id, time and body.
func (ep Endpoint) authenticate(h http.Header, token Secret, id string, at time.Time, body []byte) {
	if ep.Scheme != SchemeStandardWebhooks {
		name := ep.TokenHeader
		if name == "" {
			name = defaultTokenHeader
		}
		h.Set(name, token.Reveal())
		return
	}
	key, err := signingKey(token)
	if err != nil {
		key = []byte(token.Reveal()) // a wrong secret on purpose (level refuse); a right one passed CheckToken
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// wrongToken is a token that no endpoint can have.
func wrongToken() Secret { return Secret("hookvigil-wrong-token-" + rand.Text()) }
