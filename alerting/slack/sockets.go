package slack

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Times of sockets.
const (
	lookEvery  = 2 * time.Second  // at the configuration
	pauseMost  = time.Minute      // between two tries
	pauseAuth  = time.Minute      // after Slack has refused the token, at least
	steadyFrom = 10 * time.Second // a connection that lasted that long starts the back-off anew
	downFor    = time.Minute      // a socket that is down for less is no problem
)

// Run answers people, and keeps a socket for each app-level token that is
// configured, until ctx ends; then it returns nil, and leaves nothing behind.
// A socket that fails is opened again with back-off, for ever. Call it once.
func (b *Buttons) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer b.client.CloseIdleConnections()
	defer wg.Wait()
	defer stop()
	wg.Go(func() { b.answer(ctx) })
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	running := map[line]context.CancelFunc{}
	for {
		b.align(ctx, &wg, running)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// align begins the sockets that are wanted and not there, and ends the others.
func (b *Buttons) align(ctx context.Context, wg *sync.WaitGroup, running map[line]context.CancelFunc) {
	wanted := map[line]Config{}
	for _, a := range b.interactive(func(a App) bool { return a.Config.AppToken != "" }) {
		l := lineOf(a.Config)
		if _, known := wanted[l]; !known {
			wanted[l] = a.Config
		}
	}
	for l, cfg := range wanted {
		if running[l] == nil {
			inner, cancel := context.WithCancel(ctx)
			running[l] = cancel
			k := b.newSocket(l, cfg)
			wg.Go(func() { k.run(inner) })
		}
	}
	for l, cancel := range running {
		if _, still := wanted[l]; !still {
			cancel()
			delete(running, l)
		}
	}
}

func lineOf(c Config) line { return line{c.AppToken, c.apiURL()} }

// of returns the receivers that share the socket.
func (l line) of(b *Buttons) []App {
	return b.interactive(func(a App) bool { return a.Config.AppToken != "" && lineOf(a.Config) == l })
}

// Problems says which sockets have been down for a minute, one line each: what
// is pressed does not arrive. None: all is well.
func (b *Buttons) Problems(now time.Time) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for l, since := range b.down {
		if now.Sub(since) < downFor {
			continue
		}
		name := "?"
		for _, a := range l.of(b) {
			name = a.Receiver
			break
		}
		list = append(list, fmt.Sprintf("receiver %s: no connection to Slack's Socket Mode since %s: buttons do nothing", name, utc(since)))
	}
	slices.Sort(list)
	return list
}

// stands notes whether a socket is up; gone: it is not wanted any more.
func (b *Buttons) stands(l line, up, gone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, known := b.down[l]
	switch {
	case up || gone:
		delete(b.down, l)
	case !known:
		b.down[l] = time.Now()
	}
}

// pause is how long to wait before try n, from 1, after failed; random is in
// [0, 1). It is pure.
func pause(n int, failed *alerting.SendError, random float64) time.Duration {
	d := time.Duration(random * float64(min(pauseMost, time.Second<<min(n-1, 10))))
	switch {
	case failed == nil:
		return d
	case failed.Class == alerting.ClassLimited && failed.RetryAfter > 0:
		return failed.RetryAfter + d
	case failed.Class == alerting.ClassAuth:
		return pauseAuth + d
	default:
		return d
	}
}

func (k *socket) wait(ctx context.Context, n int, failed *alerting.SendError) {
	timer := time.NewTimer(pause(cmp.Or(n, 1), failed, rand.Float64()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
