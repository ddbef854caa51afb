// Package dashboards is where measured values become metrics. It is the home
// of every metric name of ours, of two kinds:
//
//   - aggregates about the daemon and all endpoints together ([Metrics],
//     served at /metrics): fewer than 5,000 series however many endpoints
//     there are;
//   - series per endpoint, under the names that users of blackbox_exporter
//     know ([WriteProbes] for /metrics/probes, [WriteProbe] for
//     /probe?target=): written straight from values, limited and sharded.
//
// Callers hand over values. The types of the Prometheus client library stay
// inside. No label holds a text that came from outside: not a URL's query, an
// error or an answer. The one exception is a payment channel's name, on its
// ratio alone ([Metrics.Ratios]): checked, and at most 200 of them. No label of
// /metrics holds the ID of a merchant or an endpoint.
package dashboards
