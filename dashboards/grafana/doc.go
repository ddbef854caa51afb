// Package grafana draws the metrics of [github.com/hookvigil/hookvigil/dashboards]
// as Grafana dashboards in the classic JSON model, which Grafana 8.3 and newer
// load. [All] returns them; the *.json files beside this package are what it
// returns, written by go generate and held by a test, so that they can be
// provisioned without Go.
//
// A panel answers one question. Its title is the question's noun, and its
// description says what to do when the answer is bad. The package reads
// nothing, sends nothing and knows no endpoint: names of jobs, instances and
// merchants are variables of the dashboard.
package grafana

//go:generate go run ./gen
