package grafana

import "strings"

// runbooks is where the pages are that panels link to.
const runbooks = "https://github.com/hookvigil/hookvigil/blob/main/docs/runbooks/"

// Who is asked. The daemon's own series carry the instance that was scraped;
// those of endpoints carry the URL that is shown as their instance, which
// honor_labels keeps.
const (
	theDaemon    = `job=~"$job", instance=~"$instance"`
	allEndpoints = `job=~"$job", merchant=~"$merchant"`
	oneEndpoint  = `job=~"$job", merchant=~"$merchant", instance=~"$instance"`
)

// of selects the series of a metric of the daemon; further matchers follow.
func of(metric string, matchers ...string) string { return pick(metric, theDaemon, matchers) }

// endpoints and endpoint select series of /metrics/probes.
func endpoints(metric string, matchers ...string) string { return pick(metric, allEndpoints, matchers) }
func endpoint(metric string) string                      { return pick(metric, oneEndpoint, nil) }

func pick(metric, who string, matchers []string) string {
	return metric + "{" + strings.Join(append([]string{who}, matchers...), ", ") + "}"
}

// rate and increase are of a counter of the daemon, over the smallest window
// that Grafana knows to hold enough scrapes.
func rate(metric string, matchers ...string) string {
	return "rate(" + of(metric, matchers...) + "[$__rate_interval])"
}

func increase(metric string) string {
	return "increase(" + of(metric) + "[$__rate_interval])"
}

// inView is how much a counter grew in the whole time shown.
func inView(metric string, matchers ...string) string {
	return "increase(" + of(metric, matchers...) + "[$__range])"
}

// sum adds up by labels; without labels it adds up everything.
func sum(expr string, by ...string) string { return aggregate("sum", expr, by) }

// worst keeps the greatest by labels.
func worst(expr string, by ...string) string { return aggregate("max", expr, by) }

func aggregate(op, expr string, by []string) string {
	if len(by) == 0 {
		return op + "(" + expr + ")"
	}
	return op + " by (" + strings.Join(by, ", ") + ") (" + expr + ")"
}

// quantile is read from a histogram's classic buckets.
func quantile(q, histogram string, by ...string) string {
	return "histogram_quantile(" + q + ", " + sum(rate(histogram+"_bucket"), append(by, "le")...) + ")"
}

// age is the seconds since a time that a metric tells.
func age(expr string) string { return "time() - " + expr }
