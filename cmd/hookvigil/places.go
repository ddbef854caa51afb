package main

import (
	"maps"
	"strings"
)

// places says what a person typed for the places in a request: "body.text" is
// "-m". A place stands for all below it.
type places map[string]string

// nameOf is what was typed for a place; without one, a flag for what is in the
// query, and the field's own name otherwise.
func (t places) nameOf(place string) string {
	best := ""
	for p := range t {
		below := strings.HasPrefix(place, p+".") || strings.HasPrefix(place, p+"[")
		if (p == place || below) && len(p) > len(best) {
			best = p
		}
	}
	if best != "" {
		return t[best]
	}
	in, name, found := strings.Cut(place, ".")
	switch {
	case !found:
		return place
	case in == "query":
		return "--" + name
	case in == "path":
		return strings.ToUpper(name)
	case in == "body" || in == "header":
		return name
	default:
		return place
	}
}

// placesOfMatcher are the flags that say what is meant.
func placesOfMatcher(more places) places {
	all := places{"body.matcher": "what is meant"}
	for _, flag := range []string{"merchant", "endpoint", "channel", "product", "rule", "severity", "incident", "all"} {
		all["body.matcher."+flag] = "--" + flag
	}
	maps.Copy(all, more)
	return all
}
