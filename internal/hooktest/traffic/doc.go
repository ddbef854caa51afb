// Package traffic makes up the delivery attempts of a platform: seeded, so
// that the same settings give the same attempts, with the incidents, dead
// endpoints, bursts, silences and delays that a test or a measurement asks
// for. [Generator] makes attempts one by one, in the order in which a live
// feed would bring them; [Counts] draws only what a series counts in each
// tick, for months at a time. It sends nothing, has no clock and starts no
// goroutine.
package traffic
