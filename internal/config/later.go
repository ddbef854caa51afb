package config

import "slices"

// laterKeys are the top-level keys that are documented and not yet read: each
// gives a warning that says what is missing, and whatever stands below it is
// accepted; with nothing below it, it says nothing. A key that comes to life moves from here to layout.
type laterKeys struct {
	Database ignored `yaml:"database" later:"records are kept in data_dir"`
	Witness  ignored `yaml:"witness" later:"there is no second process yet"`
}

// ignored is the value of a key that is not read.
type ignored struct{}

// laterKey is a key below the top level that is documented and checked, and
// that nothing uses yet.
type laterKey struct {
	path  string // from the root; [] stands for every item of a list
	value string // with this value alone; empty: with any
	what  string // whose key it is, for the count; empty: it stands once
	why   string
}

// laterInside is the table of those keys. A key that comes to life leaves it.
func laterInside() []laterKey {
	return []laterKey{
		{path: "watch[].url", what: "URL", why: "only heartbeats are watched for, and no URL is asked yet"},
	}
}

// laterUse is where a key of the table was met: one warning, at its first use,
// however many merchants have it.
type laterUse struct {
	laterKey
	steps []string // of path, split
	fault int      // its place in the list of faults
	n     int      // how often
}

func newLater() []*laterUse {
	var uses []*laterUse
	for _, key := range laterInside() {
		uses = append(uses, &laterUse{laterKey: key, steps: steps(key.path)})
	}
	return uses
}

// notYet warns of the keys of the table that are in n, which stands at the end
// of those steps from the root.
func (l *loader) notYet(n *node, above ...string) {
	for _, use := range l.later {
		if len(above) > len(use.steps) || !slices.Equal(use.steps[:len(above)], above) {
			continue
		}
		n.each(use.steps[len(above):], func(value *node, at position) {
			if value.empty() || use.value != "" && value.text != use.value {
				return
			}
			if use.n++; use.n == 1 {
				use.fault = len(l.out.list)
				l.out.add(at, Fault{Path: use.path, Message: "not in this version: " + use.why, Warning: true})
			}
		})
	}
}

// countLater writes into the warnings how often each key was met.
func (l *loader) countLater() {
	for _, use := range l.later {
		if use.n > 0 && use.what != "" {
			l.out.list[use.fault].Message += " (" + count(use.n, use.what) + ")"
		}
	}
}
