package tail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// headBytes is how much of its beginning a file is known by. A record is some
// 400 bytes: identifiers and times of the first two differ between any files.
const headBytes = 1 << 10

// Offset is a place in one file, and how to know the file again. The zero value
// is the beginning of a file that is not known.
type Offset struct {
	At        int64     `json:"at"`         // bytes before it are acknowledged; the beginning of a line
	Device    uint64    `json:"device"`     // with Inode: which file it was; both 0 where there is no such thing
	Inode     uint64    `json:"inode"`      //
	HeadBytes int       `json:"head_bytes"` // how many bytes Head is of: the lower of At and 1 KiB
	Head      string    `json:"head"`       // SHA-256 in hex of the file's beginning
	Modified  time.Time `json:"modified"`   // of the file, as it stood at Path last: rotated files that are older were read before
}

// Offsets keeps offsets by the path of the file. Both methods are called by one
// goroutine for one path, and may be called by several for several paths.
type Offsets interface {
	// Load returns what was saved last; false when nothing was.
	Load(path string) (Offset, bool, error)
	// Save returns once the offset outlives a power cut.
	Save(path string, o Offset) error
}

// errTruncated is that the file is not what the offset is a place in.
var errTruncated = errors.New("the file is shorter than what was read, or begins otherwise")

// verify returns nil when f still is the file in which bytes before o.At, and
// the further ones up to end, were read, errTruncated when it is not.
func (o Offset) verify(f *os.File, end int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < max(end, o.At) {
		return errTruncated
	}
	head, err := readHead(f, o.HeadBytes)
	if err != nil {
		return err
	}
	if o.HeadBytes > 0 && fingerprint(head) != o.Head {
		return errTruncated
	}
	return nil
}

// moved returns the place further on in the same file. read is what was read
// there: at the beginning of a file it is the head itself.
func (o Offset) moved(f *os.File, to int64, read []byte) (Offset, error) {
	n := int(min(to, headBytes))
	if n > o.HeadBytes {
		head, err := readHead(f, n)
		if err != nil {
			return o, err
		}
		same := o.HeadBytes == 0 || fingerprint(head[:min(o.HeadBytes, len(head))]) == o.Head
		if o.At == 0 && len(read) >= n {
			same = string(head) == string(read[:n])
		}
		if len(head) < n || !same {
			return o, errTruncated
		}
		o.HeadBytes, o.Head = n, fingerprint(head)
	}
	o.At = to
	return o, nil
}

// readHead reads at most n bytes at the beginning of a file.
func readHead(f *os.File, n int) ([]byte, error) {
	head := make([]byte, n)
	got, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the beginning: %w", err)
	}
	return head[:got], nil
}

func fingerprint(head []byte) string {
	sum := sha256.Sum256(head)
	return hex.EncodeToString(sum[:])
}
