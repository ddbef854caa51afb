// Package prometheus holds no code: beside this file lie the recording and
// alerting rules for Prometheus (2.42 or newer, for keep_firing_for), and in
// tests/ the unit tests that promtool runs.
//
//	rule_files: [recording.yaml, alerts.yaml]
//
// What a person does about each alert stands in docs/runbooks.
package prometheus
