package ingest

import (
	"errors"
	"os"
	"syscall"
)

// fdatasync returns once what was written to f, and its length, survive a
// power cut. It spares the disk the file's times.
func fdatasync(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = conn.Control(func(fd uintptr) {
		for {
			if result = syscall.Fdatasync(int(fd)); !errors.Is(result, syscall.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, os.NewSyscallError("fdatasync", result))
}
