package config

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed examples/*.yaml
var examples embed.FS

// Examples returns the names that [Example] knows, sorted.
func Examples() []string {
	entries, err := examples.ReadDir("examples")
	if err != nil {
		return nil // they are part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return names
}

// Example returns a configuration with comments: "full" has every key,
// "minimal", "platform", "merchant" and "prometheus" are starting points. An
// unknown name is an error that lists the known ones.
func Example(name string) (string, error) {
	text, err := examples.ReadFile("examples/" + name + ".yaml")
	if err != nil {
		return "", fmt.Errorf("there is no example %q; one of %s", name, strings.Join(Examples(), ", "))
	}
	return string(text), nil
}
