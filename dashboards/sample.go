package dashboards

import (
	"hash/fnv"
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// none stands for a time that is not known.
const none = math.MinInt64

// sample is a [ProbeRow] boiled down to what its series need.
type sample struct {
	labels []byte // written out: endpoint="..",merchant="..",instance=".."

	state   string // empty: none
	verdict string // of the probe; empty: not probed yet
	fault   string
	success int8 // 1, 0, or -1: no opinion
	http    bool // an HTTP request was meant: any level but tls
	started int64
	took    time.Duration
	phases  [len(phaseNames)]time.Duration
	addr    addrFacts
	status  int
	version float64
	body    int64

	tlsVersion, cipher     uint16
	servedEnd, chainEnd    int64 // Unix seconds, or none
	certVerdict, certFault string
	certStarted, certEnd   int64
}

// addrFacts is an address as blackbox_exporter tells it.
type addrFacts struct {
	protocol int // 4, 6; 0 without an address
	hash     uint32
}

func sampleOf(row ProbeRow) sample {
	s := sample{success: -1, servedEnd: none, chainEnd: none, certEnd: none}
	if row.State != "" {
		s.state = stateWords.word(row.State)
	}
	s.probe(row.Result)
	s.certificate(row.Report)
	return s
}

func (s *sample) probe(r probes.Result) {
	if r.At.IsZero() {
		return
	}
	s.verdict, s.fault = probeVerdicts.word(r.Verdict), probeFaults.word(r.Fault)
	s.success = success(r)
	s.http = r.Level != probes.LevelTLS
	s.started = r.At.UnixMilli()
	s.took = r.Took + r.Phases.Read // until the end of the body, as blackbox_exporter has it
	s.phases = phaseTimes(r.Phases)
	s.addr = factsOf(r.Addr.Addr())
	s.status, s.body = r.Status, r.BodyBytes
	s.version = float64(r.HTTPMajor) + float64(r.HTTPMinor)/10
	s.tlsVersion, s.cipher = r.TLSVersion, r.CipherSuite
	s.servedEnd, s.chainEnd = unixOr(r.ServedExpiry), unixOr(r.ChainExpiry)
}

// success is 1 for an endpoint that works, slow or not, and 0 for one that
// does not or that we refused to connect to, just as blackbox_exporter would
// say. A probe that failed for our own reasons is neither: no series, so that
// our trouble pages nobody for theirs.
func success(r probes.Result) int8 {
	switch {
	case r.Verdict == probes.Healthy || r.Verdict == probes.Degraded:
		return 1
	case r.Fault == probes.FaultInternal || r.Fault == probes.FaultCanceled:
		return -1
	default:
		return 0
	}
}

func (s *sample) certificate(rep certificate.Report) {
	if rep.At.IsZero() {
		return
	}
	s.certVerdict, s.certFault = certificateVerdicts.word(rep.Verdict), string(probes.FaultNone)
	if len(rep.Faults) > 0 {
		s.certFault = certificateFaults.word(rep.Faults[0])
	}
	s.certStarted, s.certEnd = rep.At.UnixMilli(), unixOr(rep.NotAfter)
}

// factsOf hashes an address with FNV-1a over its bytes, as blackbox_exporter
// does: the number only says whether the address has changed.
func factsOf(a netip.Addr) addrFacts {
	if !a.IsValid() {
		return addrFacts{}
	}
	full, facts := a.Unmap().As16(), addrFacts{protocol: 6}
	octets := full[:]
	if a.Unmap().Is4() {
		octets, facts.protocol = full[12:], 4
	}
	h := fnv.New32a()
	_, _ = h.Write(octets) // a hash never fails
	facts.hash = h.Sum32()
	return facts
}

func unixOr(t time.Time) int64 {
	if t.IsZero() {
		return none
	}
	return t.Unix()
}

// labelStore keeps written-out labels together, so that 100,000 of them are
// not 100,000 allocations.
type labelStore struct{ block []byte }

const labelBlock = 64 << 10

func (l *labelStore) add(row ProbeRow) []byte {
	// Escaping at most triples a text: \n for one byte, U+FFFD for a bad one.
	most := len(`endpoint="",merchant="",instance=""`) + 3*(len(row.Endpoint)+len(row.Merchant)+len(row.Shown))
	if cap(l.block)-len(l.block) < most {
		l.block = make([]byte, 0, max(labelBlock, most))
	}
	start := len(l.block)
	b := l.block
	b = appendLabel(b, "endpoint", row.Endpoint)
	b = appendLabel(append(b, ','), "merchant", row.Merchant)
	b = appendLabel(append(b, ','), "instance", row.Shown)
	l.block = b
	return b[start:len(b):len(b)]
}

// appendLabel writes name="value" with the value escaped for the text format.
func appendLabel(b []byte, name, value string) []byte {
	b = append(append(b, name...), '=', '"')
	switch {
	case !utf8.ValidString(value):
		value = strings.ToValidUTF8(value, "\uFFFD")
		fallthrough
	case strings.ContainsAny(value, "\\\"\n"):
		for i := range len(value) {
			switch c := value[i]; c {
			case '\\', '"':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			default:
				b = append(b, c)
			}
		}
	default:
		b = append(b, value...)
	}
	return append(b, '"')
}
