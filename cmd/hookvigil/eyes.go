package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"time"

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

func newEyes(cfg *config.Config, log *slog.Logger) eyes {
	guard := probes.NewGuard(cfg.Guard)
	return eyes{
		prober: probes.NewProber(probes.Config{Version: version, OperatorURL: cfg.Server.OperatorURL, Roots: cfg.Defaults.Roots}, guard, log, nil),
		looker: &certificate.Looker{Guard: guard},
	}
}

// judge makes one round of looks at a certificate.
func (e eyes) judge(ctx context.Context, t certificate.Target, p certificate.Policy) certificate.Report {
	report, _ := certificate.Judge(t, e.looker.Look(ctx, t), p, certificate.Memory{}, time.Now())
	return report
}

// snapshotOf resolves the records of a configuration that has passed.
func snapshotOf(cfg *config.Config) *registry.Snapshot {
	snap, _ := registry.Build(cfg.Records, cfg.Defaults) // config.Load has reported the faults
	return snap
}

// poolOf reads a CA file over the system's roots.
func poolOf(path string) (*x509.CertPool, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without roots
	}
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}
