//go:build !race || integration

package store_test

// senderKills is how often the sender is killed.
const senderKills = 30
