package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// current is the file that is read.
type current struct {
	file  *os.File
	path  string // under which it was opened; it may have another name by now
	at    Offset
	lines lines

	seen    int64     // how far it was read, and how long it is when that is its end
	partial int64     // bytes of a last line whose end is not written yet; 0 while there are whole lines
	changed time.Time // when it last was seen to grow, or to be at Path no more
	left    bool      // it is at Path no more
}

// openAt opens a file to read on at an offset, which becomes one of this file.
// ok is false when it is not the file that the offset is a place in.
func openAt(s sibling, at Offset) (c *current, ok bool, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, false, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(info, s.info) {
		err = fmt.Errorf("%s was replaced while it was opened", s.path)
	}
	if err == nil {
		err = at.verify(f, 0)
	}
	if err != nil {
		_ = f.Close() // it was only read
		if errors.Is(err, errTruncated) {
			err = nil
		}
		return nil, false, err
	}
	id := identity(info)
	at.Device, at.Inode = id.device, id.inode
	if at.At == 0 || at.Modified.IsZero() {
		at.Modified = info.ModTime()
	}
	return &current{file: f, path: s.path, at: at, seen: at.At, changed: time.Now()}, true, nil
}

// read returns the next whole lines and the offset behind them; errTruncated
// when the file is not the one any more that was read before.
func (c *current) read() (batch, Offset, error) {
	b, err := c.lines.read(c.file, c.at.At)
	if err != nil {
		return b, c.at, err
	}
	if err := c.at.verify(c.file, b.end); err != nil {
		return b, c.at, err
	}
	behind, err := c.at.moved(c.file, b.next, b.text)
	if err != nil {
		return b, c.at, err
	}
	if b.end > c.seen {
		c.seen, c.changed = b.end, time.Now()
	}
	c.partial = 0
	if b.empty() {
		c.partial = b.end - b.next
	}
	return b, behind, nil
}

// rest returns what lies behind the last whole line: the line that was being
// written when the file was left. A line that is too long is none.
func (c *current) rest() (batch, Offset, error) {
	at, n := c.at.At, c.seen-c.at.At
	if n > maxLine {
		return batch{from: at, over: 1, next: c.seen, end: c.seen}, c.at, nil
	}
	text := make([]byte, n)
	if _, err := c.file.ReadAt(text, at); err != nil {
		return batch{}, c.at, fmt.Errorf("read at byte %d: %w", at, err)
	}
	if err := c.at.verify(c.file, c.seen); err != nil {
		return batch{}, c.at, err
	}
	behind, err := c.at.moved(c.file, c.seen, text)
	return batch{from: at, text: text, next: c.seen, end: c.seen}, behind, err
}

// stays reports whether the file still is the one at Path, or there is none:
// its writer goes on with this one. What is at Path instead, and is no file
// that could be read, is an error.
func (c *current) stays(path string) (bool, error) {
	info, err := c.file.Stat()
	if err != nil {
		return false, err
	}
	at, err := look(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return true, err
	case os.SameFile(info, at.info):
		c.at.Modified, c.left = info.ModTime(), false
		return true, nil
	default:
		if !c.left {
			c.left, c.changed = true, time.Now()
		}
		return false, nil
	}
}
