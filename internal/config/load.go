package config

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// Load reads the configuration file at path, the files of its include folder,
// its merchants_file and every file that they name, and checks all of it. The
// Config is usable only when no fault is an error ([Failed]); every fault is
// reported at once, by file and line. It reads the environment for ${NAME},
// and dials nothing.
func Load(path string) (*Config, []Fault) {
	l := &loader{
		out:   newFaults(),
		files: newFiles(),
		cfg:   &Config{Path: path},
		first: map[recordKey]position{},
		later: newLater(),

		standing: map[string]place{},

		pools: map[string]*x509.CertPool{},
	}
	l.dec = &decoder{
		out: l.out, env: os.LookupEnv, fields: &fieldTable{},
		check: map[reflect.Type]secretCheck{reflect.TypeFor[probes.Secret](): onlyFromEnv},
	}
	if l.read(path) {
		l.decode()
		l.notYet(l.root)
		l.compose()
		l.countLater()
	}
	return l.cfg, sorted(l.out.list)
}

// loader carries one load.
type loader struct {
	out   *faults
	files *files
	dec   *decoder

	root *node // of the main file, with what the include folder adds
	in   layout
	cfg  *Config

	guard *probes.Guard
	extra []*x509.Certificate       // of tls.ca_files
	pools map[string]*x509.CertPool // by ca_file
	first map[recordKey]position    // where each record stands first
	later []*laterUse

	digests subscribed
	heard   subscribed // to incidents
	slacks  []slackUse

	standing map[string]place // of each receiver, whatever is wrong with it
}

type recordKey struct{ kind, id string }

// read makes the tree.
func (l *loader) read(path string) bool {
	root, ok := l.tree(path)
	if !ok {
		return false
	}
	l.root = root
	l.include()
	return true
}

// tree reads and parses one YAML file.
func (l *loader) tree(path string) (*node, bool) {
	src, data, err := readSource(path)
	if err != nil {
		f := Fault{File: path, Message: "cannot be read: " + err.Error()}
		if strings.Contains(f.Message, errTooLarge.Error()) {
			f.Hint = largeHint
		}
		if os.IsNotExist(err) {
			f.Hint = "give its path with --config, or write one: hookvigil init --config " + path
		}
		l.out.add(position{}, f)
		return nil, false
	}
	root, ok := parseYAML(src, data, l.out)
	if !ok {
		return nil, false
	}
	for _, p := range root.pairs {
		if strings.HasPrefix(p.key, "x-") { // a place for anchors
			root.drop(p.key)
		}
	}
	return root, true
}

func (l *loader) decode() {
	l.dec.value(l.root, reflect.ValueOf(&l.in).Elem(), "", l.root.at)
	if !l.set("version") {
		l.bad("version", "begin the file with version: 1", "is missing")
	} else if l.in.Version != 1 {
		l.bad("version", "write version: 1", "%d is not a version of this file that this program reads; it reads 1", l.in.Version)
	}
}

// compose fills the Config, section by section: records after the defaults,
// the guard and the roots, digests and routes after the receivers that they
// name.
func (l *loader) compose() {
	l.base()
	l.roots()
	l.sources()
	l.server()
	l.guardSection()
	l.defaults()
	l.records()
	l.merchantsFile()
	l.rules()
	l.heartbeats()
	l.cfg.Canaries = l.canaries()
	l.receivers()
	l.digest()
	l.incidents()
	l.cfg.Deadman = l.deadman(l.in.Deadman)
	l.retention()
	l.routes()
}

func (l *loader) base() {
	l.cfg.DataDir = l.path("data_dir", or(l.in.DataDir, "data"))
	l.cfg.Log = Log{Level: l.level(), Format: l.oneOf("log.format", "a log format", or(l.in.Log.Format, "logfmt"), "logfmt", "json")}
	l.cfg.Probes = l.oneOf("metrics.probes", "a choice of per-endpoint metrics", or(l.in.Metrics.Probes, "all"), "all", "unhealthy", "off")
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// set reports whether the file has a value at path.
func (l *loader) set(path string) bool {
	n, _ := l.root.find(path)
	return n != nil && n.kind != kindNull
}

// path returns an absolute path: a relative one is relative to the folder of
// the file that names it, which stands at key.
func (l *loader) path(key, value string) string {
	if filepath.IsAbs(value) || value == "" {
		return value
	}
	_, at := l.root.find(key)
	return filepath.Join(at.src.dir, value)
}

// oneOf checks a word of a closed set and returns it.
func (l *loader) oneOf(path, what, value string, known ...string) string {
	if slices.Contains(known, value) {
		return value
	}
	l.bad(path, "one of "+strings.Join(known, ", "), "%q is not %s", clip(value), what)
	return value
}

// clip makes a value fit to stand in a message.
func clip(s string) string {
	if r := []rune(registry.Clean(s)); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return registry.Clean(s)
}

// bad reports a fault at a path from the root, unless the value there has one
// already. It returns false.
func (l *loader) bad(path, hint, format string, args ...any) bool {
	l.report(place{node: l.root}, registry.Fault{Path: path, Hint: hint, Message: fmt.Sprintf(format, args...)})
	return false
}

// warn reports at a path from the root what stops nothing.
func (l *loader) warn(path, hint, format string, args ...any) {
	l.report(place{node: l.root}, registry.Fault{Path: path, Hint: hint, Message: fmt.Sprintf(format, args...), Warning: true})
}

// place is where a record stands.
type place struct {
	node *node
	path string // from the root of its file; empty: the root itself
	id   string // for people
}

// report adds a fault of the record at p: its path is relative to the record.
func (l *loader) report(p place, f registry.Fault) {
	n, at := p.node.find(f.Path)
	path := under(p.path, f.Path)
	if l.out.spoilt(at.src, path) {
		return
	}
	if n != nil && n.kind <= kindText {
		value, _ := expand(n.text, l.dec.env)
		f.Message, f.Hint = veil(f.Message, n.text, value), veil(f.Hint, n.text, value)
		if _, list, ok := strings.Cut(f.Hint, "one of "); ok {
			f.Hint = didYouMean(n.text, strings.Split(list, ", "))
		}
	}
	l.out.add(at, Fault{Path: path, Message: f.Message, Hint: f.Hint, Warning: f.Warning, shown: shown(p.path, p.id, f.Path)})
}

// shown is a path as people read it: merchants[0] "acme": timezone. It is
// empty for what is in no record.
func shown(record, id, rest string) string {
	if id == "" {
		return ""
	}
	s := strings.TrimSpace(fmt.Sprintf("%s %q", record, clip(id)))
	if rest != "" {
		s += ": " + rest
	}
	return s
}

// quote writes a value of the file as it stands in a message.
func quote(s string) string { return strconv.Quote(clip(s)) }

// failedUnder reports whether an error stands at a path from the root, or
// anywhere below it, in any file.
func (l *loader) failedUnder(path string) bool {
	return slices.ContainsFunc(l.out.list, func(f Fault) bool {
		rest, ok := strings.CutPrefix(f.Path, path)
		return ok && !f.Warning && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}
