package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// decoder fills Go values from a tree of nodes by their yaml tags. It is
// strict (an unknown key is a fault), reports every fault and goes on, and
// knows none of the types that it fills. Null leaves a value as it was.
//
// A field that is a pointer stays nil, and any other keeps its value, when the
// node does not fit.
type decoder struct {
	out *faults
	env func(string) (string, bool) // nil: ${NAME} has no meaning

	check map[reflect.Type]secretCheck

	fields *fieldTable

	record, id string // the innermost mapping with an id: its path, and the id

	inside []*fieldSet // what the mappings around the value in hand know, outermost first
}

// secretCheck says what is wrong with a scalar at a key before it is expanded,
// and what to do about it.
type secretCheck func(n *node, key string) (message, hint string)

// words is a list whose only entry may stand without brackets.
type words []string

var (
	wholeNode       = reflect.TypeFor[*node]()
	wordList        = reflect.TypeFor[words]()
	rawMessage      = reflect.TypeFor[json.RawMessage]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (d *decoder) bad(at position, path, hint, format string, args ...any) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, d.record), ".")
	d.out.add(at, Fault{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint, shown: shown(d.record, d.id, rest)})
	return false
}

// value decodes n into v, which must be settable, and reports whether it fits.
// key is where n's key stands, for a value that is not on the same line.
func (d *decoder) value(n *node, v reflect.Value, path string, key position) bool {
	switch {
	case n.kind == kindNull:
		return true
	case v.Type() == wholeNode: // for whoever knows what it is
		v.Set(reflect.ValueOf(n))
		return true
	case v.Kind() == reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if !d.value(n, fresh.Elem(), path, key) {
			return false
		}
		v.Set(fresh)
		return true
	case v.Type() == wordList && n.kind != kindList:
		return d.oneWord(n, v, path, key)
	case v.Type() == rawMessage:
		return d.raw(n, v, path, key)
	case v.Addr().Type().Implements(textUnmarshaler):
		return d.text(n, v, path, key)
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.mapping(n, v, path, key)
	case reflect.Slice:
		return d.list(n, v, path, key)
	default:
		return d.scalar(n, v, path, key)
	}
}

// wants reports a node of the wrong kind.
func (d *decoder) wants(n *node, want kind, path string, key position) bool {
	if n.kind == want {
		return true
	}
	hint := ""
	switch {
	case want == kindList && n.kind <= kindText:
		hint = "write it in brackets: [value], or on a line of its own after a dash: - value"
	case want == kindList:
		hint = "begin each entry with a dash: - id: ..."
	case want == kindText && n.kind < kindText:
		hint = "write it in quotes"
	case want == kindMapping && n.kind == kindList:
		hint = "remove the dash or the brackets: key: value"
	}
	return d.bad(n.show(key), path, hint, "wanted %s, got %s", want, n.kind)
}

func (d *decoder) mapping(n *node, v reflect.Value, path string, key position) bool {
	if !d.wants(n, kindMapping, path, key) {
		return false
	}
	defer d.enter(n, path)()
	fields := d.fields.of(v.Type())
	d.inside = append(d.inside, fields)
	defer func() { d.inside = d.inside[:len(d.inside)-1] }()
	for _, p := range n.pairs {
		switch f, ok := fields.byKey[p.key]; {
		case !ok:
			d.unknown(p, fields, path)
		case f.later != "" && p.value.empty():
		case f.later != "":
			d.out.add(p.at, Fault{Path: under(path, p.key), Message: "not in this version: " + f.later, Warning: true})
		default:
			d.value(p.value, v.FieldByIndex(f.index), under(path, p.key), p.at)
		}
	}
	return true
}

// enter notes the record that n is, if it is one, and returns what forgets it.
func (d *decoder) enter(n *node, path string) func() {
	p, ok := n.get("id")
	if !ok || p.value.kind > kindText || p.value.text == "" {
		return func() {}
	}
	record, id := d.record, d.id
	d.record, d.id = path, p.value.text
	return func() { d.record, d.id = record, id }
}

// unknown reports a key, and keeps what it was probably meant to be from
// being missed as well.
func (d *decoder) unknown(p pair, fields *fieldSet, path string) {
	hint := didYouMean(p.key, fields.keys)
	if near, ok := nearest(p.key, fields.keys); ok {
		d.out.mark(p.at.src, under(path, near))
	} else if inner := d.fields.nested(fields, p.key); inner != "" {
		hint = fmt.Sprintf("did you mean %s?", inner)
	} else if beside := d.beside(p.key, path); beside != "" {
		hint = fmt.Sprintf("did you mean %s?", beside)
	}
	d.bad(p.at, under(path, clip(p.key)), hint, "unknown key")
}

// beside returns "rules.error_ratio.window" when key is known one level below
// the mapping around the one at path.
func (d *decoder) beside(key, path string) string {
	outer, last := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		outer, last = path[:i], path[i+1:]
	}
	if len(d.inside) < 2 || strings.Contains(last, "[") {
		return ""
	}
	inner := d.fields.nested(d.inside[len(d.inside)-2], key)
	if inner == "" {
		return ""
	}
	return under(outer, inner)
}

// oneWord decodes a scalar as a list of one.
func (d *decoder) oneWord(n *node, v reflect.Value, path string, key position) bool {
	if n.kind > kindText {
		return d.bad(n.show(key), path, "a word, or several in brackets: [one, other]", "wanted a word or a list of them, got %s", n.kind)
	}
	list := reflect.MakeSlice(v.Type(), 1, 1)
	if !d.value(n, list.Index(0), path, key) {
		return false
	}
	v.Set(list)
	return true
}

func (d *decoder) list(n *node, v reflect.Value, path string, key position) bool {
	if !d.wants(n, kindList, path, key) {
		return false
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		d.value(item, list.Index(i), fmt.Sprintf("%s[%d]", path, item.index), item.at)
	}
	v.Set(list)
	return true
}
