package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// idOf names a notice to the receiver, the same on every try: a key of ours
// may hold dots, which separate what is signed, and addresses of people.
func idOf(idemKey string) string {
	sum := sha256.Sum256([]byte("webhook\x00" + idemKey))
	return "msg_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// signature is the value of webhook-signature: one for each key, the newest
// first, separated by spaces.
func signature(keys [][]byte, id string, at time.Time, body []byte) string {
	var list []string
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp(at) + ".")) // never fails
		mac.Write(body)
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(list, " ")
}

// stamp is the value of webhook-timestamp: seconds since 1970, of the attempt.
func stamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
