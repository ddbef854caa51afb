package ingest_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

func is(err, want error) bool { return errors.Is(err, want) }

// three writes the batches a, b and c and returns the bytes of their segment
// and their receipts.
func three(t *testing.T) ([]byte, []ingest.Receipt) {
	t.Helper()
	dir := t.TempDir()
	l := start(t, dir, ingest.Options{})
	receipts := []ingest.Receipt{add(t, l, "a", 2), add(t, l, "b", 1), add(t, l, "c", 1)}
	shut(t, l)
	return bytesOf(t, segmentPath(dir, 1)), receipts
}

func TestTailThatIsTornAnywhereIsCutAndSaid(t *testing.T) {
	t.Parallel()
	whole, receipts := three(t)
	last := receipts[2]
	for n := int(last.Position.Offset); n < int(last.Next.Offset); n++ {
		for name, tail := range map[string][]byte{"short": nil, "zeros": make([]byte, len(whole)-n)} {
			dir := with(t, append(slices.Clone(whole[:n]), tail...))
			var said bytes.Buffer
			l, err := ingest.Open(dir, slog.New(slog.NewTextHandler(&said, nil)), ingest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			seen, damage := events(t, l, ingest.Position{})
			shut(t, l)
			if !slices.Equal(seen, []string{"a", "b"}) || damage != nil || l.End() != last.Position {
				t.Fatalf("%s from byte %d: read %v, %v, ends at %v", name, n, seen, damage, l.End())
			}
			if torn := n > int(last.Position.Offset) || tail != nil; strings.Contains(said.String(), "torn tail") != torn {
				t.Fatalf("%s from byte %d: said %q", name, n, said.String())
			}
			if size := len(bytesOf(t, segmentPath(dir, 1))); size != int(last.Position.Offset) {
				t.Fatalf("%s from byte %d: the file has %d bytes, want %d", name, n, size, last.Position.Offset)
			}
		}
	}
}

func TestAppendsGoOnAfterATornTail(t *testing.T) {
	t.Parallel()
	whole, _ := three(t)
	l := start(t, with(t, whole[:len(whole)-1]), ingest.Options{})
	add(t, l, "d", 1)
	if seen, damage := events(t, l, ingest.Position{}); !slices.Equal(seen, []string{"a", "b", "d"}) || damage != nil {
		t.Errorf("read %v, %v", seen, damage)
	}
}

// TestFlippedBitsAreNeverSilent flips each bit of the second of three records:
// it is told, the two others come, nothing else does.
func TestFlippedBitsAreNeverSilent(t *testing.T) {
	t.Parallel()
	whole, receipts := three(t)
	dir := t.TempDir()
	for n := int(receipts[1].Position.Offset); n < int(receipts[1].Next.Offset); n++ {
		b := slices.Clone(whole)
		b[n] ^= 1 << (n % 8)
		if err := os.WriteFile(segmentPath(dir, 1), b, 0o600); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		l, err := ingest.Open(dir, slog.New(slog.NewTextHandler(&said, nil)), ingest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		seen, damage := events(t, l, ingest.Position{})
		shut(t, l)
		if !slices.Equal(seen, []string{"a", "c"}) || len(damage) != 1 ||
			damage[0].From != receipts[1].Position || damage[0].To != receipts[1].Next {
			t.Fatalf("byte %d: read %v, %v", n, seen, damage)
		}
		if !strings.Contains(said.String(), "log is damaged") {
			t.Fatalf("byte %d: said %q", n, said.String())
		}
	}
}

func TestDamagedHeads(t *testing.T) {
	t.Parallel()
	whole, _ := three(t)
	newer := bytes.Clone(whole)
	newer[7]++
	for name, tc := range map[string]struct {
		file []byte
		want []string
		lost int
	}{
		"a file that was created and not begun is made anew": {file: nil, want: []string{"d"}},
		"half a head is made anew":                           {file: whole[:9], want: []string{"d"}},
		"a damaged head leaves the file and goes on":         {file: append([]byte{0}, whole[1:]...), want: []string{"d"}, lost: 1},
		"another version without its checksum is damage":     {file: newer, want: []string{"d"}, lost: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := with(t, tc.file)
			l := start(t, dir, ingest.Options{})
			add(t, l, "d", 1)
			seen, damage := events(t, l, ingest.Position{})
			if !slices.Equal(seen, tc.want) || len(damage) != tc.lost {
				t.Errorf("read %v, %v", seen, damage)
			}
			if tc.lost > 0 && !bytes.Equal(bytesOf(t, segmentPath(dir, 1)), tc.file) {
				t.Error("the damaged file was changed")
			}
		})
	}
}

func TestLogThatLostItsFilesGoesOnBehindWhatWasApplied(t *testing.T) {
	t.Parallel()
	whole, receipts := three(t)
	for name, dir := range map[string]string{"all files lost": t.TempDir(), "the end lost": with(t, whole[:receipts[1].Next.Offset])} {
		applied := receipts[2].Next
		l := start(t, dir, ingest.Options{After: applied})
		if r := add(t, l, "d", 1); !applied.Before(r.Position) {
			t.Errorf("%s: the new batch lies at %v, want behind %v", name, r.Position, applied)
		}
		if seen, _ := events(t, l, applied); !slices.Equal(seen, []string{"d"}) {
			t.Errorf("%s: read %v, want d", name, seen)
		}
		shut(t, l)
	}
}

func TestPositionBehindTheEndIsRefused(t *testing.T) {
	t.Parallel()
	l := start(t, t.TempDir(), ingest.Options{})
	end := add(t, l, "a", 1).Next
	end.Offset++
	for _, err := range l.Read(t.Context(), end) {
		if !is(err, ingest.ErrAhead) {
			t.Errorf("got %v, want ErrAhead", err)
		}
		return
	}
	t.Error("read nothing, want ErrAhead")
}

func TestSegmentOfANewerFormatIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	whole, _ := three(t)
	whole[7]++ // the format's version; its checksum covers the 12 bytes before it
	binary.LittleEndian.PutUint32(whole[12:], crc32.Checksum(whole[:12], crc32.MakeTable(crc32.Castagnoli)))
	dir := with(t, whole)
	if _, err := ingest.Open(dir, quiet(), ingest.Options{}); !is(err, ingest.ErrNewer) {
		t.Errorf("got %v, want ErrNewer", err)
	}
	if !bytes.Equal(bytesOf(t, segmentPath(dir, 1)), whole) {
		t.Error("the file was changed")
	}
}
