package daemon

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// lookAtFiles judges the certificates on disk that are watched
// (certificate_files): a client's certificate runs out without anybody
// connecting to it.
func (d *Daemon) lookAtFiles(context.Context) {
	files, policy := d.registry.CertificateFiles()
	for _, f := range files {
		report := readFile(f).Judge(policy, time.Now())
		before := d.board.file(f.ID)
		d.board.note(fileSubject(f.ID), report)
		if report.Verdict != before.Verdict && (report.Verdict != certificate.OK || before.Verdict != "") {
			d.log.Warn("certificate file", "id", f.ID, "path", f.Path, "verdict", report.Verdict, "faults", report.Faults, "detail", report.Detail)
		}
	}
}

// readFile reads a certificate and its key afresh.
func readFile(f registry.CertificateFile) certificate.File {
	chain, err := os.ReadFile(f.Path)
	if err != nil {
		return certificate.File{Err: fmt.Errorf("certificate: %w", err)}
	}
	file := certificate.File{Chain: chain}
	if f.KeyPath == "" {
		return file
	}
	info, err := os.Stat(f.KeyPath)
	if err != nil {
		return certificate.File{Err: fmt.Errorf("key: %w", err)}
	}
	file.KeyMode = info.Mode()
	if file.Key, err = os.ReadFile(f.KeyPath); err != nil {
		return certificate.File{Err: fmt.Errorf("key: %w", err)}
	}
	return file
}
