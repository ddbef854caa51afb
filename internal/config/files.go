package config

import (
	"fmt"
	"os"

	"github.com/hookvigil/hookvigil/probes"
)

// maxSecret is the largest file with a secret, maxPEM the largest with
// certificates: every root of a large company fits.
const (
	maxSecret = 64 << 10
	maxPEM    = 4 << 20
)

// files reads each file once, however many records name it.
type files struct {
	held    map[string]held
	secrets map[string]secret
	bundles map[string]bundle
}

type held struct {
	data []byte
	err  error
}

type secret struct {
	value         probes.Secret
	message, hint string
}

func newFiles() *files {
	return &files{held: map[string]held{}, secrets: map[string]secret{}, bundles: map[string]bundle{}}
}

func (f *files) read(path string) ([]byte, error) {
	h, ok := f.held[path]
	if !ok {
		h.data, h.err = readFile(path, maxPEM)
		if h.err != nil {
			h.err = fmt.Errorf("%s: %w", path, h.err)
		}
		f.held[path] = h
	}
	return h.data, h.err
}

// secret reads a file that holds a secret, without the line break at its end.
// It is refused when anyone but its owner can read it.
func (f *files) secret(path string) secret {
	s, ok := f.secrets[path]
	if !ok {
		s = readSecret(path)
		f.secrets[path] = s
	}
	return s
}

func readSecret(path string) secret {
	if message, hint := exposed(path); message != "" {
		return secret{message: message, hint: hint}
	}
	data, err := readFile(path, maxSecret)
	if err != nil {
		return secret{message: fmt.Sprintf("%s: %v", path, err)}
	}
	value := trimBreak(string(data))
	if value == "" {
		return secret{message: path + ": is empty"}
	}
	return secret{value: probes.Secret(value)}
}

func trimBreak(s string) string {
	for n := len(s); n > 0 && (s[n-1] == '\n' || s[n-1] == '\r'); n-- {
		s = s[:n-1]
	}
	return s
}

// exposed says that a secret's file can be read by others, and what to do about
// it; empty when it cannot, or when there is no such file.
func exposed(path string) (message, hint string) {
	if hint = readableByOthers(path); hint == "" {
		return "", ""
	}
	return path + " can be read by others", hint
}

// readableByOthers returns what to do when the group or others have any right
// on a file; empty when they have none, or when there is no such file.
func readableByOthers(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return "chmod 600 " + path
}

// onlyFromEnv refuses a secret that stands in the file itself.
func onlyFromEnv(n *node, key string) (message, hint string) {
	if fromEnv.MatchString(n.text) && n.kind == kindText {
		return "", ""
	}
	return "a secret does not stand in the configuration itself", fmt.Sprintf("put it into a file and name that file with %s_file, or write ${NAME} to take it from the environment", key)
}
