package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
)

// Bounds of the TCP connections that are open at a time (reference
// reliability.md, "Body and slow clients"): all, and from one address, so that
// one that holds its connections shuts out nobody else.
const (
	maxConnections = 1000
	maxPerAddress  = 250
)

// maxSocketPath is what the kernel takes for the path of a unix socket.
const maxSocketPath = 107

// listeners is where requests come in.
type listeners struct {
	tcp, unix net.Listener
	servers   []*http.Server
}

// listen opens the TCP listener and the unix socket of the command line.
func (d *Daemon) listen(ctx context.Context) (*listeners, error) {
	var lc net.ListenConfig
	tcp, err := lc.Listen(ctx, "tcp", d.settings.Load().Server.Listen)
	if err != nil {
		return nil, fmt.Errorf("server.listen: %w", err)
	}
	addr := tcp.Addr()
	d.listening.Store(&addr)
	path := socketPath(d.settings.Load().DataDir)
	if len(path) > maxSocketPath {
		return nil, errors.Join(fmt.Errorf("socket: %s has %d bytes; the system takes %d: give a shorter data_dir", path, len(path), maxSocketPath), tcp.Close())
	}
	if err := removeStale(path); err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	unix, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("socket: %w", err), tcp.Close())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("socket: %w", err), tcp.Close(), unix.Close())
	}
	tcp = newBoundedListener(tcp)
	if files := d.settings.Load().Server.TLS; files.CertFile != "" {
		if err := d.listenerCert.load(files.CertFile, files.KeyFile); err != nil {
			return nil, errors.Join(err, tcp.Close(), unix.Close())
		}
		tcp = tls.NewListener(tcp, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: d.listenerCert.get, NextProtos: []string{"h2", "http/1.1"}})
	}
	return &listeners{tcp: tcp, unix: unix, servers: []*http.Server{api.HTTPServer(d.server.Handler(), d.log), api.HTTPServer(d.server.Local(), d.log)}}, nil
}

// serve answers until ctx ends, then lets requests finish for a second.
func (l *listeners) serve(ctx context.Context) error {
	errs := make(chan error, 2)
	var wg sync.WaitGroup
	for i, ln := range []net.Listener{l.tcp, l.unix} {
		wg.Go(func() { errs <- l.servers[i].Serve(ln) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-errs:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // draining outlives ctx
	defer cancel()
	for _, s := range l.servers {
		if s.Shutdown(end) != nil {
			_ = s.Close() // whoever is still connected is slower than we wait
		}
	}
	wg.Wait()
	return err
}

// listenerCertificate is the certificate of our own listener. It is replaced
// without a restart when its files change.
type listenerCertificate struct {
	current atomic.Pointer[tls.Certificate]
}

func (c *listenerCertificate) load(certFile, keyFile string) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("server.tls: %w", err)
	}
	c.current.Store(&cert)
	return nil
}

func (c *listenerCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// refreshListenerCertificate reads the listener's certificate again. A file
// that cannot be used leaves the old one in force.
func (d *Daemon) refreshListenerCertificate(context.Context) {
	if d.listenerCert.current.Load() == nil {
		return
	}
	files := d.settings.Load().Server.TLS
	if files.CertFile == "" {
		return // TLS was taken out of the file: that counts at the next start
	}
	if err := d.listenerCert.load(files.CertFile, files.KeyFile); err != nil {
		d.log.Warn("listener certificate not renewed; the old one stays", "err", err)
	}
}
