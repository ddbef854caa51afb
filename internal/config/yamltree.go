package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// converter makes nodes of the parser's.
type converter struct {
	src     *source
	out     *faults
	anchors map[string]*node
	left    int // values that may still come, aliases counted in full
	stopped bool
}

func (c *converter) bad(at position, hint, format string, args ...any) {
	c.out.add(at, Fault{Message: fmt.Sprintf(format, args...), Hint: hint})
}

// stop ends the conversion: what follows would only repeat the fault.
func (c *converter) stop(at position, hint, format string, args ...any) {
	if !c.stopped {
		c.bad(at, hint, format, args...)
	}
	c.stopped = true
}

// convert turns one value and what is in it into nodes. It never returns nil.
func (c *converter) convert(n ast.Node, depth int) *node {
	out := &node{size: 1, height: 1}
	if n == nil || c.stopped {
		return out
	}
	out.at = c.src.at(start(n))
	if !c.fits(out, out.at, depth) {
		return out
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		value := c.convert(n.Value, depth)
		c.anchors[nameOf(n.Name)] = value // after its value: an anchor cannot contain itself
		return value
	case *ast.AliasNode:
		return c.alias(n, out, depth)
	case *ast.TagNode:
		return c.tagged(n, depth)
	case *ast.MappingNode:
		out.kind = kindMapping
		c.mapping(n.Values, out, depth)
	case *ast.MappingValueNode:
		out.kind = kindMapping
		c.mapping([]*ast.MappingValueNode{n}, out, depth)
	case *ast.SequenceNode:
		out.kind = kindList
		for i, v := range n.Values {
			item := c.convert(v, depth+1)
			item.index = i
			out.items = append(out.items, item)
			out.add(item)
		}
	default:
		c.scalar(n, out)
	}
	return out
}

func (c *converter) scalar(n ast.Node, out *node) {
	tk := n.GetToken()
	switch n := n.(type) {
	case *ast.NullNode:
		return
	case *ast.StringNode:
		out.kind, out.text = kindText, n.Value
		out.plain = tk.Type == token.StringType
	case *ast.LiteralNode:
		out.kind, out.text = kindText, n.Value.Value
	case *ast.BoolNode:
		out.kind, out.text, out.plain = kindBool, tk.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text, out.plain = kindNumber, tk.Value, true
	default:
		c.bad(out.at, "", "%s has no meaning here", strings.ToLower(n.Type().YAMLName()))
	}
}

// alias returns a copy of what the anchor names, so that an item's index is
// its own.
func (c *converter) alias(n *ast.AliasNode, out *node, depth int) *node {
	name := nameOf(n.Value)
	target, ok := c.anchors[name]
	if !ok {
		c.bad(out.at, "an anchor (&"+clip(name)+") must stand above its first alias", "there is no anchor &%s", clip(name))
		return out
	}
	if !c.fits(target, out.at, depth) {
		return out
	}
	same := *target
	return &same
}

// fits pays for one more value with all that is in it.
func (c *converter) fits(n *node, at position, depth int) bool {
	c.left -= n.size
	switch {
	case c.left < 0:
		c.stop(at, largeHint, "more than %d values, aliases counted in full", maxNodes)
	case depth+n.height > maxDepth:
		c.stop(at, "", "is nested deeper than %d levels, aliases included", maxDepth)
	}
	return !c.stopped
}

func nameOf(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}

// tagged converts a value with a tag. !!str makes it a text; the other
// standard tags say what it is anyway.
func (c *converter) tagged(n *ast.TagNode, depth int) *node {
	out := c.convert(n.Value, depth)
	switch tag := n.Start.Value; {
	case tag == "!!str" && out.kind <= kindText:
		same := *out
		same.kind, same.plain = kindText, false
		return &same
	case !strings.HasPrefix(tag, "!!"):
		c.bad(c.src.at(n.Start), "remove it", "the tag %s has no meaning here", clip(tag))
	}
	return out
}

// mapping fills out with the pairs of a mapping. A doubled key is a fault; a
// merge key (<<) adds what is not given beside it.
func (c *converter) mapping(values []*ast.MappingValueNode, out *node, depth int) {
	first := map[string]position{}
	var merges []*ast.MappingValueNode
	for _, v := range values {
		if v.Key.IsMergeKey() {
			merges = append(merges, v)
			continue
		}
		key, at, ok := c.key(v.Key)
		value := c.convert(v.Value, depth+1)
		if before, doubled := first[key]; doubled && ok {
			c.bad(at, "keep one of the two", "the key %s stands here twice; first on line %d", clip(key), before.line)
			continue
		}
		if ok && !c.stopped {
			first[key] = at
			out.pairs = append(out.pairs, pair{key: key, at: at, value: value})
			out.add(value)
		}
	}
	for _, v := range merges {
		c.merge(v, out, first, depth)
	}
}

func (c *converter) key(n ast.Node) (string, position, bool) {
	if n == nil {
		return "", position{}, false
	}
	at := c.src.at(n.GetToken())
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, at, true
	case *ast.AnchorNode:
		return c.key(n.Value)
	case *ast.MappingKeyNode:
		return c.key(n.Value)
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, at, true
	default:
		c.bad(at, "", "a key must be a plain word")
		return "", at, false
	}
}

// merge adds the pairs of "<<: *name" or "<<: [*a, *b]" that out lacks.
func (c *converter) merge(v *ast.MappingValueNode, out *node, have map[string]position, depth int) {
	value := c.convert(v.Value, depth+1)
	from := []*node{value}
	if value.kind == kindList {
		from = value.items
	}
	for _, m := range from {
		if m.kind != kindMapping {
			if !c.stopped {
				c.bad(c.src.at(v.Key.GetToken()), "write <<: *name", "<< wants the alias of a mapping, got %s", m.kind)
			}
			continue
		}
		for _, p := range m.pairs {
			if _, ok := have[p.key]; !ok {
				have[p.key] = p.at
				out.pairs = append(out.pairs, p)
				out.add(p.value)
			}
		}
	}
}
