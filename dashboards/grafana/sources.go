package grafana

import "strings"

// grades of completeness, the best first: A every attempt, B final results,
// C failures alone, D a sample.
func grades() []string { return []string{"A", "B", "C", "D"} }

// downgraded selects sources that are not treated as what they are declared
// to be, by both.
func downgraded() string {
	var list []string
	for _, g := range grades() {
		list = append(list, of("hookvigil_sources", `declared="`+g+`"`, `treated!="`+g+`"`))
	}
	return strings.Join(list, " or ")
}

// gradeWords are the colours of a source by what it is declared to be and as
// what it is treated, worded as the panels do.
func gradeWords() map[string]string {
	words := map[string]string{}
	for _, declared := range grades() {
		for _, treated := range grades() {
			words[declared+" treated as "+treated] = red
		}
		words[declared+" treated as "+declared] = green
	}
	return words
}

func daemonSources() []Panel {
	return []Panel{
		bars(question{
			title: "Sources by grade", unit: unitCount, share: 12, none: "no sources yet", words: gradeWords(), runbook: runbookDowngraded,
			queries: ask(sum(of("hookvigil_sources"), "declared", "treated")+" > 0", "{{declared}} treated as {{treated}}"),
			doc:     "Declared, and treated as. A sends every attempt, B final results, C failures alone, D a sample. Red ones send less than they are declared to: GET /api/v1/sources says which and why.",
		}),
		chart(question{
			title: "Downgraded sources", unit: unitCount, limits: anyIsBad(), runbook: runbookDowngraded,
			queries: ask(sum(downgraded()), "downgraded"),
			doc:     "How many are treated as less than declared. No ratio is made of their attempts, and so their failures open no incident by ratio: have the sender send everything, or declare the lower grade.",
		}),
	}
}
