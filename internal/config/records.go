package config

import (
	"fmt"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// records checks everything that is watched and stands in YAML.
func (l *loader) records() {
	for i, e := range l.in.Merchants {
		l.entry(e, l.item("merchants", i, e.Merchant.ID))
	}
	for i, t := range l.in.Targets {
		l.target(t, l.item("targets", i, t.ID))
	}
	for i, c := range l.in.CertificateFiles {
		l.certificateFile(c, l.item("certificate_files", i, c.ID))
	}
}

// item is the place of a list's item. Its path counts in its own file: lists
// of several files are joined.
func (l *loader) item(list string, i int, id string) place {
	p, _ := l.root.get(list)
	n := p.value.items[i]
	return place{node: n, path: fmt.Sprintf("%s[%d]", list, n.index), id: id}
}

// entry checks a merchant and its endpoints, and takes them.
func (l *loader) entry(e entry, p place) {
	m := e.Merchant
	m.Origin = registry.OriginFile
	if l.out.spoilt(p.node.at.src, p.path) {
		return // it is no mapping at all
	}
	l.unique("merchant", m.ID, p)
	_, found := registry.CheckMerchant(m)
	l.reportAll(p, found)
	l.subscriber(m, p)
	l.hearer(m, p)
	l.cfg.Records.Merchants = append(l.cfg.Records.Merchants, m)
	list, _ := p.node.get("endpoints")
	for i, ep := range e.Endpoints {
		n := list.value.items[i]
		ep.Merchant = m.ID
		l.endpoint(ep, place{node: n, path: under(p.path, fmt.Sprintf("endpoints[%d]", n.index)), id: ep.ID})
	}
}

// unreadable stands for a token whose fault is reported already, so that it
// is not missed as well. The Config that it gets into is never used.
const unreadable = "unreadable-token"

func (l *loader) endpoint(ep registry.Endpoint, p place) {
	src := p.node.at.src
	if l.out.spoilt(src, p.path) {
		return
	}
	ep.Origin = registry.OriginFile
	l.unique("endpoint", ep.ID, p)
	m := l.material(p)
	m.token(&ep)
	ep.Material = m.certificates(ep.Certificate, "certificate.")
	if l.out.spoilt(src, under(p.path, "token")) || l.out.spoilt(src, under(p.path, "token_file")) {
		ep.Token, ep.Signature = unreadable, ""
	}
	l.needs(p, "url", ep.URL, "https://hooks.example.com/payout")
	w, found := registry.ResolveEndpoint(ep, l.cfg.Defaults)
	l.reportAll(p, found)
	if w.Probe.URL != nil {
		l.blocked(p, w.Probe.URL)
	}
	l.cfg.Records.Endpoints = append(l.cfg.Records.Endpoints, ep)
}

func (l *loader) target(t registry.Target, p place) {
	if l.out.spoilt(p.node.at.src, p.path) {
		return
	}
	l.unique("target", t.ID, p)
	t.Material = l.material(p).certificates(t.CertificateSpec, "")
	l.needs(p, "address", t.Address, "ledger.internal:8443")
	_, found := registry.ResolveTarget(t, l.cfg.Defaults)
	l.reportAll(p, found)
	l.cfg.Records.Targets = append(l.cfg.Records.Targets, t)
}

// certificateFile makes the paths absolute. A file that cannot be read is a
// finding at run time, so that here it is but a warning.
func (l *loader) certificateFile(c registry.CertificateFile, p place) {
	if l.out.spoilt(p.node.at.src, p.path) {
		return
	}
	l.unique("certificate file", c.ID, p)
	l.reportAll(p, checkID(c.ID))
	if l.needs(p, "path", c.Path, "client.pem"); c.Path == "" {
		return
	}
	m := material{dir: p.node.at.src.dir}
	c.Path = m.path(c.Path)
	if _, err := l.files.certificates(c.Path); err != nil {
		l.report(p, registry.Fault{Path: "path", Message: err.Error(), Warning: true})
	}
	if c.KeyPath != "" {
		c.KeyPath = m.path(c.KeyPath)
		if _, err := l.files.read(c.KeyPath); err != nil {
			l.report(p, registry.Fault{Path: "key_path", Message: err.Error(), Warning: true})
		} else if message, hint := exposed(c.KeyPath); message != "" {
			l.report(p, registry.Fault{Path: "key_path", Message: message, Hint: hint, Warning: true})
		}
	}
	l.cfg.Records.CertificateFiles = append(l.cfg.Records.CertificateFiles, c)
}

// checkID says what is wrong with an ID. All records spell theirs alike, and a
// merchant needs nothing else.
func checkID(id string) []registry.Fault {
	_, found := registry.CheckMerchant(registry.Merchant{ID: id})
	return found
}

func (l *loader) reportAll(p place, found []registry.Fault) {
	for _, f := range found {
		l.report(p, f)
	}
}

// needs reports a key without a value.
func (l *loader) needs(p place, key, value, example string) {
	if value == "" {
		l.report(p, registry.Fault{Path: key, Message: "is missing", Hint: fmt.Sprintf("give %s: %s", key, example)})
	}
}

func exampleID(kind string) string {
	switch kind {
	case "source":
		return "core"
	case "watch entry":
		return "nightly-settlement"
	default:
		return "acme-payouts"
	}
}

// unique reports an ID that another record of its kind has.
func (l *loader) unique(kind, id string, p place) {
	if l.needs(p, "id", id, exampleID(kind)); id == "" {
		return
	}
	_, at := p.node.find("id")
	first, ok := l.first[recordKey{kind, id}]
	if !ok {
		l.first[recordKey{kind, id}] = at
		return
	}
	l.report(p, registry.Fault{
		Path: "id", Message: fmt.Sprintf("%q is used twice; first on %s", clip(id), lineFrom(first, at)),
		Hint: "each " + kind + " has an ID of its own, over all files",
	})
}

// lineFrom names a line as people find it who are at another place.
func lineFrom(line, at position) string {
	if line.src != at.src {
		return fmt.Sprintf("%s:%d", line.src.name, line.line)
	}
	return fmt.Sprintf("line %d", line.line)
}
