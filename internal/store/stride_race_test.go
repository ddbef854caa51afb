//go:build race && !integration

package store_test

// stride is which share of the broken files is tried: the race detector makes
// SQLite fourteen times slower, and every tenth must do for a quick run.
const stride = 10
