package subscription

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
)

// The kinds of mail that one can leave, each by its own links. The words are
// stored.
const (
	KindDigest = "digest"
	KindAll    = "all" // every mail to the address, because it bounces; there are no links of it
)

// Bounds of a token, in bytes of what it stands for.
const (
	version      = 1
	macBytes     = 16 // 128 bits: nobody guesses one
	mostMerchant = 256
	mostToken    = (1 + mostMerchant + macBytes + 2) / 3 * 4
)

// Sample stands in the place of a token where a mail is only shown. It is no
// token, and never becomes one: what is shown to a reader of previews must not
// be of use against whom the mail is for.
const Sample = "SAMPLE-link-of-a-preview"

// Token is what a link names, as it came: nothing in it is proven before
// [Token.For] has said so. The zero Token is for nobody.
type Token struct {
	Merchant string
	mac      [macBytes]byte
}

// Token returns the token of an address of a merchant, for mail of a kind: a
// word of base64url (RFC 4648 section 5) without padding, the same each time,
// whatever the case of the address. It is empty when the merchant's ID is empty
// or longer than 256 bytes, or k is zero. It holds the merchant's ID, and of the
// address the first 128 bits of an HMAC-SHA256 alone.
func (k Key) Token(kind, merchant, address string) string {
	if k == (Key{}) || merchant == "" || len(merchant) > mostMerchant {
		return ""
	}
	mac := k.mac(kind, merchant, address)
	return base64.RawURLEncoding.EncodeToString(slices.Concat([]byte{version}, []byte(merchant), mac[:]))
}

// ParseToken reads a token; false when it is none. Each token has one spelling.
// It takes any input, and does no more than some hundred bytes of work.
func ParseToken(s string) (Token, bool) {
	if len(s) > mostToken {
		return Token{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) < 1+1+macBytes || len(raw) > 1+mostMerchant+macBytes || raw[0] != version ||
		base64.RawURLEncoding.EncodeToString(raw) != s { // the decoder skips line breaks
		return Token{}, false
	}
	at := len(raw) - macBytes
	return Token{Merchant: string(raw[1:at]), mac: [macBytes]byte(raw[at:])}, true
}

// For returns the one of a merchant's addresses that t was made for by k, for
// mail of a kind; false when there is none: t was forged, or is for another kind
// or for an address that is not among them any more, or k is zero. The time that it takes
// tells how many addresses there are, and nothing of the signatures.
func (t Token) For(k Key, kind string, addresses []string) (address string, ok bool) {
	if k == (Key{}) || t.Merchant == "" {
		return "", false
	}
	for _, a := range addresses {
		if mac := k.mac(kind, t.Merchant, a); hmac.Equal(mac[:], t.mac[:]) {
			address, ok = a, true
		}
	}
	return address, ok
}

// Same returns the form of a mail address by which two are known to be one, and
// in which it is stored: in lower case.
func Same(address string) string { return strings.ToLower(address) }

// mac signs what a token stands for: each part after its length, so that no two
// lists of parts are one text.
func (k Key) mac(kind, merchant, address string) (sum [macBytes]byte) {
	h := hmac.New(sha256.New, k.secret[:])
	text := []byte("hookvigil unsubscribe")
	text = append(text, version)
	for _, part := range []string{kind, merchant, Same(address)} {
		text = binary.BigEndian.AppendUint32(text, uint32(len(part))) //nolint:gosec // none is near 4 GiB
		text = append(text, part...)
	}
	_, _ = h.Write(text) // never fails
	copy(sum[:], h.Sum(nil))
	return sum
}
