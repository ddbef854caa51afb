//go:build integration

package acceptance_test

import (
	"context"
	"database/sql" //nolint:depguard // a test holds here the lock that keeps the daemon from committing
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" //nolint:depguard // the lock is one of SQLite's
)

// failpoint is a point on the way of a notice at which the daemon is killed.
type failpoint struct {
	name string
	at   moment // when something passes the gate; empty: a moment of the store's own
	of   string // the verb of mail at which it is; empty: where the message itself goes
	do   func(f *faulty, p failpoint, of string, provoke func())

	copies int  // that the receiver has of a message that was hit so
	slow   bool // it takes seconds: only while an incident opens
}

// pointsOf returns the fail points in the order of a notice's life. A receiver
// that has taken a message gets it once more when the daemon could not write
// down that it has.
func pointsOf() []failpoint {
	return []failpoint{
		{name: "the decision not committed", do: (*faulty).undecided, copies: 1, slow: true},
		{name: "claimed, the connection open, nothing said", at: connected, do: (*faulty).straight, copies: 1},
		{name: "the message begun", at: begun, do: (*faulty).straight, copies: 1},
		{name: "taken, not answered", at: received, do: (*faulty).straight, copies: 2},
		{name: "answered, the answer not read", at: received, do: (*faulty).unread, copies: 2},
		{name: "the answer read, the mark not committed", at: received, do: (*faulty).unmarked, copies: 2, slow: true},
		{name: "the mark committed", do: (*faulty).marked, copies: 1},
	}
}

// verbsOf returns the further points of a mail: before anything is accepted,
// and after all is.
func verbsOf() []failpoint {
	return []failpoint{
		{name: "before the greeting", at: received, of: greeting, do: (*faulty).straight, copies: 1},
		{name: "the recipient accepted", at: answered, of: "RCPT", do: (*faulty).straight, copies: 1},
		{name: "asked for the message", at: answered, of: "DATA", do: (*faulty).straight, copies: 1},
		{name: "at the RSET before the next mail", at: begun, of: "RSET", do: (*faulty).straight, copies: 1},
		{name: "at the QUIT of a connection that rests", at: begun, of: "QUIT", do: (*faulty).straight, copies: 1},
	}
}

// rests reports whether the point is one of a connection that has carried a
// mail already.
func (p failpoint) rests() bool { return p.of == "RSET" || p.of == "QUIT" }

// Each receiver sees the daemon die at each point on the way of a notice, once
// while an incident opens and once while it ends. Afterwards each message is
// there, once more at most than it was hit, under the same key; and the last
// thing that is said of each incident is that it is over.
func TestKilledAtEachFailPoint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		furnish func(t *testing.T, endpoints int) *faulty
		points  []failpoint
	}{
		"Slack": {slackFaults, pointsOf()}, "mail": {mailFaults, pointsOf()}, "the verbs of mail": {mailFaults, verbsOf()},
		"PagerDuty": {pagerFaults, pointsOf()}, "webhook": {hookFaults, pointsOf()}, "Alertmanager": {alertmanagerFaults, pointsOf()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := c.furnish(t, len(c.points)+2)
			f.start()
			f.healthy()
			f.stop() // saves that they are: what was never healthy raises nothing
			f.start()
			for i, p := range c.points {
				f.round(i, p)
			}
			f.unclaimed(len(c.points))
			f.judge(c.points)
		})
	}
}

// arrival is one message as its receiver keeps it.
type arrival struct {
	about string // holds the ID of the incident
	key   string // the same for a repeat
	over  bool   // it says that the incident is over
}

// faulty is a house whose one route leads through a trap to one receiver.
type faulty struct {
	*house

	trap     *trap
	opens    string           // where an incident that opens is told
	closes   []string         // where it is told that it is over, in this order
	arrivals func() []arrival // in the order in which they came
	once     bool             // a message that is there already is found, and not sent again
	anew     bool             // an incident is one record, which is told anew while it lives
	kills    int
}

// incidentOf returns the incident of an endpoint, and false before there is one.
func (f *faulty) incidentOf(i int) (incident, bool) {
	for _, in := range f.incidents() {
		if in.Scope == fmt.Sprintf("endpoint:ep-%03d", i) {
			return in, true
		}
	}
	return incident{}, false
}

// told reports whether the incident of an endpoint is open or over, as wanted,
// and everything about it has ended.
func (f *faulty) told(i int, over bool) bool {
	in, ok := f.incidentOf(i)
	if !ok || (in.State == "resolved") != over {
		return false
	}
	n := 0
	for _, r := range read[struct {
		Items []struct{ Incident, State string }
	}](f.house, "/api/v1/outbox?limit=1000").Items {
		switch {
		case r.Incident != in.ID:
		case r.State == "waiting", r.State == "sending":
			return false
		default:
			n++
		}
	}
	return n > 0
}

// round kills the daemon at p while the incident of an endpoint opens, and
// again while it ends.
func (f *faulty) round(i int, p failpoint) {
	f.t.Helper()
	began := time.Now()
	down, up := func() { f.turn(i, false) }, func() { f.turn(i, true) }
	if p.rests() {
		down()
	} else {
		p.do(f, p, f.opens, down)
		f.start()
	}
	f.until(p.name+": it is told that it is open", func() bool { return f.told(i, false) })
	switch {
	case p.slow:
		up()
	case p.of == "QUIT":
		p.do(f, p, "", func() {})
		f.start()
		up()
	default:
		f.ends(p, up)
	}
	f.until(p.name+": it is told that it is over", func() bool { return f.told(i, true) })
	f.t.Logf("%s: %s", p.name, time.Since(began).Round(100*time.Millisecond))
}

// ends kills the daemon at p in each of the messages that say that an incident
// is over.
func (f *faulty) ends(p failpoint, up func()) {
	f.t.Helper()
	p.do(f, p, f.closes[0], up)
	if p.at == begun || p.at == received {
		for _, of := range f.closes[1:] {
			p.do(f, p, of, f.start)
		}
	}
	f.start()
}

// die ends the daemon as a crash would, and counts it.
func (f *faulty) die() {
	f.t.Helper()
	f.kill()
	f.kills++
}

// straight kills the daemon while something is held at p.
func (f *faulty) straight(p failpoint, of string, provoke func()) {
	f.t.Helper()
	if p.of != "" {
		of = p.of
	}
	if p.at == connected || of == greeting {
		f.kill() // connections are kept: this takes a new one
		f.start()
	}
	if p.at == connected {
		of = ""
	}
	sprung, letGo := f.trap.set(p.at, of)
	provoke()
	f.springs(p.name, sprung)
	f.die()
	letGo(false)
}

// unread stops the daemon before it is answered, so that the answer is sent
// and cannot be read.
func (f *faulty) unread(p failpoint, of string, provoke func()) {
	f.t.Helper()
	sprung, letGo := f.trap.set(p.at, of)
	provoke()
	f.springs(p.name, sprung)
	f.pause()
	sent, leave := f.trap.set(answered, of)
	letGo(true)
	f.springs(p.name+": answered", sent)
	f.die()
	leave(false)
}

// unmarked locks the store before the daemon is answered, and kills it once it
// has tried to write down what it was told.
func (f *faulty) unmarked(p failpoint, of string, provoke func()) {
	f.t.Helper()
	const complaint = "outcome of a notice cannot be recorded"
	sprung, letGo := f.trap.set(p.at, of)
	provoke()
	f.springs(p.name, sprung)
	before := f.logged(complaint)
	unlock := f.lock()
	letGo(true)
	f.until(p.name+": it has tried", func() bool { return f.logged(complaint) > before })
	f.die()
	unlock()
}

// marked kills the daemon once the store has everything.
func (f *faulty) marked(p failpoint, of string, provoke func()) {
	f.t.Helper()
	sprung, letGo := f.trap.set(answered, of)
	before := len(f.ended())
	provoke()
	f.springs(p.name, sprung)
	letGo(true)
	f.until(p.name+": the store has it", func() bool { return len(f.ended()) > before })
	f.die()
}

// undecided locks the store before anything happens.
func (f *faulty) undecided(p failpoint, _ string, provoke func()) {
	f.t.Helper()
	before := f.logged("to=down")
	unlock := f.lock()
	provoke()
	f.until(p.name+": it is seen", func() bool { return f.logged("to=down") > before })
	f.quiet(2 * time.Second) // beyond the span: it wants to decide
	f.die()
	unlock()
}

// unclaimed kills the daemon while one message is on the wire and another one
// of the lane is decided and waits behind it.
func (f *faulty) unclaimed(i int) {
	f.t.Helper()
	for _, over := range []bool{false, true} {
		of := f.opens
		if over {
			of = f.closes[0]
		}
		sprung, letGo := f.trap.set(begun, of)
		f.turn(i, over)
		f.springs("a message is on the wire", sprung)
		f.turn(i+1, over)
		f.until("another one waits", func() bool {
			in, ok := f.incidentOf(i + 1)
			return ok && (in.State == "resolved") == over && !f.told(i+1, over)
		})
		f.die()
		letGo(false)
		f.start()
		f.until("both are told", func() bool { return f.told(i, over) && f.told(i+1, over) })
	}
}

// turn makes an endpoint well, or not.
func (f *faulty) turn(i int, well bool) {
	f.t.Helper()
	if !well {
		f.receivers[i].Stop()
		return
	}
	if err := f.receivers[i].Start(); err != nil {
		f.t.Fatal(err)
	}
}

// judge compares what the receiver has with what must be there.
func (f *faulty) judge(points []failpoint) {
	f.t.Helper()
	for i, p := range points {
		ends := p.copies
		if p.slow {
			ends = 1
		}
		f.judgeOne(i, p.name, p.copies, ends)
	}
	f.judgeOne(len(points), "claimed, before one that waits", 1, 1)
	f.judgeOne(len(points)+1, "decided, not claimed", 1, 1)
	all, sent := len(f.arrivals()), len(f.ended())
	if all > sent+f.kills {
		f.t.Errorf("%d messages arrived, of %d notices with %d kills", all, sent, f.kills)
	}
	f.t.Logf("%d kills, %d notices, %d arrivals", f.kills, sent, all)
}

// judgeOne is judge for the incident of one endpoint, whose opening and whose
// end were hit as the numbers of copies say.
func (f *faulty) judgeOne(i int, name string, opening, ending int) {
	f.t.Helper()
	in, _ := f.incidentOf(i)
	keys := map[bool]map[string]int{false: {}, true: {}}
	last := false
	for _, a := range f.arrivals() {
		if strings.Contains(a.about, in.ID) {
			keys[a.over][a.key]++
			last = a.over
		}
	}
	for over, want := range map[bool]int{false: opening, true: ending} {
		copies := 0
		for _, n := range keys[over] {
			copies += n
		}
		if f.once {
			want = 1
		}
		exact := copies == want || f.anew && copies > want
		if len(keys[over]) != 1 || !exact {
			f.t.Errorf("%s: %d messages in %d copies (over: %t), want 1 in %d: %v", name, len(keys[over]), copies, over, want, keys[over])
		}
	}
	if in.State != "resolved" || !last {
		f.t.Errorf("%s: the incident is %s, and the last that was told is over: %t", name, in.State, last)
	}
}

// ended returns the IDs of the notices that are sent or replaced.
func (f *faulty) ended() (list []string) {
	for _, r := range f.outbox() {
		if r.State == "sent" || r.State == "replaced" {
			list = append(list, r.ID)
		}
	}
	return list
}

// logged counts the lines of the daemon's log that hold a text.
func (h *house) logged(text string) int {
	h.t.Helper()
	b, err := os.ReadFile(h.log.Name())
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Count(string(b), text)
}

// lock keeps the daemon from committing until unlock is called.
func (h *house) lock() (unlock func()) {
	h.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "data", "state.db")+"?_pragma=busy_timeout(20000)")
	if err != nil {
		h.t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(h.t.Context(), `BEGIN IMMEDIATE`); err != nil {
		h.t.Fatal(err)
	}
	return func() {
		h.t.Helper()
		if _, err := db.ExecContext(context.WithoutCancel(h.t.Context()), `ROLLBACK`); err != nil {
			h.t.Error(err)
		}
		if err := db.Close(); err != nil {
			h.t.Error(err)
		}
	}
}

// pause stops the daemon, and returns once none of its threads runs.
func (h *house) pause() {
	h.t.Helper()
	if err := h.daemon.Process.Signal(syscall.SIGSTOP); err != nil {
		h.t.Fatal(err)
	}
	h.until("the daemon stands still", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", h.daemon.Process.Pid))
		return err == nil && len(threads) > 0 && !slices.ContainsFunc(threads, func(path string) bool {
			b, err := os.ReadFile(path)
			state := string(b[strings.LastIndex(string(b), ")")+1:])
			return err == nil && !strings.HasPrefix(strings.TrimSpace(state), "T")
		})
	})
}

// wake lets the daemon go on.
func (h *house) wake() {
	h.t.Helper()
	if err := h.daemon.Process.Signal(syscall.SIGCONT); err != nil {
		h.t.Fatal(err)
	}
}
