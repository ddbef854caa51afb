package config

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/hookvigil/hookvigil/probes"
)

// maxLine is the longest line of NDJSON: a merchant with thousands of
// endpoints fits.
const maxLine = 4 << 20

// merchantsFile reads the merchants of an NDJSON file, line by line. A bad
// line is reported, and the next one read.
func (l *loader) merchantsFile() {
	name := l.in.MerchantsFile
	if name == "" {
		return
	}
	full := l.path("merchants_file", name)
	f, err := openFile(full)
	if err != nil {
		l.bad("merchants_file", "", "%s: %v", full, err)
		return
	}
	defer f.Close()
	src := &source{name: name, dir: filepath.Dir(full)}
	if !filepath.IsAbs(name) {
		_, at := l.root.find("merchants_file")
		src.name = filepath.Join(filepath.Dir(at.src.name), name)
	}
	dec := *l.dec
	dec.check = map[reflect.Type]secretCheck{reflect.TypeFor[probes.Secret](): literalWhen(full)}
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		src.number++
		src.line = lines.Bytes()
		if len(bytes.TrimSpace(src.line)) > 0 {
			l.line(&dec, src)
		}
	}
	if err := lines.Err(); err != nil {
		l.badLine(src, err)
	}
}

// badLine reports what ended the reading of a file.
func (l *loader) badLine(src *source, err error) {
	fault := Fault{Message: "cannot be read further: " + cause(err).Error()}
	if errors.Is(err, bufio.ErrTooLong) {
		fault = Fault{Message: "longer than " + bytesText(maxLine), Hint: "one merchant a line; nothing after this line was read"}
	}
	l.out.add(position{src: src, line: src.number + 1}, fault)
}

func (l *loader) line(dec *decoder, src *source) {
	n, fault, at := parseJSON(src, src.line)
	if fault != nil {
		l.out.add(at, *fault)
		return
	}
	var e entry
	dec.value(n, reflect.ValueOf(&e).Elem(), "", n.at)
	l.notYet(n, "merchants", "[]")
	l.entry(e, place{node: n, id: e.Merchant.ID})
}

// literalWhen accepts a secret as it is in a file that only its owner can
// read, and ${NAME} in any.
func literalWhen(file string) secretCheck {
	hint := readableByOthers(file)
	return func(n *node, key string) (string, string) {
		if hint == "" && n.kind == kindText {
			return "", ""
		}
		message, _ := onlyFromEnv(n, key)
		if message == "" {
			return "", ""
		}
		return "a secret in a file that others can read", fmt.Sprintf("%s, or use %s_file", hint, key)
	}
}
