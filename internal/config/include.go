package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// include reads all *.yaml and *.yml of the include folder, sorted by name,
// into the tree: lists of both are joined, anything else may be set once.
func (l *loader) include() {
	p, ok := l.root.get("include")
	if !ok || p.value.kind != kindText {
		return // the decoder says what it should have been
	}
	folder, problem := expand(p.value.text, l.dec.env)
	if problem != "" {
		return
	}
	entries, err := os.ReadDir(l.path("include", folder))
	if err != nil {
		l.bad("include", "create the folder, or remove the key", "the folder %s cannot be read: %v", l.path("include", folder), cause(err))
		return
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		shown := filepath.Join(folder, e.Name())
		if !filepath.IsAbs(folder) {
			shown = filepath.Join(filepath.Dir(l.cfg.Path), shown)
		}
		if part, ok := l.tree(shown); ok {
			l.join(part)
		}
	}
}

// join adds the top level of an included file to the tree.
func (l *loader) join(part *node) {
	for _, p := range part.pairs {
		have, ok := l.root.get(p.key)
		switch {
		case p.key == "include":
			l.out.add(p.at, Fault{Path: p.key, Message: "an included file cannot include further files"})
		case p.key == "version" && ok && p.value.text == have.value.text:
		case !ok:
			l.root.pairs = append(l.root.pairs, p)
		case p.value.kind == kindNull:
		case have.value.kind == kindNull:
			l.root.drop(p.key)
			l.root.pairs = append(l.root.pairs, p)
		case p.value.kind == kindList && have.value.kind == kindList:
			have.value.items = slices.Concat(have.value.items, p.value.items)
		case p.key == "receivers" && p.value.kind == kindMapping && have.value.kind == kindMapping:
			l.joinNames(p.key, have.value, p.value)
		default:
			l.twice(p.key, p.at, have.at)
		}
	}
}

// joinNames joins two mappings of names.
func (l *loader) joinNames(path string, into, from *node) {
	for _, p := range from.pairs {
		if have, ok := into.get(p.key); ok {
			l.twice(under(path, p.key), p.at, have.at)
			continue
		}
		into.pairs = append(into.pairs, p)
	}
}

func (l *loader) twice(path string, at, first position) {
	l.out.add(at, Fault{
		Path:    path,
		Message: fmt.Sprintf("is set twice; first at %s:%d", first.src.name, first.line),
		Hint:    "keep one of the two: only lists of several files are joined",
	})
}
