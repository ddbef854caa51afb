package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const lockFile = "hookvigil.lock"

// dirLock keeps other daemons out of a data directory. The kernel drops it
// when the process ends, however it ends; the file stays.
type dirLock struct{ f *os.File }

// lockDir takes the lock without waiting. Held by another: *LockedError.
func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := flock(f); err != nil {
		pid := readPID(f)
		_ = f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{Dir: dir, PID: pid}
		}
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	l := &dirLock{f: f}
	if err := l.writePID(); err != nil {
		_ = l.release() // the first error says why
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	return l, nil
}

func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// writePID leaves the number for those who find the lock taken.
func (l *dirLock) writePID() error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readPID returns 0 when the holder has not written it yet.
func readPID(f *os.File) int {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

// release lets the next one in. A second call does nothing.
func (l *dirLock) release() error {
	// A process that is being started at this moment has the file open too: the
	// lock ends with this call and not with the last close.
	_ = syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN) // closing ends it as well
	if err := l.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("unlock data directory: %w", err)
	}
	return nil
}
