package digest

import (
	"net/url"

	"github.com/hookvigil/hookvigil/alerting"
)

// Bounds of texts that come from strangers, in characters.
const (
	longName = 80
	longURL  = 160
	longLink = 500 // what a person opens
	longText = 400
)

// shown is a URL without what may be secret; empty for what is no URL.
func shown(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	u.User, u.RawQuery, u.Fragment, u.ForceQuery = nil, "", "", false
	return alerting.Line(u.String(), longURL)
}
