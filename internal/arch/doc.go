// Package arch holds the house to its plan: which package may import which,
// and where each third-party package lives. It has only tests.
package arch
