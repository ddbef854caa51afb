package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

const (
	// ReserveBytes is how large the reserve is: room for what is decided in
	// some hours on a full disk (DESIGN section 7; the size is our own choice).
	ReserveBytes = 8 << 20

	reserveFile   = "reserve"
	reserveMargin = 4       // a fourth as much must be free beside it, or it is not held
	reserveChunk  = 1 << 16 // bytes written at a time
)

// Reserve is a file in the data directory that does nothing but take room:
// once it is let go, a store on a full disk can commit again. It is safe for
// concurrent use; use [NewReserve].
type Reserve struct {
	path  string
	bytes int64

	mu   sync.Mutex
	held bool // guarded by mu
}

// NewReserve returns the reserve of a data directory; nothing is written yet.
// bytes is its size; 0: [ReserveBytes].
func NewReserve(dir string, bytes int64) *Reserve {
	if bytes <= 0 {
		bytes = ReserveBytes
	}
	return &Reserve{path: filepath.Join(dir, reserveFile), bytes: bytes}
}

// Hold makes the file, unless it is there. It does not when less than a fourth
// of its size would stay free beside it, since a reserve that fills the disk
// is the trouble that it is for; then an error says so, and no part of it is
// left. It blocks for some 10 MB of writing and one fsync.
func (r *Reserve) Hold() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if info, err := os.Lstat(r.path); err == nil && info.Mode().IsRegular() && info.Size() == r.bytes {
		r.held = true
		return nil
	}
	r.held = false
	part := r.path + ".part"
	if err := errors.Join(removeIfThere(part), removeIfThere(r.path)); err != nil {
		return fmt.Errorf("hold reserve: %w", err)
	}
	if err := r.fill(part); err != nil {
		return errors.Join(fmt.Errorf("hold reserve of %d bytes: %w", r.bytes, err), removeIfThere(part))
	}
	if err := os.Rename(part, r.path); err != nil {
		return errors.Join(fmt.Errorf("hold reserve: %w", err), removeIfThere(part))
	}
	r.held = true
	return nil
}

// fill writes the file and the margin, and gives the margin back.
func (r *Reserve) fill(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// Noise, since some file systems give no room to what can be compressed.
	noise := rand.NewChaCha8([32]byte{})
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, io.LimitReader(noise, r.bytes+r.bytes/reserveMargin), make([]byte, reserveChunk))
	if err == nil {
		err = f.Truncate(r.bytes)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Release lets the room go. It reports whether there was any; without a file
// it does nothing. It blocks for the removal of one file, and needs no room.
func (r *Reserve) Release() (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = false
	err := os.Remove(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("release reserve: %w", err)
	default:
		return true, nil
	}
}

// Held reports whether the file is there, as far as this Reserve has seen. It
// does not block on the disk, unless Hold does.
func (r *Reserve) Held() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
