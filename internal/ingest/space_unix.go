//go:build linux || darwin

package ingest

import "syscall"

// spaceOf asks the disk that a folder is on.
func spaceOf(dir string) (Space, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return Space{}, err
	}
	block := int64(s.Bsize) //nolint:unconvert // its type is another one on other systems
	return Space{Free: int64(s.Bavail) * block, Total: int64(s.Blocks) * block}, nil
}
