// Package tools holds no program. Its tests read with Prometheus' own parser
// what this project ships for Prometheus and Grafana: every query of the
// dashboards and every rule file.
//
// It is a module of its own, so that Prometheus and what it needs stay out of
// the daemon's go.mod:
//
//	cd internal/tools && go test -count=1 ./...
package tools
