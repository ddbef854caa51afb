package config

import (
	"bytes"
	"strconv"
	"strings"
)

// kind is what a node is.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindList
	kindMapping
)

// String names a kind as it stands in a message: "wanted a list, got a text".
func (k kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// node is one value of a file, whatever its format: the decoder reads nothing
// else. Its tree is also the index from a path to a position.
type node struct {
	kind  kind
	plain bool   // a scalar without quotes: its text may also be read as a text
	text  string // of a scalar, without quotes
	at    position
	items []*node // of a list
	pairs []pair  // of a mapping, in the order of the file; keys are unique
	index int     // in the list of its file; lists of several files are joined

	size   int // nodes in here, itself included, aliases counted in full
	height int // levels in here: 1 for a scalar
}

// pair is one key of a mapping and its value.
type pair struct {
	key   string
	at    position // of the key
	value *node
}

// position is a place in a file. The zero value is no place.
type position struct {
	src       *source
	line, col int // from 1
}

// held returns p for a fault that is reported when further lines of its file
// may have been read.
func (p position) held() position {
	if p.src != nil && p.src.line != nil {
		src := *p.src
		src.line = bytes.Clone(src.line)
		p.src = &src
	}
	return p
}

// get returns the pair with that key.
func (n *node) get(key string) (pair, bool) {
	for _, p := range n.pairs {
		if p.key == key {
			return p, true
		}
	}
	return pair{}, false
}

// drop removes the pairs with that key.
func (n *node) drop(key string) {
	kept := n.pairs[:0:0]
	for _, p := range n.pairs {
		if p.key != key {
			kept = append(kept, p)
		}
	}
	n.pairs = kept
}

// add puts a child below n and keeps its measures.
func (n *node) add(child *node) {
	n.size += child.size
	n.height = max(n.height, child.height+1)
}

// find follows a path such as "endpoints[3].probe.timeout" from n. It returns
// the node there, nil when there is none, and the best position to show: the
// value's, or when that is missing the nearest parent's.
func (n *node) find(path string) (*node, position) {
	at := n.at
	for _, step := range steps(path) {
		next, pos := n.step(step)
		if pos.src == nil {
			return nil, at
		}
		n, at = next, pos
	}
	return n, n.show(at)
}

// show returns where a value is best pointed at: a value that is on the next
// line, or is nothing at all, by its key.
func (n *node) show(key position) position {
	if n.kind == kindNull || n.at.src != key.src || n.at.line > key.line && n.kind >= kindList {
		return key
	}
	return n.at
}

// step goes one level down; the position is that of the key or of the item.
func (n *node) step(step string) (*node, position) {
	if num, ok := strings.CutPrefix(step, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(num, "]"))
		if err != nil || i < 0 || i >= len(n.items) {
			return nil, position{}
		}
		return n.items[i], n.items[i].at
	}
	p, _ := n.get(step)
	return p.value, p.at
}

// each visits every value at a path whose lists are written [], with the
// position of its key.
func (n *node) each(path []string, visit func(value *node, at position)) {
	if path[0] == "[]" {
		for _, item := range n.items {
			item.each(path[1:], visit)
		}
		return
	}
	p, ok := n.get(path[0])
	switch {
	case !ok:
	case len(path) == 1:
		visit(p.value, p.at)
	default:
		p.value.each(path[1:], visit)
	}
}

// empty reports whether n says nothing: null, "", {} or [].
func (n *node) empty() bool {
	return n.text == "" && len(n.pairs)+len(n.items) == 0
}

// steps splits "a.b[3].c" into a, b, [3], c.
func steps(path string) []string {
	if path == "" {
		return nil
	}
	path = strings.ReplaceAll(path, "[", ".[")
	return strings.Split(strings.TrimPrefix(path, "."), ".")
}

// under joins a path and what is below it.
func under(path, rest string) string {
	if path == "" || rest == "" || strings.HasPrefix(rest, "[") {
		return path + rest
	}
	return path + "." + rest
}
