// Package probes is the first signal, and the words that both signals share.
//
// It looks: an [Endpoint] goes in, a [Result] comes out. It holds the probe
// of a webhook endpoint ([Prober]), the guard that refuses forbidden
// addresses at the moment of dialling ([Guard]), the URL policy ([ParseURL]),
// the closed sets of words ([Fault], [Verdict], [NoteSet], [Level]) and the
// schedule that spreads looks evenly ([Schedule]).
//
// It decides nothing beyond one probe, sends no notice, reads no file and
// keeps no response body.
package probes
