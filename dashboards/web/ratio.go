package web

import (
	"fmt"

	"github.com/hookvigil/hookvigil/rules"
)

const maxRatios = 20 // on the overview

// ratioView is one scope in the overview's strip of deliveries.
type ratioView struct {
	Name  string
	Share string // that failed
	Of    string // in counts
	Open  bool
	Lead  bool // the whole platform
}

// ratiosOf leaves out what has no data: that is not 0%.
func ratiosOf(list []Ratio) []ratioView {
	var views []ratioView
	for _, r := range list {
		if r.First <= 0 || len(views) == maxRatios {
			continue
		}
		failed := min(max(r.Failed, 0), r.First)
		views = append(views, ratioView{
			Name: scopeName(r.Scope), Share: rules.Ratio(float64(failed) / float64(r.First)).Short(), Open: r.Open, Lead: r.Scope == rules.ScopePlatform,
			Of: fmt.Sprintf("%s of %s in %s", grouped(failed), grouped(r.First), short(r.Window)),
		})
	}
	return views
}

// scopeName spells a scope for people: "channel ID_BCA", "platform".
func scopeName(s rules.Scope) string {
	kind, id := s.Split()
	if id == "" {
		return kind
	}
	return kind + " " + id
}
