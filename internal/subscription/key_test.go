package subscription_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/subscription"
)

func openKey(t *testing.T, dir string) subscription.Key {
	t.Helper()
	k, err := subscription.OpenKey(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left := filepath.Join(dir, subscription.KeyFile+".part") // by a crash
	if err := os.WriteFile(left, []byte("v1 12"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := openKey(t, dir)
	if first == (subscription.Key{}) || openKey(t, t.TempDir()) == first {
		t.Error("a key is the zero one, or that of another directory")
	}
	if openKey(t, dir) != first {
		t.Error("the second time it is another key")
	}
	info, err := os.Stat(filepath.Join(dir, subscription.KeyFile))
	if err != nil || info.Mode() != 0o600 || info.Size() != 77 {
		t.Errorf("the file is %v, %v; want 77 bytes of mode 0600", info, err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what a crash left is there: %v", err)
	}
}

func TestAKeyThatIsNotSoundIsRefused(t *testing.T) {
	t.Parallel()
	sound := func(t *testing.T, path string) string {
		t.Helper()
		openKey(t, filepath.Dir(path))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	flip := func(s string) string {
		other := map[byte]string{'0': "1"}[s[10]]
		if other == "" {
			other = "0"
		}
		return s[:10] + other + s[11:]
	}
	for sentence, tc := range map[string]struct {
		change func(text string) string
		want   string
	}{
		"empty":                 {func(string) string { return "" }, "is damaged; restore it from a backup, or remove it"},
		"cut short":             {func(s string) string { return s[:40] }, "is damaged"},
		"one letter is another": {flip, "is damaged"},
		"something behind it":   {func(s string) string { return s + "more\n" }, "is damaged"},
		"a megabyte":            {func(string) string { return strings.Repeat("a", 1<<20) }, "is damaged"},
		"zeros":                 {func(string) string { return "v1 " + strings.Repeat("0", 64) + " 66687aad\n" }, "is damaged"},
		"a newer version":       {func(s string) string { return "v2" + s[2:] }, "is damaged"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), subscription.KeyFile)
			before := sound(t, path)
			changed := tc.change(before)
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			k, err := subscription.OpenKey(filepath.Dir(path), slog.New(slog.DiscardHandler))
			if k != (subscription.Key{}) || err == nil || !strings.Contains(err.Error(), path+" "+tc.want) || strings.Contains(err.Error(), before[3:67]) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != changed {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, subscription.KeyFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := subscription.OpenKey(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("a directory in its place: %v", err)
	}
}

// Rights for a group, as a volume in a cluster gives them at each mount, are
// taken back, and keep nobody from starting.
func TestAKeyIsClosedToOthers(t *testing.T) {
	t.Parallel()
	for mode, want := range map[os.FileMode]os.FileMode{0o600: 0o600, 0o400: 0o400, 0o640: 0o600, 0o660: 0o600, 0o602: 0o600, 0o444: 0o600} {
		dir := t.TempDir()
		path := filepath.Join(dir, subscription.KeyFile)
		made := openKey(t, dir)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		k, err := subscription.OpenKey(dir, slog.New(slog.NewTextHandler(&said, nil)))
		if err != nil || k != made {
			t.Errorf("%v: %v, want the key as it was", mode, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%v: now it is %v, %v; want %v", mode, info.Mode(), err, want)
		}
		line := fmt.Sprintf("level=WARN msg=\"the key of unsubscribe links could be used by others: its mode was changed\" file=%s mode=%v now=-rw-------\n", path, mode)
		if changed := mode != want; changed != strings.HasSuffix(said.String(), line) || !changed && said.Len() > 0 {
			t.Errorf("%v: said %q", mode, said.String())
		}
	}
}
