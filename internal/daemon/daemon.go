package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/internal/subscription"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// SocketName is the unix socket in the data directory by which the command
// line reaches a running daemon.
const SocketName = "hookvigil.sock"

// How long each part may take to stop; together less than the 10 s of DESIGN
// section 12.
const (
	drainLooks = probeGrace + 500*time.Millisecond
	drainJobs  = 1600 * time.Millisecond
	drainHTTP  = 1000 * time.Millisecond
	drainAll   = drainFeeds + drainLooks + drainAttempts + drainConditions + drainDesk + drainJobs + drainHTTP
)

// rescueWithin bounds the copy of a state.db that is gone: what is worth more
// than a stop in time, and less than the 90 s after which systemd kills.
const rescueWithin = time.Minute

// Options is what a daemon is made of.
type Options struct {
	Config  *config.Config
	Version string
	Log     *slog.Logger

	// Load reads the configuration again, for a reload.
	Load func() (*config.Config, []config.Fault)
}

// Daemon is one running hookvigil.
type Daemon struct {
	opts    Options
	log     *slog.Logger
	started time.Time
	base    context.Context //nolint:containedctx // bounds self-tests that no request owns

	store    *store.Store
	registry *Registry
	board    *board
	causes   causes
	metrics  *dashboards.Metrics
	server   *api.Server
	eyes     atomic.Pointer[eyes]
	column   column
	resolver *ingest.Resolver // of attempts, whichever way they come
	feeds    *feeds

	digest       atomic.Pointer[digest.Digest]
	digestConfig digest.Config // that digest was made with; of open and reloads alone
	quarters     *quarters
	watch        *watch
	pressing     slackButtons
	merchants    atomic.Pointer[merchantIndex]

	unsubscribing subscription.Key // of the links by which digests end; set by open; zero: it cannot be read

	probeTurns, certificateTurns       *probes.Schedule
	probeLateness, certificateLateness lateness
	saved                              savePoint
	listenerCert                       listenerCertificate
	listening                          atomic.Pointer[net.Addr]

	ready, stopping atomic.Bool
	problems        atomic.Pointer[[]string] // as the last self-audit found them

	atStart   *config.Config                // what only counts at start is compared with this
	settings  atomic.Pointer[config.Config] // in force, without its records: the registry holds them
	reloading sync.Mutex                    // one reload at a time
	reloaded  atomic.Pointer[reloadOutcome]
	saving    sync.Mutex // saving and dropping of results do not overlap
}

// New returns a daemon that has started nothing yet.
func New(opts Options) *Daemon {
	most := mostLooks()
	d := &Daemon{
		opts: opts, log: opts.Log, metrics: dashboards.New(opts.Version),
		probeTurns: probes.NewSchedule(most), certificateTurns: probes.NewSchedule(most), quarters: newQuarters(opts.Config.Digest.Bucket),
	}
	d.atStart = withoutRecords(opts.Config)
	d.settings.Store(d.atStart)
	d.watch = newWatch(d, func() config.Deadman { return d.settings.Load().Deadman }, d.metrics)
	d.registry = newRegistry(nil, d.swapped)
	d.board = newBoard(d.registry.Snapshot, d.deliveries)
	d.resolver = ingest.NewResolver(d.registry.Snapshot, d.takesSource, intake{d})
	d.feeds = newFeeds(d)
	d.feeds.set(opts.Config.Sources)
	return d
}

// Run opens everything, runs until ctx ends, and drains in order. It returns
// nil after an orderly stop.
func (d *Daemon) Run(ctx context.Context) (err error) {
	d.started = time.Now()
	d.base = context.WithoutCancel(ctx) // self-tests go on while draining
	d.saved.note(nil, d.started)
	if err := d.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	listeners, err := d.listen(ctx)
	if err != nil {
		return err
	}
	d.log.Info("started", "version", d.opts.Version, "config", d.settings.Load().Path, "listen", listeners.tcp.Addr().String(),
		"endpoints", len(d.registry.Snapshot().Endpoints()), "targets", len(d.registry.Snapshot().Targets()),
		"took", time.Since(d.started).Round(time.Millisecond))
	d.ready.Store(true)
	marked, stop := d.marksStopping(ctx)
	defer stop()
	return runAll(marked, d.log, []part{
		{name: "feeds", run: d.feeds.Run, drain: drainFeeds},
		{name: "looks and lanes", run: d.runLooksAndLanes, drain: drainLooks},
		{name: "attempts", run: d.column.runAttempts, drain: drainAttempts},
		{name: "conditions", run: d.column.conditions.Run, drain: drainConditions},
		{name: "desk", run: d.column.clerk.Run, drain: drainDesk},
		{name: "jobs", run: d.runJobs, drain: drainJobs},
		{name: "http", run: listeners.serve, drain: drainHTTP},
	})
}

// marksStopping returns a context that ends with ctx, after readiness is gone.
func (d *Daemon) marksStopping(ctx context.Context) (context.Context, func()) {
	marked, cancel := context.WithCancel(context.WithoutCancel(ctx)) // ends a moment after ctx
	stop := context.AfterFunc(ctx, func() {
		d.stopping.Store(true)
		d.log.Info("stopping", "bound", drainAll)
		cancel()
	})
	return marked, func() { stop(); cancel() }
}

// runLooksAndLanes runs what talks to others, side by side: both signals, each
// with its own schedule, the outbox, and Slack's sockets. They stop together, because what is
// on the wire takes longest.
func (d *Daemon) runLooksAndLanes(ctx context.Context) error {
	return besides(ctx, d.runProbes, d.runCertificates, d.watch.run, d.column.outbox.Run, d.runSockets)
}

// open gets the store, the memory of the last run and the registry ready.
func (d *Daemon) open(ctx context.Context) error {
	cfg := d.opts.Config
	d.opts.Config = nil // 100,000 endpoints are not kept twice
	st, err := store.OpenWith(ctx, cfg.DataDir, store.Options{Bucket: cfg.Digest.Bucket}, d.log)
	if err != nil {
		return err
	}
	d.store, d.registry.store = st, st
	looks, err := st.Looks(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("last results: %w", err), st.Close())
	}
	d.board.restore(looks)
	d.openUnsubscribing(cfg.DataDir)
	err = d.openColumn(ctx, cfg)
	if err == nil {
		_, _, err = d.importFile(ctx, cfg)
	}
	if err == nil {
		err = d.followEvents(ctx)
	}
	if err == nil {
		err = d.loadHeard(ctx, looks)
	}
	if err != nil {
		return errors.Join(err, d.column.close(), st.Close())
	}
	d.forget(d.board.strangers())
	d.strayConditions()
	d.metrics.Reloaded(true, time.Now())
	d.server = d.newServer(cfg)
	return nil
}

func withoutRecords(cfg *config.Config) *config.Config {
	slim := *cfg
	slim.Records = registry.Records{}
	return &slim
}

// openEyes makes eyes from cfg.
func (d *Daemon) openEyes(cfg *config.Config) *eyes {
	guard := probes.NewGuard(cfg.Guard)
	prober := probes.NewProber(probes.Config{Version: d.opts.Version, OperatorURL: cfg.Server.OperatorURL, Roots: cfg.Defaults.Roots},
		guard, d.log, func() { d.metrics.Panicked("probe") })
	looker := &certificate.Looker{Guard: guard, Log: d.log, Panicked: func() { d.metrics.Panicked("certificate") }}
	return &eyes{prober: prober, looker: looker}
}

// importFile merges the file's records into the registry. The eyes that they
// are looked at with are made first, and swapped with them.
func (d *Daemon) importFile(ctx context.Context, cfg *config.Config) (registry.Diff, []registry.RecordFault, error) {
	next := d.eyes.Load()
	if next == nil || eyesDiffer(d.settings.Load(), cfg) {
		next = d.openEyes(cfg)
	}
	diff, faults, err := d.registry.Import(ctx, cfg.Records, cfg.Defaults, func() {
		if old := d.eyes.Swap(next); old != nil && old != next {
			old.prober.Close()
		}
	})
	if err != nil {
		return diff, nil, fmt.Errorf("registry: %w", err)
	}
	for _, f := range faults {
		if !f.Warning {
			d.log.Warn("record left out", "kind", f.Kind, "id", f.ID, "path", f.Path, "problem", f.Message)
		}
	}
	if lost := registry.CheckReceivers(d.registry.Snapshot().Merchants(), cfg.Defaults); len(lost) > 0 { // by the API, which the file knows nothing of
		d.log.Warn("merchants get no digest in Slack: their receiver is not configured any more", "merchants", len(lost), "first", lost[0].String())
	}
	return diff, faults, nil
}

// swapped follows each change of the registry: schedules, memory, metrics.
func (d *Daemon) swapped(snap *registry.Snapshot, diff registry.Diff) {
	d.setTurns(snap, diff)
	d.unwatched(snap, diff)
	var gone []store.Subject
	for _, id := range diff.Endpoints.Removed {
		gone = append(gone, endpointSubject(id))
	}
	for _, id := range diff.Targets.Removed {
		gone = append(gone, targetSubject(id))
	}
	d.forget(gone)
	for _, id := range slices.Concat(diff.Endpoints.Changed, diff.Endpoints.Removed) {
		d.eyes.Load().prober.Forget(id)
		d.quarters.forget(id)
	}
	d.metrics.Registered(len(snap.Merchants()), len(snap.Endpoints()), len(snap.Targets()))
	if !diff.Empty() {
		d.log.Info("registry changed", "diff", diff.String())
	}
}

// forget drops the results of what is no longer watched.
func (d *Daemon) forget(gone []store.Subject) {
	if len(gone) == 0 {
		return
	}
	d.board.forget(gone)
	d.saving.Lock()
	defer d.saving.Unlock()
	if err := d.store.DropLooks(d.base, gone); err != nil {
		d.metrics.StoreFailed("drop_looks")
		d.log.Warn("old results not dropped", "looks", len(gone), "err", err)
	}
}

// close ends what open began.
func (d *Daemon) close() error {
	d.eyes.Load().prober.Close()
	d.rescue()
	if err := errors.Join(d.column.close(), d.store.Close()); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	d.log.Info("stopped", "ran", time.Since(d.started).Round(time.Second))
	return nil
}

// rescue leaves a copy of a state.db that was taken away under this daemon.
func (d *Daemon) rescue() {
	ctx, cancel := context.WithTimeout(d.base, rescueWithin)
	defer cancel()
	path, err := d.store.Rescue(ctx)
	switch {
	case err != nil:
		d.log.Error("state.db is gone, and could not be copied: incidents, notices and what the API was given are lost", "err", err)
	case path != "":
		d.log.Error("state.db is gone; what was in it is in a copy, to be renamed to state.db before the next start", "copy", path)
	}
}

// Addr returns the address of the TCP listener, empty before it listens.
func (d *Daemon) Addr() string {
	if a := d.listening.Load(); a != nil {
		return (*a).String()
	}
	return ""
}

// socketPath is where the command line finds the daemon.
func socketPath(dataDir string) string { return filepath.Join(dataDir, SocketName) }

// removeStale removes a socket that a killed daemon left behind. The lock of
// the data directory is held, so that no other daemon can be using it.
func removeStale(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("old socket: %w", err)
	}
	return nil
}
