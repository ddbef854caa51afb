//go:build !race

package store

// slower is how much less is applied by the tests: nothing.
const slower = 1
