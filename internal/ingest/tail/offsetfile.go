package tail

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileOffsets keeps each offset in a file of its own in one folder. A save
// replaces the file as a whole: after a crash there is the old one or the new
// one. It is safe for concurrent use, for different paths.
type FileOffsets struct{ dir string }

var _ Offsets = (*FileOffsets)(nil)

// NewFileOffsets returns offsets in a folder, which is made at the first save.
func NewFileOffsets(dir string) *FileOffsets { return &FileOffsets{dir: dir} }

// saved is what a file holds.
type saved struct {
	Version int    `json:"v"`
	Path    string `json:"path"`
	Offset
}

// Load implements [Offsets]. A file that is damaged, of another path or of a
// newer version is an error.
func (o *FileOffsets) Load(path string) (Offset, bool, error) {
	text, err := os.ReadFile(o.file(path))
	if errors.Is(err, fs.ErrNotExist) {
		return Offset{}, false, nil
	}
	if err != nil {
		return Offset{}, false, fmt.Errorf("load offset: %w", err)
	}
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return Offset{}, false, fmt.Errorf("load offset: %s is damaged: %w", o.file(path), err)
	}
	if s.Version != 1 || s.Path != path || s.At < 0 || s.HeadBytes < 0 || s.HeadBytes > headBytes {
		return Offset{}, false, fmt.Errorf("load offset: %s is not what this version writes for %s", o.file(path), path)
	}
	return s.Offset, true, nil
}

// Save implements [Offsets]. It blocks for two fsyncs.
func (o *FileOffsets) Save(path string, at Offset) error {
	text, err := json.Marshal(saved{Version: 1, Path: path, Offset: at})
	if err == nil {
		err = os.Mkdir(o.dir, 0o700) // what it lies in is not made: a data directory that is gone must not seem to be back
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err == nil {
		err = replace(o.file(path), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("save offset: %w", err)
	}
	return nil
}

func (o *FileOffsets) file(path string) string {
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(o.dir, hex.EncodeToString(sum[:8])+".offset")
}

// replace writes a file beside the one it then takes the place of.
func replace(path string, text []byte) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in a folder outlive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
