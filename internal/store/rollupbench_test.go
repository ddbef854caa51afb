package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	manyEndpoints = 100_000 // of a large installation
	benchQuarters = 24      // the window of a digest
)

// probed is a usual quarter of an endpoint that is probed each minute.
func probed(endpoint int, start time.Time) ProbeQuarter {
	q := ProbeQuarter{Endpoint: fmt.Sprintf("ep-%06d", endpoint), Start: start}
	for i := range 15 {
		fault := probes.FaultNone
		if endpoint%10 == 0 && i%5 == 0 {
			fault = probes.FaultHTTP5xx
		}
		q.Bucket.Add(fault, time.Duration(100+(endpoint+i*i)%90)*time.Millisecond)
		q.Bucket.Cover(time.Minute, fault != probes.FaultNone)
	}
	return q
}

// fillRollup writes both buckets of all endpoints, for some quarters before
// midday.
func fillRollup(tb testing.TB, s *Store, quarters int) {
	tb.Helper()
	data, err := probed(10, midday).Bucket.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := s.facts.w.ExecContext(tb.Context(), `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO dictionary (kind, id, value, seen_at) SELECT 'endpoint', i, printf('ep-%06d', i), 0 FROM n`, manyEndpoints); err != nil {
		tb.Fatal(err)
	}
	for i := range quarters {
		if _, err := s.facts.w.ExecContext(tb.Context(), `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
			INSERT INTO rollup (slot, endpoint, version, probe, deliveries) SELECT ?2, i, ?3, ?4, ?4 FROM n`,
			manyEndpoints, stepsOf(rules.BucketLength).slot(midday)-int64(quarters-i), rules.BucketVersion, data); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkEndpointBuckets reads a window of fifty endpoints beside a hundred
// thousand: neighbours, as those of one merchant are, and some that lie far
// apart, so that each row is on a page of its own.
func BenchmarkEndpointBuckets(b *testing.B) {
	s := openStore(b, b.TempDir())
	fillRollup(b, s, benchQuarters)
	for name, apart := range map[string]int{"neighbours": 1, "far apart": 1999} {
		b.Run(name, func(b *testing.B) {
			at, used := 0, cpuTime(b)
			for b.Loop() {
				asked := make([]string, 50)
				for i := range asked {
					asked[i] = fmt.Sprintf("ep-%06d", 1+(at+i)*apart%manyEndpoints)
				}
				at += len(asked)
				got, err := s.EndpointBuckets(b.Context(), asked, midday.Add(-benchQuarters*rules.BucketLength), midday)
				if err != nil || len(got) != 50*benchQuarters {
					b.Fatalf("%d quarters, %v", len(got), err)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-used).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkSaveProbes saves a quarter of all endpoints, new and once more.
func BenchmarkSaveProbes(b *testing.B) {
	for name, fresh := range map[string]bool{"new": true, "merged": false} {
		b.Run(name, func(b *testing.B) {
			s := openStore(b, b.TempDir())
			quarters := make([]ProbeQuarter, manyEndpoints)
			for i := range quarters {
				quarters[i] = probed(i, midday)
			}
			if err := s.SaveProbes(b.Context(), quarters); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for i := range quarters {
					if fresh {
						quarters[i].Start = quarters[i].Start.Add(rules.BucketLength)
					}
				}
				if err := s.SaveProbes(b.Context(), quarters); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
