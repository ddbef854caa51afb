// Package hooktest holds what a webhook watcher must survive, on loopback and
// on order: receivers that misbehave in one named way ([Receiver],
// [Behaviour]), a certificate authority that issues bad certificates as
// readily as good ones ([CA]), a DNS server with a script ([DNS]) and a
// listener that must never be contacted ([Canary]).
//
// Tests of the other packages use it, and so does the demo; therefore nothing
// here needs the testing package. [Start], [StartDNS], [StartCanary] and
// [StartCA] are shortcuts for tests.
//
// It is no web server: a receiver writes most answers by hand, because most of
// them are not HTTP. It listens where it is told to, loopback by default, and
// never connects to anything but itself.
package hooktest
