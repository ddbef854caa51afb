package probes

import (
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"
)

// With keep_alive every tenth probe makes a full handshake all the same, so
// that a new certificate or address is seen; and a connection that nobody
// came back for half a minute after its turn is closed.
const (
	freshEvery = 10
	idleGrace  = 30 * time.Second
)

// lineKey is where a connection leads and whom it trusts: it serves an
// endpoint only while all of that is the same. It is comparable.
type lineKey struct {
	scheme, host string
	port         uint16
	roots        *x509.CertPool
	client       *tls.Certificate
}

func keyOf(ep Endpoint) lineKey {
	return lineKey{ep.URL.Scheme, ep.URL.Hostname(), PortOf(ep.URL), ep.Roots, ep.ClientCert}
}

// keptLines holds the idle connections of endpoints with keep_alive, at most
// one for each. The zero value is empty.
type keptLines struct {
	mu sync.Mutex
	// guarded by mu
	byID map[string]*line
}

// take hands out the idle connection of ep, nil when there is none, when it
// leads elsewhere, or when its turns are used up.
func (k *keptLines) take(ep Endpoint) *line {
	if !ep.Policy.KeepAlive {
		return nil
	}
	k.mu.Lock()
	ln := k.byID[ep.ID]
	delete(k.byID, ep.ID)
	k.mu.Unlock()
	if ln == nil {
		return nil
	}
	ln.idle.Stop()
	if ln.uses >= freshEvery || ln.where != keyOf(ep) {
		ln.close()
		return nil
	}
	ln.reused = true
	ln.in.reset()
	return ln
}

// put keeps an idle connection until the endpoint's next turn, and a little
// longer.
func (k *keptLines) put(ep Endpoint, ln *line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byID == nil {
		k.byID = map[string]*line{}
	}
	if old := k.byID[ep.ID]; old != nil {
		old.close()
	}
	k.byID[ep.ID] = ln
	ln.idle = time.AfterFunc(ep.Policy.Interval+idleGrace, func() { k.expire(ep.ID, ln) })
}

// expire closes a connection that nobody came back for.
func (k *keptLines) expire(id string, ln *line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byID[id] == ln {
		delete(k.byID, id)
		ln.close()
	}
}

// drop closes the connection of an endpoint; the one that a probe has in hand
// is found out by its key, or expires.
func (k *keptLines) drop(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dropLocked(id)
}

func (k *keptLines) dropAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range k.byID {
		k.dropLocked(id)
	}
}

func (k *keptLines) dropLocked(id string) {
	if ln := k.byID[id]; ln != nil {
		ln.idle.Stop()
		ln.close()
		delete(k.byID, id)
	}
}
