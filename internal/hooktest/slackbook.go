package hooktest

import (
	"slices"
	"time"
)

// What a fake Slack remembers.
const (
	MaxSlackMessages = 65_536 // messages that are kept of one channel, the latest
	MaxSlackCalls    = 16_384 // calls that are kept, the latest
)

// slackRoom is a channel with its messages.
type slackRoom struct {
	SlackChannel
	posts []*slackPost // by TS, oldest first
	byTS  map[string]*slackPost
}

func newRoom(c SlackChannel) *slackRoom {
	return &slackRoom{SlackChannel: c, byTS: map[string]*slackPost{}}
}

// slackBook is what a fake Slack remembers; its methods need the server's
// mutex held.
type slackBook struct {
	rooms  map[string]*slackRoom // by ID
	clock  int64                 // microseconds of the latest TS
	copies map[string]int        // messages by idempotency key
	stats  SlackStats
	calls  []SlackCall
	bell   bell

	count   int             // of tickets, envelopes and presses so far: names them
	answers []SlackAnswer   // by response URL, the latest
	awaited map[string]bool // paths of response URLs that were given out
	tickets map[string]bool // of sockets that were not opened yet
	acks    map[string]int  // by envelope ID
	sockets []*slackSocket  // that are open
}

func newBook(channels []SlackChannel) slackBook {
	b := slackBook{rooms: map[string]*slackRoom{}, copies: map[string]int{}, awaited: map[string]bool{}, tickets: map[string]bool{}, acks: map[string]int{}}
	for _, c := range channels {
		b.rooms[c.ID] = newRoom(c)
	}
	return b
}

// room finds a channel by ID or by name with or without #; nil: there is none.
func (b *slackBook) room(channel string) *slackRoom {
	if room := b.rooms[channel]; room != nil {
		return room
	}
	for _, room := range b.rooms {
		if room.Name != "" && (channel == room.Name || channel == "#"+room.Name) {
			return room
		}
	}
	return nil
}

// nextTS returns a ts near now that no message has had.
func (b *slackBook) nextTS(now time.Time) string {
	b.clock = max(b.clock+1, now.UnixMicro())
	return stamp(b.clock)
}

// add keeps a new message, and counts it twice when its channel has one with
// the same idempotency key already.
func (b *slackBook) add(room *slackRoom, m SlackMessage) *slackPost {
	m.Channel, m.TS = room.ID, b.nextTS(m.Versions[0].At)
	p := &slackPost{SlackMessage: m}
	if len(room.posts) == MaxSlackMessages {
		delete(room.byTS, room.posts[0].TS)
		room.posts = slices.Delete(room.posts, 0, 1)
	}
	room.posts = append(room.posts, p)
	room.byTS[m.TS] = p
	if parent := room.byTS[m.Thread]; parent != nil {
		parent.replies++
		parent.last = m.TS
	}
	b.stats.Posts++
	if idem := m.Versions[0].Metadata.Idem(); idem != "" {
		key := room.ID + " " + idem
		if b.copies[key]++; b.copies[key] > 1 {
			b.stats.Duplicates++
		}
	}
	return p
}

// note keeps a call.
func (b *slackBook) note(c SlackCall) {
	b.stats.Calls++
	if c.Early {
		b.stats.Early++
	}
	b.calls = keepLatest(b.calls, c, MaxSlackCalls)
	b.bell.ring()
}
