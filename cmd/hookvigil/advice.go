package main

import (
	"github.com/hookvigil/hookvigil/alerting"
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

// adviceOnClass says what a failed send means, and what to do.
func adviceOnClass(c alerting.Class) string {
	switch c {
	case alerting.ClassAuth:
		return "The receiver refuses our credentials. Mend them in the configuration and reload; until then its lane stands still."
	case alerting.ClassDestination:
		return "The receiver does not know this destination, or does not let us in. Check its name, and that we are a member of it."
	case alerting.ClassMessage:
		return "The receiver refused the form of the message, as plain text too."
	case alerting.ClassLimited:
		return "The receiver asks for a pause. Try again later, and send less through it."
	case alerting.ClassAmbiguous:
		return "No answer came after it was sent: it may have arrived. Look there before you try again."
	case alerting.ClassTransient:
		return "The receiver cannot be reached, or is in trouble itself. Check the way to it, and try again."
	default:
		return ""
	}
}
