// Package registry says what is watched: merchants, their endpoints, and
// targets of our own. It holds the records as people write them (file, import
// or API: one spelling), the merge of those origins, and the immutable
// [Snapshot] that the rest of the house reads.
//
// It reads no file and no environment, stores nothing and starts nothing:
// package config fills in what files hold, package store keeps the records,
// package daemon swaps the snapshots.
package registry
