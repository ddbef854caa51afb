package dashboards

import (
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// ProbesContentType is what [WriteProbes] and [WriteProbe] write.
const ProbesContentType = "text/plain; version=0.0.4; charset=utf-8"

// ProbeRow is one endpoint as its series tell it. A target of our own is a
// row without Merchant, State and Result, and its address in Shown.
type ProbeRow struct {
	Endpoint string // ID
	Merchant string // ID
	Shown    string // URL as people may see it: no query, no user info

	State         rules.Word         // empty: no series
	Result        probes.Result      // as judged (probes.Memory.Last); zero At: not probed yet
	Report        certificate.Report // zero At: not looked at yet
	LastUnhealthy time.Time          // when State was last a bad one; zero: never. For ProbeOptions.Hold
}

// ProbeMode says which endpoints have series.
type ProbeMode string

// The modes. The zero value means all.
const (
	ProbesAll       ProbeMode = "all"
	ProbesUnhealthy ProbeMode = "unhealthy" // a bad state or a fault, and for ProbeOptions.Hold after it
	ProbesOff       ProbeMode = "off"
)

// ProbeOptions says what [WriteProbes] writes. The zero value writes
// everything.
type ProbeOptions struct {
	Mode   ProbeMode
	Shard  int           // 0 to Shards-1
	Shards int           // 0 and 1: not sharded
	Limit  int           // most series; 0: no limit
	Hold   time.Duration // in mode unhealthy: how long a recovered endpoint stays, so that alerts see it recover
	Now    time.Time     // for Hold
}

// Validate says what is wrong with o.
func (o ProbeOptions) Validate() error {
	switch o.Mode {
	case "", ProbesAll, ProbesUnhealthy, ProbesOff:
	default:
		return fmt.Errorf("mode: %.20q is not known; one of all, unhealthy, off", string(o.Mode))
	}
	if o.Shards < 0 || o.Shard < 0 || (o.Shard > 0 && o.Shard >= o.Shards) {
		return fmt.Errorf("shard: %d of %d shards; wanted 0 to shards-1", o.Shard, o.Shards)
	}
	if o.Limit < 0 {
		return fmt.Errorf("limit: %d is less than 0, which means no limit", o.Limit)
	}
	return nil
}

// ProbesWritten counts what one [WriteProbes] did.
type ProbesWritten struct {
	Rows    int // endpoints written
	Series  int // series written for them
	Dropped int // series left out by ProbeOptions.Limit; also in the gauge hookvigil_probe_series_dropped
}

// WriteProbes writes the series of all rows that o asks for, grouped by name,
// in the Prometheus text format 0.0.4. It ranges over rows once and keeps
// about 250 bytes of each until it returns; to w it writes in blocks of 64
// KiB. Beyond o.Limit whole endpoints are left out and counted. The error is
// that of o.Validate or of w.
//
// Every series has the labels endpoint, merchant and instance (the URL shown),
// so that a scrape of it needs honor_labels: true.
func WriteProbes(w io.Writer, rows iter.Seq[ProbeRow], o ProbeOptions) (ProbesWritten, error) {
	if err := o.Validate(); err != nil {
		return ProbesWritten{}, err
	}
	kept, done := collect(rows, o)
	e := newEncoder(w)
	e.begin(droppedFamily())
	e.int(&sample{}, int64(done.Dropped))
	for _, f := range probeFamilies() {
		e.begin(f)
		for _, block := range kept {
			for i := range block {
				f.write(e, &block[i])
			}
		}
	}
	return done, e.close()
}

// WriteProbe writes the series of one endpoint as blackbox_exporter answers
// /probe?target=: without the labels that say which endpoint it is, because
// the scraper adds its own. A row without a result has no probe_ series.
func WriteProbe(w io.Writer, row ProbeRow) error {
	e, s := newEncoder(w), sampleOf(row)
	for _, f := range probeFamilies() {
		e.begin(f)
		f.write(e, &s)
	}
	return e.close()
}

// sampleBlock is how many samples are kept in one piece.
const sampleBlock = 1024

// collect boils the rows down to what the series need.
func collect(rows iter.Seq[ProbeRow], o ProbeOptions) ([][]sample, ProbesWritten) {
	var (
		kept  [][]sample
		done  ProbesWritten
		store labelStore
		count = &encoder{dry: true}
		all   = probeFamilies()
		s     = new(sample)
	)
	if o.Mode == ProbesOff {
		return nil, done
	}
	for row := range rows {
		if !o.wants(row) {
			continue
		}
		*s, count.series = sampleOf(row), 0
		for _, f := range all {
			f.write(count, s)
		}
		if o.Limit > 0 && done.Series+count.series > o.Limit {
			done.Dropped += count.series
			continue
		}
		s.labels = store.add(row)
		if done.Rows%sampleBlock == 0 {
			kept = append(kept, make([]sample, 0, sampleBlock))
		}
		last := &kept[len(kept)-1]
		*last = append(*last, *s)
		done.Rows++
		done.Series += count.series
	}
	return kept, done
}

func (o ProbeOptions) wants(row ProbeRow) bool {
	if o.Shards > 1 && shardOf(row.Endpoint, o.Shards) != o.Shard {
		return false
	}
	return o.Mode != ProbesUnhealthy || row.unhealthy() ||
		(!row.LastUnhealthy.IsZero() && o.Now.Sub(row.LastUnhealthy) < o.Hold)
}

// unhealthy is what mode unhealthy shows: a bad state, a fault that has not
// become a state (a level never healthy here), or a bad certificate.
func (row ProbeRow) unhealthy() bool {
	switch row.State {
	case rules.StateHealthy, rules.StateNoData, "":
	default:
		return true
	}
	if v := row.Report.Verdict; v == certificate.Warn || v == certificate.Fail {
		return true
	}
	return !row.Result.At.IsZero() && row.Result.Fault != probes.FaultNone
}

// shardOf spreads endpoints over n shards; an endpoint keeps its shard for as
// long as n stays.
func shardOf(id string, n int) int {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // a hash never fails
	return int(h.Sum64() % uint64(n))
}
