package ingest

import "sync"

// recentAttempts is how many attempts a set of [recent] remembers at least
// half of: 2 x 16 bytes and what the map needs, about 40 MB when full.
const recentAttempts = 1 << 20

// attemptKey is the content hash of an attempt: equal for attempts that say
// the same, which then have the same identity.
type attemptKey [16]byte

// recent knows the attempts that were made durable lately, and those that are
// on their way. It is bounded: the older half goes when the newer one is full.
type recent struct {
	mu           sync.Mutex // guards the fields below
	newer, older map[attemptKey]struct{}
	half         int                    // how many the newer one takes
	flying       map[attemptKey]*flight // not durable yet
}

// flight is one call's attempts on their way into the log.
type flight struct{ landed chan struct{} } // closed once they are durable or forgotten

func newRecent(bound int) *recent {
	return &recent{newer: map[attemptKey]struct{}{}, half: bound / 2, flying: map[attemptKey]*flight{}}
}

// claim sorts the attempts of a call: those that nobody has, which fly with f
// from now on; those that fly with somebody else, by flight; and how many are
// known, or are told twice by the call itself.
func (r *recent) claim(f *flight, keys []attemptKey, which []int) (mine []int, others map[*flight][]int, known int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	mine = make([]int, 0, len(which))
	for _, i := range which {
		switch by := r.flying[keys[i]]; {
		case by == f || by == nil && r.hasLocked(keys[i]):
			known++
		case by != nil:
			if others == nil {
				others = map[*flight][]int{}
			}
			others[by] = append(others[by], i)
		default:
			r.flying[keys[i]] = f
			mine = append(mine, i)
		}
	}
	return mine, others, known
}

func (r *recent) hasLocked(k attemptKey) bool {
	if _, ok := r.newer[k]; ok {
		return true
	}
	_, ok := r.older[k]
	return ok
}

// remember makes attempts that flew known.
func (r *recent) remember(keys []attemptKey, which []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range which {
		delete(r.flying, keys[i])
		if len(r.newer) >= r.half {
			r.older, r.newer = r.newer, make(map[attemptKey]struct{}, r.half)
		}
		r.newer[keys[i]] = struct{}{}
	}
}

// forget drops what still flies with f, and tells those who wait for it.
func (r *recent) forget(f *flight, keys []attemptKey, which []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range which {
		if r.flying[keys[i]] == f {
			delete(r.flying, keys[i])
		}
	}
	close(f.landed)
}
