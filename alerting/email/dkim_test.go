package email_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(t *testing.T) crypto.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemOf(t *testing.T, key crypto.Signer) probes.Secret {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return probes.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// record is the public key as DNS has it.
func record(t *testing.T, key crypto.Signer) string {
	t.Helper()
	if public, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

// verified asks a library that is not the one that signs.
func verified(t *testing.T, data []byte, txt string) error {
	t.Helper()
	list, err := dkim.VerifyWithOptions(bytes.NewReader(data), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s2023._domainkey.watch.test" {
			return nil, fmt.Errorf("asked for %s", name)
		}
		return []string{txt}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		return fmt.Errorf("%d signatures", len(list))
	}
	if list[0].Domain != "watch.test" {
		return errors.New("signed for " + list[0].Domain)
	}
	return list[0].Err
}

func TestSignaturesAreVerifiedByAnotherLibrary(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]crypto.Signer{"RSA": rsaKey(t, 2048), "Ed25519": edKey(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
			c := configFor(s)
			c.DKIM = email.DKIM{Domain: "watch.test", Selector: "s2023", Key: pemOf(t, key)}
			r, n := receiver(t, c), noticeOf(t, openFacts())
			var wg sync.WaitGroup
			for i := range 8 { // at once: a signer that is shared would be a race
				wg.Go(func() {
					if _, err := r.Send(t.Context(), numbered(n, i), alerting.Ref{}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if _, err := r.Send(t.Context(), hostileNotice(t), alerting.Ref{}); err != nil {
				t.Fatal(err)
			}
			txt, list := record(t, key), s.Messages()
			for _, m := range list {
				if err := verified(t, m.Data, txt); err != nil {
					t.Errorf("got %v for\n%s", err, m.Data)
				}
			}
			forge(t, list[0].Data, txt)
		})
	}
}

// forge changes a signed mail in ways that a reader would fall for.
func forge(t *testing.T, data []byte, txt string) {
	t.Helper()
	subject, _, _ := strings.Cut(string(data[bytes.Index(data, []byte("Subject:")):]), "\r\n")
	for sentence, forged := range map[string]string{
		"another subject":           strings.Replace(string(data), subject, "Subject: all is well", 1),
		"a second From":             "From: <evil@example.com>\r\n" + string(data),
		"a second Subject":          "Subject: all is well\r\n" + string(data),
		"a List-Unsubscribe":        "List-Unsubscribe: <https://evil.example.com/>\r\n" + string(data),
		"a List-Unsubscribe-Post":   "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" + string(data),
		"another body":              string(data) + "more\r\n",
		"another key of the domain": "", // see below
	} {
		key := txt
		if forged == "" {
			forged, key = string(data), record(t, edKey(t))
		}
		if err := verified(t, []byte(forged), key); err == nil {
			t.Errorf("%s: it is believed", sentence)
		}
	}
}

func TestDKIMFaults(t *testing.T) {
	t.Parallel()
	good, small := pemOf(t, edKey(t)), pemOf(t, rsaKey(t, 1024))
	for sentence, tc := range map[string]struct {
		dkim email.DKIM
		want []string
	}{
		"none":                     {email.DKIM{}, nil},
		"sound":                    {email.DKIM{Domain: "watch.test", Selector: "s2023", Key: good}, nil},
		"a selector with a dot":    {email.DKIM{Domain: "watch.test", Selector: "s.2023", Key: good}, nil},
		"the domain above":         {email.DKIM{Domain: "test", Selector: "s", Key: good}, nil},
		"another domain":           {email.DKIM{Domain: "example.com", Selector: "s", Key: good}, []string{"dkim.domain: example.com does not cover"}},
		"a domain that looks like": {email.DKIM{Domain: "atch.test", Selector: "s", Key: good}, []string{"dkim.domain: atch.test does not cover"}},
		"no domain":                {email.DKIM{Domain: "wa tch.test", Selector: "s", Key: good}, []string{`dkim.domain: "wa tch.test" is no domain`}},
		"no selector":              {email.DKIM{Domain: "watch.test", Selector: "s;x=1", Key: good}, []string{"dkim.selector:"}},
		"no key":                   {email.DKIM{Domain: "watch.test", Selector: "s"}, []string{"dkim.key: is empty"}},
		"a key that is none":       {email.DKIM{Domain: "watch.test", Selector: "s", Key: "hidden-marker"}, []string{"dkim.key: is no private key"}},
		"a key that is too short":  {email.DKIM{Domain: "watch.test", Selector: "s", Key: small}, []string{"dkim.key: is an RSA key of 1024 bits"}},
		"a key alone":              {email.DKIM{Key: good}, []string{"dkim.domain:", "dkim.selector:"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			c := email.Config{SMTP: email.Server{Host: "smtp.example.com"}, From: "alerts@watch.test", DKIM: tc.dkim}
			var got []string
			if err := c.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i], want) || strings.Contains(got[i], "hidden-marker") {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}
