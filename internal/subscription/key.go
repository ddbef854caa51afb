package subscription

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is the name of the file with the key, in the data directory.
const KeyFile = "unsubscribe.key"

const (
	keyVersion = "v1"
	keyBytes   = 32
	sumBytes   = 4   // of the checksum: shows damage, not intent
	mostFile   = 256 // bytes that are read of the file; a sound one has 77
)

// Key signs links. The zero Key signs nothing: it makes no links, and knows none
// as its own. It is a value, safe for concurrent use, and prints as <secret>.
type Key struct{ secret [keyBytes]byte }

// NewKey returns a key of those 32 bytes.
func NewKey(secret [32]byte) Key { return Key{secret} }

// String implements [fmt.Stringer] without the secret.
func (Key) String() string { return "<secret>" }

// GoString implements [fmt.GoStringer] without the secret.
func (Key) GoString() string { return "<secret>" }

// OpenKey returns the key that lies in a data directory, and makes one when
// there is none: 32 random bytes in a file of mode 0600, which is there whole or
// not at all, also after a crash. A file that others than its owner may use gets
// that mode again, with a warning in log, and is taken also where it cannot. One
// that is damaged or cannot be read is an error which says what to do, with the
// zero Key; it is never replaced, since every link in the mails of the past hangs
// on it. The caller keeps other processes out of the directory. OpenKey blocks
// for one read, and the first time for two syncs.
func OpenKey(dir string, log *slog.Logger) (Key, error) {
	path := filepath.Join(dir, KeyFile)
	k, err := readKey(path, log)
	if errors.Is(err, fs.ErrNotExist) {
		k, err = makeKey(path)
	}
	if err != nil {
		return Key{}, fmt.Errorf("key of unsubscribe links: %w", err)
	}
	return k, nil
}

func readKey(path string, log *slog.Logger) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, err
	}
	defer f.Close() // nothing is written
	info, err := f.Stat()
	switch {
	case err != nil:
		return Key{}, err
	case !info.Mode().IsRegular():
		return Key{}, fmt.Errorf("%s is no regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err != nil {
		return Key{}, err
	}
	k, ok := parseKey(string(text))
	if !ok {
		return Key{}, fmt.Errorf("%s is damaged; restore it from a backup, or remove it: then a new key is made, and links in mails that were sent before work no more", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		closeToOthers(f, info.Mode().Perm(), log)
	}
	return k, nil
}

// closeToOthers takes the file from those who do not own it. That a volume is
// mounted with rights for a group is no reason to be without it.
func closeToOthers(f *os.File, had fs.FileMode, log *slog.Logger) {
	if err := f.Chmod(0o600); err != nil {
		log.Warn("the key of unsubscribe links can be used by others, and its mode cannot be changed: who has it can unsubscribe addresses", "file", f.Name(), "mode", had, "err", err)
		return
	}
	log.Warn("the key of unsubscribe links could be used by others: its mode was changed", "file", f.Name(), "mode", had, "now", fs.FileMode(0o600))
}

// line is the content of the file: version, key and checksum.
func (k Key) line() string {
	sum := sha256.Sum256(k.secret[:])
	return keyVersion + " " + hex.EncodeToString(k.secret[:]) + " " + hex.EncodeToString(sum[:sumBytes]) + "\n"
}

func parseKey(text string) (Key, bool) {
	fields := strings.Fields(text)
	if len(text) > mostFile || len(fields) != 3 {
		return Key{}, false
	}
	raw, err := hex.DecodeString(fields[1])
	if err != nil || len(raw) != keyBytes {
		return Key{}, false
	}
	k := Key{[keyBytes]byte(raw)}
	return k, k != (Key{}) && k.line() == text
}

// makeKey writes a new key beside its place, and then moves it there: what is
// left of a crash before is written anew.
func makeKey(path string) (Key, error) {
	var k Key
	_, _ = rand.Read(k.secret[:]) // never fails
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Key{}, err
	}
	err := writeFile(part, k.line())
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part) // the first error says why
		return Key{}, err
	}
	return k, syncDir(filepath.Dir(path))
}

func writeFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
