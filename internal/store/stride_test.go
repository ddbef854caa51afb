//go:build !race || integration

package store_test

// stride is which share of the broken files is tried: all of them.
const stride = 1
