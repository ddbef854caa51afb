package subscription

import "net/url"

// Path is where links lead, below the public address: Path/<token>.
const Path = "/unsubscribe"

// Links makes the links of mails. The zero Links makes none. It is safe for
// concurrent use.
type Links struct {
	Key  Key
	Base *url.URL // the public address, http or https; nil: there are no links
}

// Link returns the link by which the digests to an address of a merchant end;
// empty when there is no public address, no merchant, or the zero Key.
func (l Links) Link(merchant, address string) string {
	if l.Base == nil {
		return ""
	}
	token := l.Key.Token(KindDigest, merchant, address)
	if token == "" {
		return ""
	}
	return at(l.Base, token)
}

// SampleLink returns the link that stands in a mail which is only shown, below a
// public address as it is written; empty without one. It leads to a page that
// says that it is of no use.
func SampleLink(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return ""
	}
	return at(u, Sample)
}

func at(base *url.URL, token string) string { return base.JoinPath(Path, token).String() }
