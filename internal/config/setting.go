package config

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// spanSetting is a duration that the file may set, with its bounds.
type spanSetting struct {
	path        string // from the root
	value       *registry.Duration
	field       *time.Duration // holds the default
	least, most time.Duration
}

// takeSpans takes what the file sets, and reports what is out of bounds.
func (l *loader) takeSpans(settings ...spanSetting) {
	for _, s := range settings {
		if s.value == nil {
			continue
		}
		*s.field = s.value.Std()
		if *s.field < s.least || *s.field > s.most {
			l.bad(s.path, "", "%s is outside [%s, %s]", *s.value, registry.Duration(s.least), registry.Duration(s.most))
		}
	}
}

// countSetting is a number that the file may set, with its bounds.
type countSetting struct {
	path        string // from the root
	value       *int
	field       *int // holds the default
	least, most int
}

// takeCounts takes what the file sets, and reports what is out of bounds.
func (l *loader) takeCounts(settings ...countSetting) {
	for _, s := range settings {
		if s.value == nil {
			continue
		}
		*s.field = *s.value
		if *s.field < s.least || *s.field > s.most {
			l.bad(s.path, "", "%d is outside [%d, %d]", *s.value, s.least, s.most)
		}
	}
}

// take fills a field with what the file sets, as it is.
func take[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// takeSpan fills a field with a duration of the file, as it is.
func takeSpan(field *time.Duration, value *registry.Duration) {
	if value != nil {
		*field = value.Std()
	}
}

// word checks a word of a closed set at a place, and returns it.
func (l *loader) word(p place, key, what, value string, known []string) string {
	if !slices.Contains(known, value) {
		l.report(p, registry.Fault{Path: key, Message: quote(value) + " is not " + what, Hint: "one of " + strings.Join(known, ", ")})
	}
	return value
}

// joined returns the faults that a package's Validate has joined, each with the
// key that it begins with.
func joined(err error) []registry.Fault {
	list, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err)
	if !ok {
		return nil
	}
	var found []registry.Fault
	for _, e := range list.Unwrap() {
		key, message, _ := strings.Cut(e.Error(), ": ")
		found = append(found, registry.Fault{Path: key, Message: message})
	}
	return found
}
