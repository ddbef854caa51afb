//go:build !race

package store_test

// stormSize is the endpoints of a storm.
const stormSize = 5000
