package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// What the jobs get at shutdown: those that run, and the last save. It has what
// the parts before it left, which is nearly all but when looks hang.
const (
	jobGrace  = 500 * time.Millisecond
	saveGrace = 3 * time.Second
)

// digestTicks is how often a window is looked after: each 30 s of six hours.
const digestTicks = 720

// job is one duty that is done again and again. There are a handful of them,
// never one for each endpoint: gocron is a clock, not a ledger.
type job struct {
	name  string
	every time.Duration
	do    func(context.Context)
}

func (d *Daemon) jobs() []job {
	return slices.Concat([]job{
		{"save results", min(10*time.Second, d.quarters.length), d.save},
		{"listen", time.Second, d.listens},
		{"save heard", 10 * time.Second, d.saveHeard},
		{"count states", 5 * time.Second, d.countStates},
		{"count facts", 5 * time.Second, d.countFacts},
		{"digests", max(time.Second, min(30*time.Second, d.settings.Load().Digest.Config.Every/digestTicks)), d.tickDigests},
		{"count backlog", time.Minute, d.countBacklog},
		{"judge sources", time.Minute, d.judgeSources},
		{"reconcile", time.Minute, d.reconcile},
		{"judge slow endpoints", 5 * time.Minute, d.judgeSlow},
		{"save gaps", 5 * time.Minute, d.saveGaps},
		{"discover", discoverEvery, d.discover},
		{"retention", time.Hour, d.retain},
		{"planned work", 5 * time.Second, d.refreshQuiet},
		{"drop what was quiet", time.Hour, d.dropQuiet},
		{"self-audit", 10 * time.Second, d.selfAudit},
		{"certificate files", 5 * time.Minute, d.lookAtFiles},
		{"listener certificate", time.Minute, d.refreshListenerCertificate},
	}, d.oursideJobs(func() []config.Canary { return d.settings.Load().Canaries }, d.metrics.OurSide), d.watch.jobs())
}

// runJobs runs the duty jobs until ctx ends, and lets what runs finish.
func (d *Daemon) runJobs(ctx context.Context) error {
	s, err := gocron.NewScheduler(
		gocron.WithLocation(time.UTC),
		gocron.WithStopTimeout(jobGrace),
		gocron.WithGlobalJobOptions(
			gocron.WithSingletonMode(gocron.LimitModeReschedule),
			gocron.WithEventListeners(gocron.AfterJobRunsWithPanic(func(_ uuid.UUID, name string, v any) {
				d.log.Error("panic recovered", "part", "job", "job", name, "panic", fmt.Sprint(v))
				d.metrics.Panicked("job")
			})),
		),
	)
	if err != nil {
		return err
	}
	for _, j := range d.jobs() {
		if _, err := s.NewJob(gocron.DurationJob(j.every), gocron.NewTask(j.do, ctx), gocron.WithName(j.name), gocron.WithStartAt(gocron.WithStartImmediately())); err != nil {
			return fmt.Errorf("job %s: %w", j.name, err)
		}
	}
	s.Start()
	<-ctx.Done()
	if err := s.Shutdown(); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	// What the last looks found is saved once more, after the looks have ended.
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveGrace) // ctx has ended
	defer cancel()
	d.save(final)
	d.saveHeard(final)
	return ctx.Err()
}

// countStates gives the metrics the number of endpoints in each state.
func (d *Daemon) countStates(context.Context) {
	now, states, verdicts := time.Now(), map[rules.Word]int{}, map[certificate.Verdict]int{}
	snap := d.registry.Snapshot()
	for _, w := range snap.KnownEndpoints() {
		v := d.board.view(w, now)
		word, _ := rules.EndpointState(v)
		states[word]++
		if !v.Certificate.Report.At.IsZero() {
			verdicts[v.Certificate.Report.Verdict]++
		}
	}
	for _, t := range snap.Targets() {
		if v := d.board.target(t, now); !v.Report.At.IsZero() {
			verdicts[v.Report.Verdict]++
		}
	}
	d.metrics.States(states)
	d.metrics.CertificateVerdicts(verdicts)
	d.metrics.InFlight(signalProbe, d.probeTurns.Running())
	d.metrics.InFlight(signalCertificate, d.certificateTurns.Running())
}
