package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// busyHouse is a store with live incidents, each of one certificate that was
// told to two lanes, and 100,000 that are over.
func busyHouse(b *testing.B, live int) *store.Store {
	b.Helper()
	dir := b.TempDir()
	s := open(b, dir)
	var all conditions.Commit
	for i := range live {
		e, c := failed(fmt.Sprint("live", i), fmt.Sprint("h", i), minute(0), minute(2))
		c.Key.Rule, e.Rule = rules.RuleCertificate, rules.RuleCertificate
		all.Standing, all.Changes = append(all.Standing, e.Standing), append(all.Changes, c)
	}
	commitShard(b, s, all)
	for turn(b, s, minute(3)).More {
		continue
	}
	shut(b, s)
	edit(b, filepath.Join(dir, "state.db"), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
		INSERT INTO incident (id, group_key, generation, kind, scope, severity, state, title, facts, started_at, detected_at, opened_at, resolved_at, updated_at)
		SELECT 'old' || i, 'v1:endpoint:old' || (i % 5000), i / 5000 + 1, 'endpoint_down', 'endpoint:old' || (i % 5000), 'high', 'resolved', 't', '{"evidence":{}}', i, i, i, i, i FROM n;
		INSERT INTO incident_member (incident, rule, scope, episode, joined_at, left_at)
		SELECT id, kind, scope, generation, opened_at, resolved_at FROM incident WHERE id LIKE 'old%'`)
	return open(b, dir)
}

// BenchmarkDeskTurn takes one turn on one change, or on as many as a turn
// takes, beside 2,000 live incidents and 100,000 that are over.
func BenchmarkDeskTurn(b *testing.B) {
	for _, changes := range []int{1, 500} {
		b.Run(fmt.Sprintf("%d_changes", changes), func(b *testing.B) {
			s := busyHouse(b, 2000)
			n := 0
			for b.Loop() {
				b.StopTimer()
				var all conditions.Commit
				for range changes {
					// An hour apart: none has a common cause.
					e, c := failed(fmt.Sprint("new", n), fmt.Sprint("h", n), noon.Add(time.Duration(n)*time.Hour), minute(4))
					all.Standing, all.Changes = append(all.Standing, e.Standing), append(all.Changes, c)
					n++
				}
				commitShard(b, s, all)
				b.StartTimer()
				if got := turn(b, s, minute(5)); got.Changes != changes {
					b.Fatalf("%d changes", got.Changes)
				}
			}
		})
	}
}

// BenchmarkDeskIdle is what the desk does each second when nothing happens, and
// what it does every ten.
func BenchmarkDeskIdle(b *testing.B) {
	for _, orphans := range []bool{false, true} {
		b.Run(fmt.Sprintf("orphans_%t", orphans), func(b *testing.B) {
			s := busyHouse(b, 2000)
			r := alerting.DeskRequest{Now: minute(5), Reopen: 30 * time.Minute, Limit: 500, Orphans: orphans}
			for b.Loop() {
				_, err := s.CommitDesk(b.Context(), r, func(alerting.World, []rules.Change) alerting.Decision {
					b.Error("it found something")
					return alerting.Decision{}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkConditionsCommit is one commit of 1,000 conditions that open.
func BenchmarkConditionsCommit(b *testing.B) {
	s := open(b, b.TempDir())
	n := 0
	for b.Loop() {
		var all conditions.Commit
		for range 1000 {
			e, c := failed(fmt.Sprint("e", n), "h", noon, minute(2))
			all.Standing, all.Changes = append(all.Standing, e.Standing), append(all.Changes, c)
			n++
		}
		commitShard(b, s, all)
	}
}
