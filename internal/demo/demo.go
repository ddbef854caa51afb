package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/daemon"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

const (
	readyWait   = 2 * time.Minute // for the daemon to be ready; one that cannot be says so at once
	readyEvery  = 50 * time.Millisecond
	headTime    = 5 * time.Second // for the head of a request to the page
	defaultPage = "127.0.0.1:0"
)

// Options shape a demonstration. The zero value is useful.
type Options struct {
	Log     *slog.Logger // of the daemon and of what is around it; nil: none
	Out     io.Writer    // gets the address of the page and what to watch for; nil: nobody reads it
	Listen  string       // loopback address with port of the page; empty: 127.0.0.1 and any port
	Version string       // what the daemon calls itself; empty: demo
	Once    bool         // end with the story; false: go on in good health until ctx ends
}

// Run plays the demonstration until ctx ends, or with Once until the story is
// over, and takes everything away again. It blocks, and returns nil after
// either; an error says what could not be started or stopped by itself.
func Run(ctx context.Context, o Options) error {
	d, err := open(ctx, o)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer d.close()
	if err := d.run(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// demo is one demonstration.
type demo struct {
	opts    Options
	dir     string // temporary
	stage   *stage
	sinks   *sinks
	page    net.Listener
	api     string // "http://127.0.0.1:1234", of the daemon
	listen  string // "127.0.0.1:1234", likewise
	release func() // gives that port back; nil: it is not held
	daemon  *daemon.Daemon
	sender  *sender
	begun   time.Time
	handed  func([]attempt)       // is told of what was handed in; nil: nobody is
	last    func(context.Context) // is called when the story is over, before the end; nil: nobody is
	started sync.WaitGroup        // of all goroutines
}

// open starts what the daemon talks to, and makes the daemon.
func open(ctx context.Context, o Options) (_ *demo, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Version == "" {
		o.Version = "demo"
	}
	d := &demo{opts: o}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.page, err = listenLoopback(ctx, o.Listen); err != nil {
		return nil, err
	}
	if d.dir, err = os.MkdirTemp("", "hookvigil-demo-"); err != nil {
		return nil, err
	}
	if d.stage, err = openStage(); err != nil {
		return nil, err
	}
	if d.sinks, err = openSinks(); err != nil {
		return nil, err
	}
	return d, d.prepare()
}

// prepare makes the daemon from its file.
func (d *demo) prepare() error {
	free, release, err := hooktest.HoldPort() // it has to stand in the daemon's file, where notices find it for their links
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	d.release = release
	path, err := writeSettings(d.dir, free, d.stage, d.sinks, time.Now())
	if err != nil {
		return err
	}
	cfg, err := loadSettings(path)
	if err != nil {
		return err
	}
	d.api, d.listen = "http://"+free, free
	d.daemon = daemon.New(daemon.Options{
		Config: cfg, Version: d.opts.Version, Log: d.opts.Log,
		Load: func() (*config.Config, []config.Fault) { return config.Load(path) },
	})
	return nil
}

// close takes away what open has put up; parts may be missing.
func (d *demo) close() {
	if d.page != nil {
		_ = d.page.Close() // the server of the page may have closed it
	}
	if d.stage != nil {
		d.stage.close()
	}
	if d.sinks != nil {
		d.sinks.close()
	}
	if d.release != nil {
		d.release()
	}
	if d.dir != "" {
		if err := os.RemoveAll(d.dir); err != nil {
			d.opts.Log.Warn("temporary folder stays", "dir", d.dir, "err", err)
		}
	}
}

// run starts the daemon, waits until it is ready, and plays the story.
func (d *demo) run(ctx context.Context) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer d.started.Wait()
	defer cancel(nil)
	d.started.Go(func() {
		if err := d.daemon.Run(inner); err != nil {
			cancel(err)
		}
	})
	if err := d.awaitReady(inner); err != nil {
		cancel(err)
		return ended(ctx, inner)
	}
	d.begun = time.Now()
	if err := d.alignWindows(inner); err != nil {
		return err
	}
	d.sender = &sender{url: d.api + "/api/v1/attempts", log: d.opts.Log, handed: d.handed, begun: d.begun, stream: newTraffic(d.begun, 1)}
	d.started.Go(func() { d.sender.run(inner) })
	d.started.Go(func() {
		if err := d.stage.play(inner, d.begun); err != nil {
			cancel(err)
		}
	})
	stop := d.servePage(inner, cancel)
	defer stop()
	d.greet()
	if d.opts.Once {
		if sleep(inner, allResolved) && d.last != nil {
			d.last(inner)
		}
	} else {
		<-inner.Done()
	}
	return ended(ctx, inner)
}

// alignWindows lets the windows of digests follow the story, now that it
// begins: by a reload, as anybody would.
func (d *demo) alignWindows(ctx context.Context) error {
	if _, err := writeSettings(d.dir, d.listen, d.stage, d.sinks, d.begun); err != nil {
		return err
	}
	report, err := d.daemon.Reload(ctx)
	for _, f := range report.Faults {
		err = errors.Join(err, fmt.Errorf("settings: %s: %s", f.Path, f.Message))
	}
	return err
}

// ended returns why a demonstration ended by itself; nil when it was asked to.
func ended(ctx, inner context.Context) error {
	if ctx.Err() == nil {
		return context.Cause(inner)
	}
	return nil
}

// greet says where the page is, and what to watch for.
func (d *demo) greet() {
	fmt.Fprintf(d.opts.Out, `hookvigil demo: http://%s

  0:00  all is well: sixteen endpoints of twelve merchants answer
  0:25  "21:48"  4%% of all traffic fails, two certificates run out, an endpoint hangs: four causes, four incidents
  1:08  "22:31"  the first fix: better is not good, the platform's incident stays open
  1:47  "23:10"  full recovery: each incident is resolved in its own thread
  2:27  "23:50"  the health digests: three merchants get theirs by mail, the platform's own goes to Slack

A published incident, one second for each minute of it. Everything is on this machine; Ctrl-C ends it.
`, d.page.Addr())
}

// awaitReady asks the daemon until it says that it is ready.
func (d *demo) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyWait, errors.New("the daemon is not ready after "+readyWait.String()))
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.api+"/-/ready", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close() // only the status matters
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if !sleep(ctx, readyEvery) {
			return context.Cause(ctx)
		}
	}
}

// servePage serves the page until ctx ends; the function that it returns waits for
// the end.
func (d *demo) servePage(ctx context.Context, cancel context.CancelCauseFunc) func() {
	server := &http.Server{Handler: newPage(d), ReadHeaderTimeout: headTime, ErrorLog: slog.NewLogLogger(d.opts.Log.Handler(), slog.LevelDebug)}
	end := context.AfterFunc(ctx, func() { _ = server.Close() }) // nobody waits for an answer any more
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(d.page); !errors.Is(err, http.ErrServerClosed) {
			cancel(fmt.Errorf("page: %w", err))
		}
	})
	return func() {
		end()
		_ = server.Close() // as above
		wg.Wait()
	}
}

// listenLoopback listens for the page. Nobody else may see it: it has no login.
func listenLoopback(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = defaultPage
	}
	if port, ok := strings.CutPrefix(address, "localhost:"); ok {
		address = "127.0.0.1:" + port
	}
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !addr.Addr().IsLoopback() {
		return nil, fmt.Errorf("listen: %q is not a loopback address with a port; wanted one such as 127.0.0.1:8421, or 127.0.0.1:0 for any port", address)
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return ln, nil
}
