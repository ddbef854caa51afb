package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// eyes is what the daemon looks with, for one look from the command line.
type eyes struct {
	prober *probes.Prober
	looker *certificate.Looker
}

// newEyes returns eyes that tell of their own trouble on stderr.
func newEyes(cmd *cobra.Command, cfg *config.Config) eyes {
	guard := probes.NewGuard(cfg.Guard)
	log := newLog(cmd.ErrOrStderr(), config.Log{Level: slog.LevelWarn})
	return eyes{
		prober: probes.NewProber(probes.Config{Version: version, OperatorURL: cfg.Server.OperatorURL, Roots: cfg.Defaults.Roots}, guard, log, nil),
		looker: &certificate.Looker{Guard: guard},
	}
}

// judge makes one round of looks at a certificate.
func (e eyes) judge(ctx context.Context, w registry.Watch) certificate.Report {
	report, _ := certificate.Judge(w.Target, e.looker.Look(ctx, w.Target), w.Policy, certificate.Memory{}, time.Now())
	return report
}

// snapshotOf resolves the records of a configuration that has passed.
func snapshotOf(cfg *config.Config) *registry.Snapshot {
	snap, _ := registry.Build(cfg.Records, cfg.Defaults) // config.Load has reported the faults
	return snap
}

// withCA returns base, or the system's roots when it is nil, and the
// certificates of a PEM file.
func withCA(base *x509.CertPool, path string) (*x509.CertPool, error) {
	raw, err := readFile(path)
	if err != nil {
		return nil, usage("--ca: %v", err)
	}
	pool := x509.NewCertPool()
	if base != nil {
		pool = base.Clone()
	} else if system, err := x509.SystemCertPool(); err == nil { // else a machine without roots
		pool = system
	}
	if !pool.AppendCertsFromPEM(raw) {
		return nil, usage("--ca %s holds no certificate in PEM form", path)
	}
	return pool, nil
}

// certificateFile reads a certificate file and its key; keyPath may be empty.
func certificateFile(path, keyPath string) certificate.File {
	chain, err := readFile(path)
	if err != nil {
		return certificate.File{Err: fmt.Errorf("certificate: %w", err)}
	}
	file := certificate.File{Chain: chain}
	if keyPath == "" {
		return file
	}
	info, err := os.Stat(keyPath)
	if err != nil {
		return certificate.File{Err: fmt.Errorf("key: %w", err)}
	}
	file.KeyMode = info.Mode()
	if file.Key, err = readFile(keyPath); err != nil {
		return certificate.File{Err: fmt.Errorf("key: %w", err)}
	}
	return file
}
