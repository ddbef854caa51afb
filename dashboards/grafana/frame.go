package grafana

// The dashboards' names in files and addresses.
const (
	overviewName   = "overview"
	endpointName   = "endpoint"
	deliveriesName = "deliveries"
	daemonName     = "hookvigil"
)

// tag is on every dashboard of ours; links between them go by it.
const tag = "hookvigil"

// All returns every dashboard, in the order in which a person would open them.
// The result is the caller's.
func All() []Dashboard {
	return []Dashboard{overview(), oneEndpointBoard(), deliveries(), daemon()}
}

// frame is a dashboard without panels.
func frame(name, title, doc string, variables ...Variable) Dashboard {
	uid := tag + "-" + name
	if name == tag {
		uid = tag
	}
	return Dashboard{
		UID: uid, Title: title, Description: doc, Tags: []string{tag}, SchemaVersion: schemaVersion, GraphTooltip: 1,
		Refresh: "30s", Timezone: "browser", Time: Span{From: "now-6h", To: "now"},
		Templating:  Templating{List: append([]Variable{datasourceVariable()}, variables...)},
		Annotations: List{List: []struct{}{}},
		Links: []Link{
			{Title: "hookvigil", Type: "dashboards", Icon: "external link", Tooltip: "The other dashboards of hookvigil", Tags: []string{tag}, AsDropdown: true, KeepTime: true},
			pageLink("Runbooks", "README"),
		},
		file: name + ".json",
	}
}

// pageLink leads to a page of the runbooks.
func pageLink(title, page string) Link {
	return Link{
		Title: title, Type: "link", Icon: "doc", Tooltip: "What to look at, and what to do", URL: runbooks + page + ".md",
		Tags: []string{}, TargetBlank: true,
	}
}

// firstOne leaves the choice to Grafana: the default data source, and of
// values the first.
func firstOne() Current { return Current{Text: "", Value: ""} }

func datasourceVariable() Variable {
	return Variable{
		Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: 1, Current: firstOne(), Options: []string{},
	}
}

// choice is a variable whose values are those of a label.
func choice(name, title, query string) Variable {
	return Variable{
		Name: name, Label: title, Type: "query", Datasource: source(), Query: VariableQuery{Query: query, RefID: name}, Definition: query,
		Refresh: 2, Sort: 1, Multi: true, Current: firstOne(), Options: []string{},
	}
}

// orAll lets a variable mean everything, and does so at first. value is the
// pattern for it; without one Grafana names all values, which keeps a query of
// a name that others expose as well (up, process_...) to our own jobs.
func (v Variable) orAll(value string) Variable {
	v.IncludeAll, v.AllValue = true, value
	v.Current = Current{Text: []string{"All"}, Value: []string{"$__all"}}
	return v
}

// daemonChoices pick what was scraped at /metrics.
func daemonChoices() []Variable {
	return []Variable{
		choice("job", "Job", `label_values(hookvigil_build_info, job)`).orAll(""),
		choice("instance", "Instance", `label_values(hookvigil_build_info{job=~"$job"}, instance)`).orAll(".+"),
	}
}

// endpointChoices pick what was scraped at /metrics/probes. A target of our
// own has a certificate and no state, and no merchant.
func endpointChoices() []Variable {
	const watched = `__name__=~"hookvigil_endpoint_state|hookvigil_certificate_verdict"`
	return []Variable{
		choice("job", "Job", `label_values({`+watched+`}, job)`).orAll(""),
		choice("merchant", "Merchant", `label_values({`+watched+`, job=~"$job"}, merchant)`).orAll(".*"),
		choice("instance", "Endpoint", `label_values({`+watched+`, job=~"$job", merchant=~"$merchant"}, instance)`),
	}
}
