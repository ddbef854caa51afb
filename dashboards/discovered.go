package dashboards

// The values of the label result of endpoints that attempts name.
const (
	discoveredRegistered = "registered"
	discoveredFull       = "full"
	discoveredRefused    = "refused"
)

func (m *Metrics) registerDiscovered(r *registrar) {
	m.discovered = r.counters("hookvigil_discovered_endpoints",
		"Endpoints that attempts named and nobody had registered, by what became of them.", mostWords, "result")
	for _, w := range []string{discoveredRegistered, discoveredFull, discoveredRefused} {
		m.discovered.of(w)
	}
}

// Discovered counts endpoints that attempts of a discovering source named and
// nobody knew: registered as seen, left out because there were too many, and
// refused because no record can be made of their names. One that is named
// again later may count again as full or refused. A number below zero counts
// nothing.
func (m *Metrics) Discovered(registered, full, refused int) {
	add(m.discovered.of(discoveredRegistered), registered)
	add(m.discovered.of(discoveredFull), full)
	add(m.discovered.of(discoveredRefused), refused)
}
