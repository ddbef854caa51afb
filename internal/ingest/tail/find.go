package tail

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"
)

// open opens the file to read on in, when none is open.
func (t *Tail) open() error {
	if t.cur != nil {
		return nil
	}
	if !t.known {
		return t.begin()
	}
	if t.place.At == 0 { // nothing was read: whatever was written since is next
		c, err := t.next(t.place.Modified)
		t.cur = c
		return err
	}
	c, err := t.find(t.place)
	if err != nil {
		return err
	}
	if c != nil {
		t.cur = c
		return nil
	}
	return t.forsake()
}

// begin opens Path at its beginning, for the first time. That is saved at once:
// it may be rotated before anything of it is acknowledged.
func (t *Tail) begin() error {
	s, err := look(t.cfg.Path)
	if err != nil {
		return err
	}
	c, ok, err := openAt(s, Offset{})
	if err != nil || !ok {
		return err
	}
	t.cur, t.place, t.known, t.dirty = c, c.at, true, true
	t.save()
	return nil
}

// find looks for the file that an offset is a place in, whatever its name is
// now: by its number and its beginning, or else by its beginning alone (a copy
// that was made before the file was truncated; another number after a mount).
// nil: it is not there. An error says that it is there, or may be, and cannot
// be read now.
func (t *Tail) find(o Offset) (*current, error) {
	on, err := survey(t.cfg.Path)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(on.rotated)
	slices.Reverse(all) // the newest first
	switch {
	case on.missing == nil:
		all = slices.Insert(all, 0, on.path)
	case !errors.Is(on.missing, fs.ErrNotExist) && !errors.Is(on.missing, errNotRegular):
		return nil, on.missing
	}
	id := fileID{o.Device, o.Inode}
	for _, s := range all {
		if id == (fileID{}) || s.id() != id {
			continue
		}
		if c, ok, err := openAt(s, o); ok || err != nil {
			return c, err
		}
	}
	for _, s := range all {
		c, ok, err := openAt(s, o)
		if ok {
			return c, nil
		}
		if err != nil && s.path == t.cfg.Path {
			return nil, err
		}
	}
	return nil, nil
}

// forsake goes on with the next file when the one that was read is gone.
func (t *Tail) forsake() error {
	next, err := t.next(t.place.Modified)
	if err != nil {
		return err
	}
	t.progress.Lost++
	t.log.Warn("file that was read is gone or was truncated: what was not read of it is lost", "byte", t.place.At, "next", next.path)
	t.cur = next
	return nil
}

// next opens, at its beginning, the file that was rotated first of those that
// were written since and not read yet; Path when there is none.
func (t *Tail) next(since time.Time) (*current, error) {
	on, err := survey(t.cfg.Path)
	if err != nil {
		return nil, err
	}
	for _, s := range on.rotated {
		if s.info.ModTime().Before(since) || t.done.has(s) {
			continue
		}
		c, _, err := openAt(s, Offset{})
		return c, err
	}
	if on.missing != nil {
		return nil, on.missing
	}
	c, _, err := openAt(on.path, Offset{})
	if err == nil {
		t.done.arrived(on.rotated)
	}
	return c, err
}

// leave goes on to the next file once the one at hand is rotated, read to its
// end and quiet. more is true when there is another file to read.
func (t *Tail) leave(ctx context.Context) (more bool, err error) {
	stays, err := t.cur.stays(t.cfg.Path)
	if stays || err != nil {
		return false, err
	}
	if time.Since(t.cur.changed) < t.cfg.Linger {
		return false, nil
	}
	info, err := t.cur.file.Stat()
	if err != nil {
		return false, err
	}
	if err := t.finish(ctx); err != nil {
		return false, err
	}
	t.done.add(info)
	next, err := t.next(t.cur.at.Modified)
	if err != nil {
		return false, err
	}
	t.progress.Rotated++
	t.log.Info("file was rotated and read to its end", "bytes", t.cur.seen, "next", next.path)
	t.close()
	t.cur = next
	return true, nil
}

// finish takes the last line of a file that is left, although its end is
// missing: nobody is going to write it.
func (t *Tail) finish(ctx context.Context) error {
	if t.cur.seen == t.cur.at.At {
		return nil
	}
	b, behind, err := t.cur.rest()
	if errors.Is(err, errTruncated) {
		return nil // it has no rest any more
	}
	if err != nil {
		return err
	}
	if err := t.hand(ctx, b); err != nil {
		return err
	}
	t.acknowledged(behind)
	return nil
}

// truncated goes on in the copy that was made of the file before it was
// truncated, when there is one, and otherwise at the file's new beginning.
func (t *Tail) truncated() error {
	old := t.cur
	t.progress.Truncated++
	c, err := t.find(old.at)
	if err != nil {
		t.progress.Truncated--
		return err
	}
	if c == nil {
		if old.seen > old.at.At {
			t.progress.Lost++
			t.log.Warn("file was truncated and no copy of it is there: what was not read of it is lost", "byte", old.at.At)
		} else {
			t.log.Info("file was truncated", "byte", old.at.At)
		}
		old.at = Offset{Device: old.at.Device, Inode: old.at.Inode, Modified: old.at.Modified}
		old.lines, old.seen, old.partial, old.changed = lines{}, 0, 0, time.Now()
		return nil
	}
	t.log.Info("file was truncated: reading on in the copy that was made of it", "copy", c.path, "byte", old.at.At)
	t.close()
	t.cur = c
	return nil
}
