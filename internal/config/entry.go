package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// EntryError says why a line of an import was refused: every fault of it,
// with column and path. The line's number is the caller's to know.
type EntryError struct{ Faults []Fault }

// Error implements error. It holds no secret.
func (e *EntryError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.Message
		if f.Path != "" {
			texts[i] = f.Path + ": " + f.Message
		}
		if f.Hint != "" {
			texts[i] += " (" + f.Hint + ")"
		}
	}
	return strings.Join(texts, "; ")
}

// DecodeEntry reads one line of an import: one merchant as a JSON object,
// with its endpoints under "endpoints", spelt as in the configuration file. It
// is strict; every error is an [*EntryError]. Each endpoint gets its merchant's
// ID; origins are left empty, values are not checked (package registry does).
//
// With files, keys that name a file are accepted as they are, and nothing is
// read. Without, they are refused: what comes by the API must not make the
// daemon read its own disk. ${NAME} has no meaning in either case.
func DecodeEntry(line []byte, files bool) (registry.Merchant, []registry.Endpoint, error) {
	out := newFaults()
	src := &source{number: 1, line: line}
	n, fault, at := parseJSON(src, line)
	if fault != nil {
		out.add(at, *fault)
		return registry.Merchant{}, nil, &EntryError{Faults: out.list}
	}
	var e entry
	d := decoder{out: out, fields: &fieldTable{}}
	d.value(n, reflect.ValueOf(&e).Elem(), "", n.at)
	for i := range e.Endpoints {
		e.Endpoints[i].Merchant = e.Merchant.ID
	}
	if !files {
		refuseFiles(n, "", out)
	}
	if len(out.list) > 0 {
		return registry.Merchant{}, nil, &EntryError{Faults: out.list}
	}
	return e.Merchant, e.Endpoints, nil
}

// refuseFiles reports every key that names a file, wherever it stands but in
// the ping's body, whose keys are the merchant's own.
func refuseFiles(n *node, path string, out *faults) {
	for _, p := range n.pairs {
		key := under(path, p.key)
		switch {
		case strings.HasSuffix(p.key, "_file"):
			out.add(p.at, Fault{Path: key, Message: "a file cannot be named here", Hint: "give the value itself, or use the configuration file"})
		case p.key != "body":
			refuseFiles(p.value, key, out)
		}
	}
	for i, item := range n.items {
		refuseFiles(item, under(path, "["+strconv.Itoa(i)+"]"), out)
	}
}
