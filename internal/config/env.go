package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	quoted  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// expand replaces ${NAME} by the environment's value and $${ by ${. It
// returns what is wrong when a name is not set or not closed.
func expand(text string, env func(string) (string, bool)) (value, problem string) {
	if env == nil || !strings.Contains(text, "${") {
		return text, ""
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			b.WriteString(text)
			return b.String(), ""
		}
		if strings.HasSuffix(before, "$") {
			b.WriteString(before[:len(before)-1] + "${")
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !envName.MatchString(name) {
			return "", "${ begins the name of an environment variable such as ${TOKEN}; write $${ for the characters themselves"
		}
		v, set := env(name)
		if !set {
			return "", fmt.Sprintf("the environment variable %s is not set", name)
		}
		b.WriteString(before + v)
		text = rest
	}
}

// veil takes what came from the environment out of a message: it shows the
// text as it stands in the file.
func veil(message, raw, value string) string {
	if raw == value || value == "" {
		return message
	}
	message = quoted.ReplaceAllLiteralString(message, strconv.Quote(raw))
	return strings.ReplaceAll(message, value, raw)
}
