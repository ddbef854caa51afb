package config

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// fieldSet is what a struct knows: one field for each key.
type fieldSet struct {
	typ   reflect.Type
	keys  []string // in the order of the struct
	byKey map[string]field
}

// field is one key that a struct knows.
type field struct {
	index []int  // for reflect.Value.FieldByIndex
	later string // what is missing yet, from the tag "later"; empty: nothing
}

// fieldTable remembers what structs know: reflection is slow and import files
// are long. The zero value is ready; it is safe for concurrent use.
type fieldTable struct{ known sync.Map }

// of returns the fields of a struct that have a yaml tag, those of inline
// structs among them.
func (t *fieldTable) of(typ reflect.Type) *fieldSet {
	if v, ok := t.known.Load(typ); ok {
		return v.(*fieldSet)
	}
	set := &fieldSet{typ: typ, byKey: map[string]field{}}
	for f := range typ.Fields() {
		key, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			inner := t.of(f.Type)
			for _, key := range inner.keys {
				g := inner.byKey[key]
				set.put(key, field{index: slices.Concat(f.Index, g.index), later: g.later})
			}
		case key != "" && key != "-":
			set.put(key, field{index: f.Index, later: f.Tag.Get("later")})
		}
	}
	t.known.Store(typ, set)
	return set
}

func (s *fieldSet) put(key string, f field) {
	s.keys = append(s.keys, key)
	s.byKey[key] = f
}

// nested returns "probe.timeout" when key is known one level below.
func (t *fieldTable) nested(s *fieldSet, key string) string {
	for _, outer := range s.keys {
		inner := s.typ.FieldByIndex(s.byKey[outer].index).Type
		if inner.Kind() == reflect.Struct && slices.Contains(t.of(inner).keys, key) {
			return outer + "." + key
		}
	}
	return ""
}
