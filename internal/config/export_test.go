package config

import (
	"reflect"
	"slices"
	"strings"
)

// Keys returns every key that the file may hold, sorted.
func Keys() []string {
	table, keys := &fieldTable{}, []string{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(textUnmarshaler) {
			return
		}
		set := table.of(t)
		for _, key := range set.keys {
			keys = append(keys, key)
			walk(t.FieldByIndex(set.byKey[key].index).Type)
		}
	}
	for _, t := range []reflect.Type{reflect.TypeFor[layout](), reflect.TypeFor[slackLayout](), reflect.TypeFor[emailLayout](), reflect.TypeFor[pagerdutyLayout](), reflect.TypeFor[alertmanagerLayout](), reflect.TypeFor[webhookLayout](), reflect.TypeFor[tailLayout]()} {
		walk(t)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Nearest is nearest.
func Nearest(word string, known []string) (string, bool) { return nearest(word, known) }

// Slips is slips.
func Slips(a, b string, limit int) int { return slips(a, b, limit) }

// Hide is hide.
func Hide(text string, column int) (string, int) { return hide(text, column) }

// Excerpt shows one line of a YAML file.
func Excerpt(text string, line, column int) string {
	src := &source{lines: strings.Split(text, "\n")}
	return excerpt(src, src.lines[line-1], line, column)
}
