package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
)

// certificateOutput is what certificate found.
type certificateOutput struct {
	host   string // or the path of a file
	port   uint16 // 0 for a file
	report certificate.Report
}

// certificateJSON is what certificate --json prints.
type certificateJSON struct {
	Host string `json:"host"`
	Port uint16 `json:"port"`
	reportOutput
}

func (o certificateOutput) json() certificateJSON {
	return certificateJSON{Host: o.host, Port: o.port, reportOutput: reportJSON(o.report)}
}

// name is what was looked at, as a person types it.
func (o certificateOutput) name() string {
	if o.port == 0 {
		return o.host
	}
	return net.JoinHostPort(o.host, strconv.Itoa(int(o.port)))
}

// printCertificate writes what a person wants to know: what is wrong and what
// to do, then each address, the worst first.
func printCertificate(out io.Writer, o certificateOutput) {
	rep := o.report
	fmt.Fprintf(out, "%s: %s\n", o.name(), summary(rep.At, rep.Verdict, rep.Faults, rep.NotAfter))
	line(out, "detail", rep.Detail)
	for _, f := range rep.Faults {
		line(out, "this means", string(f)+": "+adviceOnCertificate(f))
	}
	for _, f := range rep.Notes {
		line(out, "note", string(f)+": "+adviceOnCertificate(f))
	}
	line(out, "at", utc(rep.At))
	addresses := slices.Clone(rep.Addresses)
	slices.SortStableFunc(addresses, func(a, b certificate.AddressReport) int {
		return cmp.Compare(certificateRank(b.Verdict), certificateRank(a.Verdict))
	})
	for _, a := range addresses {
		if len(addresses) == 1 && a.Address == o.name() {
			a.Address = "" // it stands in the first line
		}
		printAddress(out, rep, a)
	}
}

func printAddress(out io.Writer, rep certificate.Report, a certificate.AddressReport) {
	if a.Address != "" {
		fmt.Fprintf(out, "\n  %s: %s\n", a.Address, summary(rep.At, a.Verdict, a.Faults, a.NotAfter))
		if a.Detail != rep.Detail {
			line(out, "  detail", a.Detail)
		}
	} else if len(a.Chain) > 0 {
		fmt.Fprintln(out)
	}
	for i, c := range a.Chain {
		printLink(out, rep.At, i, c)
	}
}

// printLink writes one certificate of a chain.
func printLink(out io.Writer, now time.Time, i int, c certificate.Link) {
	fmt.Fprintf(out, "    %d %s\n", i, c.Subject)
	fact := func(name, text string) { fmt.Fprintf(out, "      %-7s %s\n", name, text) }
	fact("issuer", c.Issuer)
	fact("valid", day(c.NotBefore)+" to "+day(c.NotAfter)+" ("+left(now, c.NotAfter)+")")
	if len(c.SANs) > 0 {
		fact("names", strings.Join(c.SANs, ", "))
	}
	fact("key", c.Key+", signed with "+c.Signature)
	fact("sha256", c.Fingerprint)
	fact("spki", c.SPKI)
}

// summary is a verdict in a few words.
func summary(now time.Time, v certificate.Verdict, faults []certificate.Fault, end time.Time) string {
	text := verdictText(v, faults)
	if !end.IsZero() {
		text += ", valid to " + day(end) + " (" + left(now, end) + ")"
	}
	return text
}
