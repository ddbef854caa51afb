//go:build !race

package store

// slower is how much less is applied by the tests: nothing. modelChecks bounds
// the runs of the property.
const (
	slower      = 1
	modelChecks = 100
)
