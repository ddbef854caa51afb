// Package daemon wires the house together: it opens the store, fills the
// registry, runs the two looks on their schedules, does the duty jobs, serves
// HTTP, reloads, and drains in order. It decides nothing itself.
package daemon
