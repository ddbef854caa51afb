package config

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// Bounds of a YAML file. The parser recurses for every level and for every
// key of a mapping, so that a file beyond them would exhaust the stack or the
// memory before it gave an error; they are far beyond any file of a person.
const (
	maxDepth  = 32        // levels
	maxKeys   = 10_000    // keys of one mapping
	maxMarks  = 1_500_000 // keys, entries and lines of one file: under 1 GB while it is read
	maxNodes  = 1_000_000 // values, aliases counted in full
	largeHint = "put the merchants into a merchants_file (one JSON object a line), which has no such bound"
)

// marks counts the bytes that can start a key, an entry or a line.
func marks(data []byte) int {
	n := 0
	for _, c := range []byte("\n:,-[{?&*!") {
		n += bytes.Count(data, []byte{c})
	}
	return n
}

// shape measures tokens before the parser sees them.
type shape struct {
	flow    int      // open { and [
	blocks  []column // open block collections, outermost first
	flowCol column   // the last key inside { or [
	props   int      // anchors and tags in a row
}

type column struct{ col, keys int }

// tooMuch returns the token at which a bound is passed and what it says, nil
// when all are kept.
func tooMuch(tokens token.Tokens) (*token.Token, string) {
	s := shape{}
	for _, tk := range tokens {
		if why := s.take(tk); why != "" {
			return tk, why
		}
	}
	return nil, ""
}

func (s *shape) take(tk *token.Token) string {
	switch tk.Type {
	case token.CommentType:
		return ""
	case token.AnchorType, token.TagType, token.AliasType, token.StringType:
		s.props++ // an anchor's name is a string: it belongs to the row
		return s.judge()
	case token.MappingStartType, token.SequenceStartType:
		s.flow++
	case token.MappingEndType, token.SequenceEndType:
		s.flow = max(0, s.flow-1)
	case token.MappingValueType:
		if tk.Prev != nil {
			s.open(tk.Prev.Position.Column, 1)
		}
	case token.SequenceEntryType, token.MappingKeyType:
		s.open(tk.Position.Column, 0) // the parser does not recurse from entry to entry
	default:
	}
	s.props = 0
	return s.judge()
}

// open counts keys at a column: more of the block that is open there, or a
// block inside the last one.
func (s *shape) open(col, keys int) {
	if s.flow > 0 {
		if s.flowCol.col != col {
			s.flowCol = column{col: col}
		}
		s.flowCol.keys += keys
		return
	}
	n := len(s.blocks)
	for n > 0 && s.blocks[n-1].col > col {
		n--
	}
	s.blocks = s.blocks[:n]
	if n == 0 || s.blocks[n-1].col < col {
		s.blocks = append(s.blocks, column{col: col})
	}
	s.blocks[len(s.blocks)-1].keys += keys
}

func (s *shape) judge() string {
	keys := s.flowCol.keys
	if n := len(s.blocks); n > 0 {
		keys = max(keys, s.blocks[n-1].keys)
	}
	switch {
	case s.flow+len(s.blocks) > maxDepth || s.props > maxDepth:
		return fmt.Sprintf("is nested deeper than %d levels", maxDepth)
	case keys > maxKeys:
		return fmt.Sprintf("more than %d keys in one mapping", maxKeys)
	}
	return ""
}
