package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of what is sent, from the table "Body and slow clients" of the
// reliability requirements.
const (
	maxBody        = 8 << 20
	maxImport      = 32 << 20 // as sent, and inflated
	maxImportLine  = 1 << 20
	maxImportLines = 100_000 // with something in them
	maxListed      = 1000    // rejections that the answer names; the rest is counted
	maxDepth       = 32
	bodyTimeout    = 30 * time.Second
	importTimeout  = 60 * time.Second
	maxHeaderBytes = 64 << 10
)

// jsonFormat reads and writes bodies.
func jsonFormat() huma.Format {
	return huma.Format{
		Marshal: func(w io.Writer, v any) error {
			var buf bytes.Buffer
			if err := encode(&buf, v); err != nil {
				return err
			}
			_, _ = w.Write(buf.Bytes()) // the client is gone: nobody to tell
			return nil
		},
		Unmarshal: func(data []byte, v any) error {
			if err := checkJSON(data); err != nil {
				return err
			}
			return json.Unmarshal(data, v)
		},
	}
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// checkJSON refuses what encoding/json is lenient about: more than maxDepth
// levels, a second value, and a key that stands twice in one object, in
// whatever case.
func checkJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var open []map[string]bool // keys by level; nil for a list
	key := false               // the next string is a key
	whole := false             // the one value was read
	for {
		tok, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF) && (len(open) > 0 || !whole):
			return errors.New("not valid JSON: it ends too early")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("not valid JSON: %w", err)
		case whole:
			return errors.New("not valid JSON: something follows the first value")
		}
		switch t := tok.(type) {
		case json.Delim:
			if open, err = nest(open, t); err != nil {
				return err
			}
		case string:
			if key {
				if err := once(open[len(open)-1], t); err != nil {
					return err
				}
				key = false
				continue
			}
		}
		whole = len(open) == 0
		key = !whole && open[len(open)-1] != nil
	}
}

// nest returns the open levels after a delimiter.
func nest(open []map[string]bool, d json.Delim) ([]map[string]bool, error) {
	switch d {
	case '{':
		open = append(open, map[string]bool{})
	case '[':
		open = append(open, nil)
	default:
		return open[:len(open)-1], nil
	}
	if len(open) > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	return open, nil
}

func once(seen map[string]bool, key string) error {
	folded := strings.ToLower(key)
	if seen[folded] {
		return fmt.Errorf("key %s stands twice", quote(key))
	}
	seen[folded] = true
	return nil
}
