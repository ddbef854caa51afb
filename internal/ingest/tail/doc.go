// Package tail reads attempts from a file that another program appends to:
// one record a line (DESIGN.md sections 5.3 and 9.4).
//
// [Tail.Run] looks at the file every half second, cuts what was appended into
// whole lines, decodes them and hands them to a [Handler], which acknowledges
// them. Only then the place in the file is saved, as an [Offset]: after a crash
// at any point lines are read again, and none is passed over. Repeats are
// removed by the identity of an attempt, further down the column.
//
// A file is known by its inode and by a fingerprint of its first KiB, because
// inodes are used again. So the rest of a rotated file is read first, wherever
// among Path.* it lies now, also when it was renamed, or copied and truncated,
// while nobody looked; then those that were rotated after it; then Path. What
// was compressed before it was read is lost, and said.
//
// It reads neither compressed files nor what lies in another folder than Path,
// does not resolve endpoints, and judges no attempt: that is the handler's.
// While the handler cannot take attempts nothing is skipped: they stay in the
// file.
package tail
