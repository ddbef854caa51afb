//go:build integration

package acceptance_test

import (
	"database/sql" //nolint:depguard // a test holds here the lock that another program would
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" //nolint:depguard // the lock is one of SQLite's

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// guarded is a house that somebody outside watches.
type guarded struct {
	*house

	pings    atomic.Int64
	accepted int // attempts that were acknowledged
	batch    int
	begun    time.Time
}

func newGuarded(t *testing.T, endpoints int) *guarded {
	t.Helper()
	g := &guarded{begun: time.Now()}
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { g.pings.Add(1) }))
	t.Cleanup(outside.Close)
	g.house = newHouse(t, endpoints, "sources: [{id: core}]\ndeadman: {url_file: deadman.url, every: 1s, prove: 0s}\n"+rulesOfHaste)
	g.write("deadman.url", outside.URL)
	return g
}

const fixedNotice = "; probes go on" // whatever failed first: the check, the conditions, or the log of attempts

// inSlack and inMail count the messages that hold a text.
func (g *guarded) inSlack(text string) (n int) {
	for _, m := range g.slack.Messages(hooktest.DefaultSlackChannel) {
		if strings.Contains(fmt.Sprintf("%+v", m.Latest()), text) {
			n++
		}
	}
	return n
}

func (g *guarded) inMail(text string) (n int) {
	for _, m := range g.mail.Messages() {
		if strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(string(m.Data), "=\r\n", "")), " "), text) {
			n++
		}
	}
	return n
}

// posts sends ten attempts; refused ones stay with their sender.
func (g *guarded) posts() (status int) {
	g.batch++
	list, _ := stream(fmt.Sprintf("watch%d", g.batch), 10, time.Second, 0)
	taken, status := g.post(lines(list))
	g.accepted += taken.Accepted
	return status
}

func (g *guarded) duty() (int, string) {
	status, body := g.call(http.MethodGet, "/-/duty", nil)
	return status, string(body)
}

// told waits for the fixed notice, posting meanwhile, and holds what is said
// of it.
func (g *guarded) told(meanwhile func()) {
	g.t.Helper()
	called := g.pings.Load()
	begun, stopped := time.Now(), int64(-1)
	g.until("the fixed notice is in Slack and in the mail", func() bool {
		g.posts()
		meanwhile()
		if status, _ := g.duty(); stopped < 0 && status == http.StatusServiceUnavailable {
			stopped = g.pings.Load()
		}
		return g.inSlack(fixedNotice) > 0 && g.inMail(fixedNotice) > 0
	})
	g.t.Logf("told after %s; called %d times since", time.Since(begun).Round(100*time.Millisecond), g.pings.Load()-called)
	if n := g.pings.Load() - stopped; stopped < 0 || n > 2 {
		g.t.Errorf("called %d times since it was off duty, want at most 2 rounds", n)
	}
	g.until("/-/duty says who was told", func() bool {
		meanwhile()
		_, said := g.duty()
		return strings.Contains(said, fixedNotice) && strings.Contains(said, "ops was told past the outbox at ") && strings.Contains(said, "mail was told past the outbox at ")
	})
}

// recovers waits until all is well without help, and compares what was
// acknowledged with what is counted.
func (g *guarded) recovers() {
	g.t.Helper()
	before := g.pings.Load()
	g.until("on duty again", func() bool { status, _ := g.duty(); return status == http.StatusOK })
	g.until("somebody outside is called again", func() bool { return g.pings.Load() > before })
	g.until("the incident is told in the ordinary way", func() bool { return len(g.incidents()) > 0 && g.inMail("ep-000") > 0 })
	g.until("attempts are taken again", func() bool { return g.posts() == http.StatusOK })
	path := "/api/v1/ratios?scope=platform&from=" + g.begun.Add(-time.Minute).UTC().Format(time.RFC3339) + "&to="
	var got ratio
	g.until(fmt.Sprintf("%d acknowledged attempts are counted", g.accepted), func() bool {
		got = read[ratio](g.house, path+time.Now().Add(time.Minute).UTC().Format(time.RFC3339))
		return got.First >= g.accepted
	})
	if got.First != g.accepted {
		g.t.Errorf("%d attempts are counted, %d were acknowledged", got.First, g.accepted)
	}
	if slack, mail := g.inSlack(fixedNotice), g.inMail(fixedNotice); slack != 1 || mail != 1 {
		g.t.Errorf("the fixed notice came %d times to Slack and %d times by mail, want once each", slack, mail)
	}
}

// Another program locks state.db for 30 s while an endpoint fails: the fixed
// notice leaves, the ping stops, and all goes on by itself.
func TestALockedStoreIsTold(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, 1)
	g.start()
	g.healthy()
	g.until("somebody outside is called", func() bool { return g.pings.Load() >= 2 })
	g.posts()
	db, err := sql.Open("sqlite", filepath.Join(g.dir, "data", "state.db")+"?_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	locked := time.Now()
	g.receivers[0].Stop()
	g.told(func() {})
	g.quiet(30*time.Second - time.Since(locked))
	if _, err := db.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	g.recovers()
}

// A disk of 16 MiB fills up: at first the reserve is enough, and the incident is
// told in the ordinary way; then there is nothing left, and the fixed notice
// leaves. With space again all goes on by itself.
func TestAFullDiskIsTold(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, 2)
	data := filepath.Join(g.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=16m,mode=0700"); err != nil {
		t.Skipf("a disk of its own cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() { g.stop(); g.unmounts(data) })
	g.start()
	g.healthy()
	g.until("the reserve is held, and somebody outside is called", func() bool {
		info, err := os.Stat(filepath.Join(data, "reserve"))
		return err == nil && info.Size() == 8<<20 && g.pings.Load() >= 2
	})
	if status := g.posts(); status != http.StatusOK {
		t.Fatalf("attempts: status %d", status)
	}
	filler, err := os.Create(filepath.Join(data, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	fill := func() {
		for _, size := range []int{1 << 20, 1 << 16, 1 << 12} {
			for block := make([]byte, size); err == nil; {
				_, err = filler.Write(block)
			}
			err = nil
		}
	}
	fill()
	// Nothing waits yet: of what does, a machine that is slow would tell after 10 s.
	g.until("the reserve is let go", func() bool {
		g.posts()
		_, err := os.Stat(filepath.Join(data, "reserve"))
		return os.IsNotExist(err)
	})
	g.receivers[1].Stop()
	g.until("the incident is told", func() bool { return g.inMail("ep-001") > 0 })
	if n := g.inMail(fixedNotice); n != 0 {
		t.Errorf("the fixed notice came %d times although the reserve was enough", n)
	}
	fill()
	g.receivers[0].Stop()
	g.told(fill)
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	if err := filler.Truncate(0); err != nil {
		t.Fatal(err)
	}
	g.recovers()
	g.within(3*time.Minute, "the reserve is held again", func() bool {
		_, err := os.Stat(filepath.Join(data, "reserve"))
		return err == nil
	})
}
