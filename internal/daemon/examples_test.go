package daemon_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// Each example that init writes starts, with secrets of its own.
func TestEveryExampleStarts(t *testing.T) {
	file := regexp.MustCompile(`(?m)^[^#\n]*?\b(token_file|password_file|webhook_url_file): ([\w./-]+)`)
	variable := regexp.MustCompile(`(?m)^[^#\n]*\$\{(\w+)\}`)
	for _, name := range config.Examples() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			text, err := config.Example(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range file.FindAllStringSubmatch(text, -1) {
				path := filepath.Join(dir, found[2])
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, path, "a-secret-of-enough-bytes-"+found[2]+"\n")
			}
			if err := os.MkdirAll(filepath.Join(dir, "conf.d"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, found := range variable.FindAllStringSubmatch(text, -1) {
				t.Setenv(found[1], "a-secret-of-enough-bytes")
			}
			certificate(t, dir)
			for _, change := range []struct{ from, to string }{
				{`(?m)^(\s+listen:) \S+`, `$1 127.0.0.1:0`}, {`(?m)^data_dir: \S+`, `data_dir: data`},
			} {
				text = regexp.MustCompile(change.from).ReplaceAllString(text, change.to)
			}
			if !regexp.MustCompile(`(?m)^server:`).MatchString(text) {
				text += "\nserver: {listen: 127.0.0.1:0}\n" // the usual port may be taken here
			}
			start(t, dir, text).stop()
		})
	}
}

// certificate writes server.pem and server.key.
func certificate(t *testing.T, dir string) {
	t.Helper()
	ca, _ := hooktest.StartCA(t, "example root")
	cert, err := ca.Issue(hooktest.LeafOptions{Names: []string{"localhost"}})
	if err == nil {
		_, _, err = hooktest.WritePEM(cert, dir, "server")
	}
	if err != nil {
		t.Fatal(err)
	}
}
