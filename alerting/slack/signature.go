package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Signed is a request that says it comes from Slack.
type Signed struct {
	Timestamp string // header X-Slack-Request-Timestamp: seconds since 1970
	Signature string // header X-Slack-Signature: v0= and 64 hexadecimal digits
	Body      []byte // raw, at most 1 MiB
	Remote    string // address that it came from, for the log
}

// skew is how far Slack's clock and ours may be apart, and how old a request
// may be (docs.slack.dev/authentication/verifying-requests-from-slack).
const skew = 5 * time.Minute

// Why a request is refused.
var (
	errUnsigned = errors.New("unsigned")
	errStale    = errors.New("stale")
	errFuture   = errors.New("from the future")
	errForged   = errors.New("forged: no signing secret fits")
)

// verified returns the apps whose signing secret has signed s, and the
// signature. Its time tells neither which secret it was nor how much of the
// signature was right.
func (s Signed) verified(apps []App, now time.Time) ([]App, mark, error) {
	var sum mark
	hexed, v0 := strings.CutPrefix(s.Signature, "v0=")
	given, err := hex.DecodeString(hexed)
	at, bad := strconv.ParseInt(s.Timestamp, 10, 64)
	if !v0 || err != nil || bad != nil || len(given) != len(sum) || len(s.Body) > maxInteraction {
		return nil, sum, errUnsigned
	}
	copy(sum[:], given)
	switch age := now.Sub(time.Unix(at, 0)); {
	case age > skew:
		return nil, sum, errStale
	case age < -skew:
		return nil, sum, errFuture
	}
	var signers []App
	for _, a := range apps {
		if a.Config.SigningSecret == "" {
			continue // an empty secret signs nothing
		}
		mac := hmac.New(sha256.New, []byte(a.Config.SigningSecret.Reveal()))
		mac.Write([]byte("v0:" + s.Timestamp + ":"))
		mac.Write(s.Body)
		if hmac.Equal(mac.Sum(nil), given) {
			signers = append(signers, a)
		}
	}
	if len(signers) == 0 {
		return nil, sum, errForged
	}
	return signers, sum, nil
}
