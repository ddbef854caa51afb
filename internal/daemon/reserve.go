package daemon

import (
	"log/slog"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
)

// When the reserve is made again: our own choice.
const (
	reserveRest  = time.Minute     // the store has worked for so long since it was let go
	reserveRetry = 5 * time.Minute // after a try for which there was no room
)

// reserveKeeper makes the reserve for a full disk, and lets it go. Its methods
// do not block on the disk, but for keep and release themselves. It is safe
// for concurrent use.
type reserveKeeper struct {
	file *store.Reserve
	held func(bool) // the metrics
	log  *slog.Logger

	mu         sync.Mutex
	next       time.Time // not made before; guarded by mu, as what follows
	complained bool      // of the room that it does not find
}

// wanted reports whether the reserve should be made now.
func (r *reserveKeeper) wanted(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.file.Held() && !now.Before(r.next)
}

// postpone has it made at the earliest after d.
func (r *reserveKeeper) postpone(now time.Time, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = now.Add(d)
}

// keep makes the reserve.
func (r *reserveKeeper) keep() {
	err := r.file.Hold()
	r.held(err == nil)
	r.mu.Lock()
	again := r.complained
	r.complained = err != nil
	r.mu.Unlock()
	switch {
	case err != nil:
		r.postpone(time.Now(), reserveRetry)
		if !again {
			r.log.Warn("there is no room for the reserve of the store; tried again each 5 min", "err", err)
		}
	case again:
		r.log.Info("reserve of the store held")
	}
}

// release lets the reserve go.
func (r *reserveKeeper) release() {
	let, err := r.file.Release()
	r.held(false)
	r.postpone(time.Now(), reserveRest)
	switch {
	case err != nil:
		r.log.Error("reserve of the store not released", "err", err)
	case let:
		r.log.Warn("reserve of the store released, because it cannot be written", "bytes", int64(store.ReserveBytes))
	}
}
