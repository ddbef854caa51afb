//go:build race && !integration

package store_test

// senderKills is fewer under the race detector, which makes each start cost
// seconds.
const senderKills = 6
