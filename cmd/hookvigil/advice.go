package main

import (
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// The sentences are those of the pages: one table for both. Here a flag may
// help besides.

func adviceOn(f probes.Fault) string {
	switch f {
	case probes.FaultBlocked:
		return sentence(web.OnProbe(f)) + " For this one probe: --allow CIDR."
	case probes.FaultTLSUntrusted:
		return sentence(web.OnProbe(f)) + " For an authority of your own give --ca FILE."
	default:
		return sentence(web.OnProbe(f))
	}
}

func adviceOnNote(word string) string { return sentence(web.OnNote(word)) }

func adviceOnCertificate(f certificate.Fault) string {
	if f == certificate.FaultChainIncomplete || f == certificate.FaultUntrustedRoot {
		return sentence(web.OnCertificate(f)) + " For an authority of your own give --ca FILE."
	}
	return sentence(web.OnCertificate(f))
}

func sentence(a web.Advice) string {
	if a.Do == "" {
		return a.Means
	}
	return a.Means + " " + a.Do
}
