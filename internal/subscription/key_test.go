package subscription_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/subscription"
)

func openKey(t *testing.T, dir string) subscription.Key {
	t.Helper()
	k, err := subscription.OpenKey(dir)
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
		mode   os.FileMode
		want   string
	}{
		"empty":                   {func(string) string { return "" }, 0o600, "is damaged; restore it from a backup, or remove it"},
		"cut short":               {func(s string) string { return s[:40] }, 0o600, "is damaged"},
		"one letter is another":   {flip, 0o600, "is damaged"},
		"something behind it":     {func(s string) string { return s + "more\n" }, 0o600, "is damaged"},
		"a megabyte":              {func(string) string { return strings.Repeat("a", 1<<20) }, 0o600, "is damaged"},
		"a newer version":         {func(s string) string { return "v2" + s[2:] }, 0o600, "is damaged"},
		"readable by the group":   {func(s string) string { return s }, 0o640, "can be read by others; chmod 600 "},
		"writable by the others":  {func(s string) string { return s }, 0o602, "can be read by others; chmod 600 "},
		"readable by nobody else": {func(s string) string { return s }, 0o400, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), subscription.KeyFile)
			before := sound(t, path)
			changed := tc.change(before)
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			_, err := subscription.OpenKey(filepath.Dir(path))
			if tc.want == "" {
				if err != nil {
					t.Errorf("got %v, want it taken", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), path+" "+tc.want) || strings.Contains(err.Error(), before[3:67]) {
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
	if _, err := subscription.OpenKey(dir); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("a directory in its place: %v", err)
	}
}
