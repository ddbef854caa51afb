package email

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// DKIM is how mails are signed (RFC 6376). The zero value signs nothing: that
// is for relays that do it themselves.
type DKIM struct {
	Domain   string        // d=: that of the sender's address, or one above it
	Selector string        // s=: the public key stands in DNS at <selector>._domainkey.<domain>
	Key      probes.Secret // private key as PEM, PKCS #1 or #8: RSA of 2048 to 4096 bits, or Ed25519 (RFC 8463), which some large providers ignore
}

// Bounds of an RSA key (RFC 8301 section 3.2 asks verifiers for no more).
const (
	leastBits = 2048
	mostBits  = 4096
)

var dnsName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)

func (d DKIM) faults(from string) []error {
	if d == (DKIM{}) {
		return nil
	}
	var list []error
	fault := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	switch {
	case !dnsName.MatchString(d.Domain) || len(d.Domain) > 253:
		fault("dkim.domain: %q is no domain; wanted that of the sender, such as example.com", alerting.Line(d.Domain, longName))
	case !aligned(from, d.Domain):
		fault("dkim.domain: %s does not cover the sender's domain %s; wanted the same or one above it, else DMARC takes no notice of the signature", d.Domain, alerting.Line(from, longName))
	}
	if !dnsName.MatchString(d.Selector) || len(d.Selector) > 63 {
		fault("dkim.selector: %q is no selector; wanted the name in front of ._domainkey in DNS", alerting.Line(d.Selector, longName))
	}
	if _, err := d.key(); err != nil {
		fault("dkim.key: %w", err)
	}
	return list
}

// aligned reports whether domain is that of from, or one above it (RFC 7489
// section 3.1.1, relaxed). What is wrong with from is said elsewhere.
func aligned(from, domain string) bool {
	from, domain = strings.ToLower(from), strings.ToLower(domain)
	return from == "" || from == domain || strings.HasSuffix(from, "."+domain)
}

// key reads the private key. Its errors hold nothing of it.
func (d DKIM) key() (crypto.Signer, error) {
	if d.Key == "" {
		return nil, errors.New("is empty; wanted a private key as PEM: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048")
	}
	key, err := gomail.PrivKeyFromPEM([]byte(d.Key.Reveal()))
	if err != nil {
		return nil, errors.New("is no private key as PEM; wanted RSA or Ed25519, without a passphrase")
	}
	if k, ok := key.(*rsa.PrivateKey); ok && (k.N.BitLen() < leastBits || k.N.BitLen() > mostBits) {
		return nil, fmt.Errorf("is an RSA key of %d bits; wanted %d to %d", k.N.BitLen(), leastBits, mostBits)
	}
	return key, nil
}

// sign signs msg as it is now, which must not change any more. Each message has
// a signer of its own: go-mail's changes itself when it first signs, so that
// two connections must not share one.
func (d DKIM) sign(msg *gomail.Msg, key crypto.Signer) error {
	s := gomail.NewDKIMSigner(d.Domain, d.Selector, key)
	s.SignHeaders(
		"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Auto-Submitted",
		"List-Unsubscribe", "List-Unsubscribe-Post", // RFC 8058 section 4; also where there are none, so that nobody adds them
	)
	s.OversignHeaders("From", "To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post") // a second one breaks the signature
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	head, body, _ := bytes.Cut(b.Bytes(), []byte("\r\n\r\n"))
	header, err := s.Sign(head, body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	name, value, _ := strings.Cut(header, ": ")
	msg.SetGenHeaderPreformatted(gomail.Header(name), refold(value))
	return nil
}

// refold breaks the lines of a signature between its tags, and inside b= alone.
// go-mail v0.8.1 also breaks them in the middle of a name when h= is longer
// than a line, as with the headers of RFC 8058: no verifier believes that.
func refold(value string) string {
	const fold = "\r\n "
	value = strings.ReplaceAll(strings.TrimSpace(value), fold, "")
	tags := strings.Split(value, "; ")
	last := len(tags) - 1
	var b strings.Builder
	for _, tag := range tags[:last] {
		b.WriteString(tag + ";" + fold)
	}
	for signature := tags[last]; ; signature = signature[76:] {
		if len(signature) <= 76 { // RFC 5322 section 2.1.1
			b.WriteString(signature)
			return b.String()
		}
		b.WriteString(signature[:76] + fold)
	}
}
