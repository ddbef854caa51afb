package deliveries

// keySlot is what is remembered under one key: 40 bytes. What a, b, c and
// flags mean is up to the owner.
type keySlot struct {
	hash    uint64
	a, b, c int64
	seen    int32 // minutes since 1970, when the key was first seen
	flags   uint32
}

// keyChunk is how many slots are allocated at once.
const keyChunk = 1024

// keyRing is a hash table of bounded size that forgets in the order in which
// keys came. Slots stand in a ring of chunks, which come and go with use; the
// index finds them by open addressing, at most three quarters full. A key
// takes 40 bytes and 5.3 to 10.7 of the index, one chunk aside. A slot stays
// where it is until it is dropped.
type keyRing struct {
	max    int
	head   int // position of the oldest
	n      int
	chunks []*[keyChunk]keySlot
	spare  *[keyChunk]keySlot
	index  []uint32 // position + 1; 0: free. Its length is a power of two
}

// newKeyRing returns a ring for at most so many keys, at least one.
func newKeyRing(most int) keyRing {
	most = max(most, 1)
	// One chunk more than needed: newest and oldest never share one from two sides.
	return keyRing{max: most, chunks: make([]*[keyChunk]keySlot, (most+keyChunk-1)/keyChunk+1), index: make([]uint32, 64)}
}

func (r *keyRing) slot(position int) *keySlot { return &r.chunks[position/keyChunk][position%keyChunk] }

// position is that of the ith oldest.
func (r *keyRing) position(i int) int { return (r.head + i) % (len(r.chunks) * keyChunk) }

// find returns the slot of a key, nil when there is none.
func (r *keyRing) find(hash uint64) *keySlot {
	for i := r.home(hash); r.index[i] != 0; i = r.next(i) {
		if s := r.slot(int(r.index[i] - 1)); s.hash == hash {
			return s
		}
	}
	return nil
}

// add returns a fresh slot for a key that is not there. A full ring drops its
// oldest first, and says so.
func (r *keyRing) add(hash uint64, seen int32) (s *keySlot, dropped bool) {
	if dropped = r.n >= r.max; dropped {
		r.dropOldest()
	}
	if 4*(r.n+1) > 3*len(r.index) {
		r.widen()
	}
	p := r.position(r.n)
	if r.chunks[p/keyChunk] == nil {
		r.chunks[p/keyChunk], r.spare = r.spare, nil
	}
	if r.chunks[p/keyChunk] == nil {
		r.chunks[p/keyChunk] = new([keyChunk]keySlot)
	}
	s = r.slot(p)
	*s = keySlot{hash: hash, seen: seen}
	r.n++
	r.enter(p)
	return s, dropped
}

// expire drops all keys that were first seen before a minute.
func (r *keyRing) expire(before int32) {
	for r.n > 0 && r.slot(r.head).seen < before {
		r.dropOldest()
	}
}

// filter drops all keys but those that keep wants.
func (r *keyRing) filter(keep func(*keySlot) bool) {
	old := *r
	*r = newKeyRing(old.max)
	for i := range old.n {
		if s := old.slot(old.position(i)); keep(s) {
			kept, _ := r.add(s.hash, s.seen)
			*kept = *s
		}
	}
}

func (r *keyRing) dropOldest() {
	r.leave(r.head)
	chunk := r.head / keyChunk
	r.head = r.position(1)
	r.n--
	if r.n == 0 || r.head/keyChunk != chunk {
		r.spare, r.chunks[chunk] = r.chunks[chunk], nil
	}
}

func (r *keyRing) home(hash uint64) int { return int(hash & uint64(len(r.index)-1)) }
func (r *keyRing) next(i int) int       { return (i + 1) & (len(r.index) - 1) }

// enter puts a position into the index.
func (r *keyRing) enter(position int) {
	i := r.home(r.slot(position).hash)
	for r.index[i] != 0 {
		i = r.next(i)
	}
	r.index[i] = uint32(position + 1)
}

// leave takes a position out of the index and moves up those behind it that
// would not be found any more.
func (r *keyRing) leave(position int) {
	free := r.home(r.slot(position).hash)
	for r.index[free] != uint32(position+1) {
		free = r.next(free)
	}
	mask := len(r.index) - 1
	for i := r.next(free); r.index[i] != 0; i = r.next(i) {
		home := r.home(r.slot(int(r.index[i] - 1)).hash)
		if (i-home)&mask >= (i-free)&mask {
			r.index[free], free = r.index[i], i
		}
	}
	r.index[free] = 0
}

func (r *keyRing) widen() {
	r.index = make([]uint32, 2*len(r.index))
	for i := range r.n {
		r.enter(r.position(i))
	}
}
