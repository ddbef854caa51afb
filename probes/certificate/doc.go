// Package certificate is the second signal: it looks at the certificate of
// every address behind a name, with its own dial, its own verdict and its own
// schedule, so that it still speaks when the first signal is wrong, blind or
// dead. It shares words and the guard with package probes, and nothing else.
//
// [Looker.Look] goes over the wire and brings home what was served, good or
// bad. [Judge] is pure and says what that means.
//
// It fetches nothing that a certificate points to: no AIA, no OCSP, no CRL.
package certificate
