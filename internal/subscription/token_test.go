package subscription_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/subscription"
)

func keyOf(b byte) subscription.Key {
	return subscription.NewKey([32]byte{b, 31: b})
}

func TestATokenIsForOneAddressOfOneMerchantAndKind(t *testing.T) {
	t.Parallel()
	k := keyOf(1)
	good := k.Token(subscription.KindDigest, "toko-maju", "Ops@Toko.example")
	of := func(token string) subscription.Token {
		read, ok := subscription.ParseToken(token)
		if !ok {
			t.Fatalf("%q is no token", token)
		}
		return read
	}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	renamed := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "toko-maju", "toko-baru", 1)))
	bent := append([]byte(nil), raw...)
	bent[len(bent)-1] ^= 1
	list := []string{"other@toko.example", "ops@toko.example", "third@toko.example"}
	for sentence, tc := range map[string]struct {
		token     string
		key       subscription.Key
		kind      string
		addresses []string
		want      string // empty: for nobody
	}{
		"as it was made, whatever the case":  {good, k, subscription.KindDigest, list, "ops@toko.example"},
		"as the list spells it":              {good, k, subscription.KindDigest, []string{"OPS@TOKO.EXAMPLE"}, "OPS@TOKO.EXAMPLE"},
		"of another kind of mail":            {k.Token("incident", "toko-maju", "ops@toko.example"), k, subscription.KindDigest, list, ""},
		"asked for another kind of mail":     {good, k, "incident", list, ""},
		"of another merchant":                {renamed, k, subscription.KindDigest, list, ""},
		"of a merchant with the same letter": {k.Token(subscription.KindDigest, "toko-maj", "uops@toko.example"), k, subscription.KindDigest, list, ""},
		"the address is off the list":        {good, k, subscription.KindDigest, []string{"other@toko.example"}, ""},
		"the list is empty":                  {good, k, subscription.KindDigest, nil, ""},
		"one bit is another":                 {base64.RawURLEncoding.EncodeToString(bent), k, subscription.KindDigest, list, ""},
		"by another key":                     {good, keyOf(2), subscription.KindDigest, list, ""},
	} {
		address, ok := of(tc.token).For(tc.key, tc.kind, tc.addresses)
		if address != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: got %q, %v; want %q", sentence, address, ok, tc.want)
		}
	}
	if _, ok := (subscription.Token{}).For(subscription.Key{}, subscription.KindDigest, list); ok {
		t.Error("the zero token is for somebody")
	}
	if strings.Contains(strings.ToLower(string(raw)), "ops") {
		t.Errorf("the token shows the address: %q", raw)
	}
	if again := k.Token(subscription.KindDigest, "toko-maju", "ops@TOKO.example"); again != good {
		t.Errorf("another case gives another token: %s, want %s", again, good)
	}
}

func TestWhatIsNoToken(t *testing.T) {
	t.Parallel()
	k := keyOf(1)
	good := k.Token(subscription.KindDigest, "toko-maju", "ops@toko.example")
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	newer := append([]byte{2}, raw[1:]...)
	spare := k.Token(subscription.KindDigest, "toko-maju1", "ops@toko.example") // 27 bytes: all bits count
	if _, ok := subscription.ParseToken(spare); !ok {
		t.Fatal("a token with another length is none")
	}
	for sentence, s := range map[string]string{
		"nothing": "", "a sample": subscription.Sample, "padding": good + "=", "a line break in it": good[:5] + "\n" + good[5:],
		"what follows it": good + "AA>", "no signature": base64.RawURLEncoding.EncodeToString([]byte("\x01toko")), "no merchant": base64.RawURLEncoding.EncodeToString(append([]byte{1}, raw[len(raw)-16:]...)),
		"a newer version": base64.RawURLEncoding.EncodeToString(newer), "ten thousand letters": strings.Repeat("A", 10_000), "other letters": "töken",
		"bits that do not count": loose(good),
	} {
		if _, ok := subscription.ParseToken(s); ok {
			t.Errorf("%s: %.60q is a token", sentence, s)
		}
	}
	for _, merchant := range []string{"", strings.Repeat("m", 257)} {
		if got := k.Token(subscription.KindDigest, merchant, "ops@toko.example"); got != "" {
			t.Errorf("a merchant of %d bytes has a token: %s", len(merchant), got)
		}
	}
	longest := k.Token(subscription.KindDigest, strings.Repeat("m", 256), "ops@toko.example")
	if read, ok := subscription.ParseToken(longest); !ok || len(read.Merchant) != 256 {
		t.Errorf("the longest ID: %v, %d bytes", ok, len(read.Merchant))
	}
}

// loose is token with another last letter that decodes alike where the decoder
// is lenient.
func loose(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(letters, token[len(token)-1])
	return token[:len(token)-1] + string(letters[i|1])
}

func TestLinks(t *testing.T) {
	t.Parallel()
	base := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	word := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	for from, want := range map[string]string{
		"https://hooks.example.com": "https://hooks.example.com/unsubscribe/", "https://hooks.example.com/": "https://hooks.example.com/unsubscribe/",
		"http://127.0.0.1:8420/base/": "http://127.0.0.1:8420/base/unsubscribe/",
	} {
		got := subscription.Links{Key: keyOf(1), Base: base(from)}.Link("toko/../maju ü", "ops@toko.example")
		token, ok := strings.CutPrefix(got, want)
		if read, is := subscription.ParseToken(token); !ok || !word.MatchString(token) || !is || read.Merchant != "toko/../maju ü" {
			t.Errorf("%s: got %s", from, got)
		}
		if got := subscription.SampleLink(from); got != want+subscription.Sample {
			t.Errorf("%s: the sample is %s", from, got)
		}
	}
	if got := (subscription.Links{Key: keyOf(1)}).Link("toko-maju", "ops@toko.example"); got != "" {
		t.Errorf("without a public address: %s", got)
	}
	if got := (subscription.Links{Key: keyOf(1), Base: base("https://x.example")}).Link("", "ops@toko.example"); got != "" {
		t.Errorf("without a merchant: %s", got)
	}
	if got := subscription.SampleLink(""); got != "" {
		t.Errorf("a sample without a public address: %s", got)
	}
}

// TestWithoutAKeyThereAreNoLinks: everybody knows the zero one.
func TestWithoutAKeyThereAreNoLinks(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "x.example"}
	if got := (subscription.Links{Base: base}).Link("toko-maju", "ops@toko.example"); got != "" {
		t.Errorf("a link: %s", got)
	}
	h := hmac.New(sha256.New, make([]byte, 32))
	_, _ = h.Write([]byte("hookvigil unsubscribe\x01\x00\x00\x00\x06digest\x00\x00\x00\x04toko\x00\x00\x00\x10ops@toko.example"))
	forged, ok := subscription.ParseToken(base64.RawURLEncoding.EncodeToString(append([]byte("\x01toko"), h.Sum(nil)[:16]...)))
	if address, known := forged.For(subscription.Key{}, subscription.KindDigest, []string{"ops@toko.example"}); !ok || known {
		t.Errorf("it is for %q, and a token: %v", address, ok)
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := keyOf('k')
	if got := fmt.Sprintf("%s %v %+v %#v", k, k, struct{ Key subscription.Key }{k}, k); strings.Contains(got, "107") || strings.Contains(got, "6b") || strings.Contains(got, "kk") {
		t.Errorf("got %s", got)
	}
}

// FuzzParseToken: what is read as a token has that one spelling, and nobody's
// signature.
func FuzzParseToken(f *testing.F) {
	k := keyOf(1)
	f.Add(k.Token(subscription.KindDigest, "toko-maju", "ops@toko.example"))
	f.Add(k.Token(subscription.KindDigest, "a", ""))
	f.Add(subscription.Sample)
	f.Add("AXRva28tbWFqdQ\n==")
	f.Fuzz(func(t *testing.T, s string) {
		read, ok := subscription.ParseToken(s)
		if !ok {
			if read != (subscription.Token{}) {
				t.Errorf("%q: no token, and %+v", s, read)
			}
			return
		}
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != s || read.Merchant == "" || string(raw[1:len(raw)-16]) != read.Merchant {
			t.Errorf("%q is read as %+v", s, read)
		}
		if address, ok := read.For(keyOf(9), subscription.KindDigest, []string{"ops@toko.example", ""}); ok {
			t.Errorf("%q is for %q by a key that signed nothing", s, address)
		}
	})
}
