package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parseYAML turns the one document of a file into a tree. It returns false,
// and has reported why, when there is none.
func parseYAML(src *source, data []byte, out *faults) (*node, bool) {
	body, fault, at := yamlBody(src, data)
	if fault.Message != "" {
		if at.src == nil {
			fault.File = src.name
		}
		out.add(at, fault)
		return nil, false
	}
	c := converter{src: src, out: out, anchors: map[string]*node{}, left: maxNodes}
	n := c.convert(body, 0)
	if !c.stopped && n.kind != kindMapping {
		out.add(n.at, Fault{Message: fmt.Sprintf("the file is %s, not a mapping of keys such as merchants:", n.kind), Hint: initHint})
		return nil, false
	}
	return n, !c.stopped
}

const initHint = "hookvigil init --config - prints a commented example"

// yamlBody parses the file and returns its one document, or what is wrong.
func yamlBody(src *source, data []byte) (body ast.Node, f Fault, at position) {
	if marks(data) > maxMarks {
		return nil, Fault{Message: fmt.Sprintf("the file has more than %d keys, entries and lines", maxMarks), Hint: largeHint}, at
	}
	// The parser is not ours, and is fed what a stranger wrote.
	defer func() {
		if v := recover(); v != nil {
			f = Fault{Message: fmt.Sprintf("the YAML parser gave up: %v", v), Hint: "look for unusual syntax; " + initHint}
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if tk, why := tooMuch(tokens); tk != nil {
		return nil, Fault{Message: why}, src.at(tk)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // doubled keys are ours to report: all of them
	if err != nil {
		f, at = syntaxFault(src, err)
		return nil, f, at
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return nil, Fault{Message: "a second document begins here; a configuration is one document", Hint: "remove the --- line, or move this part into a file of the include folder"}, src.at(start(doc.Body))
		}
		body = doc.Body
	}
	if body == nil || body.Type() == ast.NullType {
		return nil, Fault{Message: "the file is empty", Hint: initHint}, at
	}
	return body, f, at
}

// start returns the first token of a value: that of a mapping would be its
// first colon.
func start(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return n.GetToken()
}

func (s *source) at(tk *token.Token) position {
	if tk == nil || tk.Position == nil {
		return position{src: s, line: 1, col: 1}
	}
	return position{src: s, line: tk.Position.Line, col: tk.Position.Column}
}

// syntaxFault says in a stranger's words what the parser found.
func syntaxFault(src *source, err error) (Fault, position) {
	at, text := position{src: src}, err.Error()
	if ye, ok := errors.AsType[yaml.Error](err); ok {
		at, text = src.at(ye.GetToken()), ye.GetMessage()
	}
	f := Fault{Message: "not valid YAML: " + text, Hint: "look at the indentation and the quotes of this line and the one above"}
	if strings.HasPrefix(text, "mapping value is not allowed") {
		f.Hint = "a text with a colon and a space in it stands in quotes: \"like: this\""
	}
	line, _ := src.text(at.line)
	if lead := line[:indent(line)]; strings.Contains(lead, "\t") {
		f.Message, f.Hint = "not valid YAML: a tab in the indentation", "indent with spaces"
		at.col = 1 + strings.IndexByte(lead, '\t')
	}
	return f, at
}
