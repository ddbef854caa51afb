// Package alertmanager tells incidents to Prometheus' Alertmanager by its API
// v2, or to whatever else takes POST /api/v2/alerts: an alert per incident that
// fires while it is live. Who is told then, and how, is Alertmanager's.
//
// An alert is its set of labels, and it ends by itself when it is not told
// again: a hookvigil that is dead holds up no alert for longer than
// resolve_after. Therefore the state of a live incident has to be sent again
// more often than that.
//
// It makes one attempt per Send and never tries again by itself. The same alert
// may be posted at will, so that a lost answer needs no proof. It reads neither
// silences nor acknowledgements from there.
package alertmanager
