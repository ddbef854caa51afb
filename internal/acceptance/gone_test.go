//go:build integration

package acceptance_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disk is what the data directory of a house lies on, and how it is taken from
// the daemon and given back.
type disk struct {
	prepare  func(g *guarded, data string)
	take     func(data string) error
	giveBack func(data string) error
	says     string // what /-/duty says of it, beside who was told
}

// disks are the ways in which a store goes and comes back under a daemon that
// runs.
func disks() map[string]disk {
	away := func(data string) string { return data + ".away" }
	return map[string]disk{
		"the directory is moved": {
			take:     func(data string) error { return os.Rename(data, away(data)) },
			giveBack: func(data string) error { return os.Rename(away(data), data) },
			says:     "state.db was removed, moved or unmounted while it was open",
		},
		"the attempts' log alone is moved": {
			take:     func(data string) error { return os.Rename(filepath.Join(data, "log"), away(data)) },
			giveBack: func(data string) error { return os.Rename(away(data), filepath.Join(data, "log")) },
			says:     "log segment 000001.wal was removed, moved or unmounted while it was open",
		},
		"its file system is unmounted": {
			prepare: func(g *guarded, data string) {
				for _, dir := range []string{data, away(data)} {
					if err := os.Mkdir(dir, 0o700); err != nil {
						g.t.Fatal(err)
					}
				}
				g.mounts("tmpfs", data, "tmpfs", "size=64m,mode=0700")
				if err := syscall.Mount(data, away(data), "", syscall.MS_BIND, ""); err != nil { // keeps it alive
					g.t.Fatal(err)
				}
				g.t.Cleanup(func() { g.stop(); g.unmounts(away(data)) })
			},
			take:     func(data string) error { return syscall.Unmount(data, syscall.MNT_DETACH) },
			giveBack: func(data string) error { return syscall.Mount(away(data), data, "", syscall.MS_BIND, "") },
			says:     "state.db was removed, moved or unmounted while it was open",
		},
	}
}

// mounts mounts a file system that goes with the test.
func (g *guarded) mounts(source, at, kind, options string) {
	g.t.Helper()
	if err := syscall.Mount(source, at, kind, 0, options); err != nil {
		g.t.Skipf("a disk of its own cannot be mounted, which takes root: %v", err)
	}
	g.t.Cleanup(func() { g.stop(); g.unmounts(at) })
}

// unmounts ends a mount. A process that another test starts has our files open
// as well for a moment, until it is another program.
func (g *guarded) unmounts(at string) {
	g.t.Helper()
	err := syscall.Unmount(at, 0)
	for begun := time.Now(); errors.Is(err, syscall.EBUSY) && time.Since(begun) < time.Minute; err = syscall.Unmount(at, 0) {
		timer := time.NewTimer(50 * time.Millisecond)
		<-timer.C // the test's context may have ended
	}
	if err != nil {
		g.t.Errorf("unmount: %v", err)
	}
}

// refuses posts attempts, none of which may be acknowledged.
func (g *guarded) refuses() {
	g.t.Helper()
	if status := g.posts(); status != http.StatusServiceUnavailable {
		g.t.Errorf("attempts: status %d while nothing can be kept, want 503", status)
	}
}

// probed waits until what is bad is seen, store or not.
func (g *guarded) probed(id string) {
	g.t.Helper()
	g.until(id+" is seen to be bad", func() bool {
		return read[struct{ State string }](g.house, "/api/v1/endpoints/"+id).State != "healthy"
	})
}

// calm looks for panics.
func (g *guarded) calm() {
	g.t.Helper()
	if n := g.logged("panic") + g.logged("fatal error"); n > 0 {
		g.t.Errorf("the log speaks %d times of a panic", n)
	}
}

// The store goes under a running daemon and comes back: probes go on, nothing is
// acknowledged, the fixed notice leaves, the ping stops, and all goes on by
// itself.
func TestAStoreThatIsGoneIsTold(t *testing.T) {
	t.Parallel()
	for name, d := range disks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, 1)
			data := filepath.Join(g.dir, "data")
			if d.prepare != nil {
				d.prepare(g, data)
			}
			g.start()
			g.healthy()
			g.until("somebody outside is called", func() bool { return g.pings.Load() >= 2 })
			if status := g.posts(); status != http.StatusOK {
				t.Fatalf("attempts: status %d", status)
			}
			if err := d.take(data); err != nil {
				t.Fatal(err)
			}
			g.receivers[0].Stop()
			g.told(g.refuses)
			g.probed("ep-000")
			if status, said := g.duty(); status != http.StatusServiceUnavailable || !strings.Contains(said, d.says) {
				t.Errorf("/-/duty: status %d: %s", status, said)
			}
			if err := d.giveBack(data); err != nil {
				t.Fatal(err)
			}
			g.recovers()
			g.calm()
		})
	}
}

// The data directory is removed under a running daemon. What was decided before
// is not lost: the daemon leaves a copy when it stops, the next one does not
// begin with nothing, and goes on with the copy.
func TestARemovedStoreIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, 2)
	data := filepath.Join(g.dir, "data")
	g.start()
	g.healthy()
	g.until("somebody outside is called", func() bool { return g.pings.Load() >= 2 })
	g.posts()
	g.receivers[0].Stop()
	g.until("the incident is told", func() bool {
		return len(g.incidents()) == 1 && g.inMail("ep-000") > 0 && g.inSlack("ep-000") > 0 && g.idle()
	})
	was, mails := g.incidents()[0], g.inMail("ep-000")
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	g.told(g.refuses)
	g.receivers[1].Stop()
	g.probed("ep-001")
	g.stop()
	g.calm()

	refused := g.refusedStart()
	copies, err := filepath.Glob(filepath.Join(data, "state.db.rescued-*"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %v, %v; want one", copies, err)
	}
	if want := "it is missing while " + filepath.Base(copies[0]) + " is there"; !strings.Contains(refused, want) {
		t.Fatalf("the next start said %q, want %q", refused, want)
	}
	if err := os.Rename(copies[0], filepath.Join(data, "state.db")); err != nil {
		t.Fatal(err)
	}
	g.start()
	if list := g.incidents(); !slices.ContainsFunc(list, func(in incident) bool { return in.ID == was.ID && in.State != "resolved" }) {
		t.Errorf("incidents %+v, want %s still open", list, was.ID)
	}
	if g.logged("database was missing and is made anew") == 0 {
		t.Error("nothing says that what was counted is lost")
	}
	if err := g.receivers[0].Start(); err != nil {
		t.Fatal(err)
	}
	g.until("it is told that it is over", func() bool {
		list := g.incidents()
		i := slices.IndexFunc(list, func(in incident) bool { return in.ID == was.ID })
		return i >= 0 && list[i].State == "resolved" && g.inMail("ep-000") > mails && g.idle()
	})
	if n := g.inMail("ep-000"); n != mails+1 || g.mail.Stats().Duplicates > 0 {
		t.Errorf("%d mails about it, %d before it was removed; want one more, which says that it is over", n, mails)
	}
	g.until("attempts are taken again", func() bool { return g.posts() == http.StatusOK })
}

// idle reports whether all notices have ended.
func (h *house) idle() bool {
	return !slices.ContainsFunc(h.outbox(), func(r row) bool { return r.State == "waiting" || r.State == "sending" })
}

// refusedStart starts the daemon, which must not run, and returns what it says.
func (h *house) refusedStart() string {
	h.t.Helper()
	path, err := binary()
	if err != nil {
		h.t.Fatal(err)
	}
	out, err := exec.CommandContext(h.t.Context(), path, "serve", "--config", h.config).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || !exit.Exited() {
		h.t.Fatalf("the next start ended with %v: %s", err, out)
	}
	return string(out)
}

// The disk turns read-only, as the kernel does after an error. The daemon goes
// on in memory; once the disk is mended, a new start has all that was
// acknowledged and tells what fails.
func TestAReadOnlyDiskIsTold(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, 1)
	data, image := filepath.Join(g.dir, "data"), filepath.Join(g.dir, "disk.img")
	loop := g.loop(image, 96<<20)
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	g.mounts(loop, data, "ext4", "errors=remount-ro")
	g.start()
	g.healthy()
	g.stop() // saves that it is: what was never healthy raises nothing
	g.start()
	g.until("somebody outside is called", func() bool { return g.pings.Load() >= 2 })
	if status := g.posts(); status != http.StatusOK {
		t.Fatalf("attempts: status %d", status)
	}
	// What is mapped into memory is clean then, and has to be asked for anew.
	if out, err := exec.CommandContext(t.Context(), "sync", "-f", data).CombinedOutput(); err != nil {
		t.Fatalf("sync: %v: %s", err, out)
	}
	trigger := fmt.Sprintf("/sys/fs/ext4/%s/trigger_fs_error", filepath.Base(loop))
	if err := os.WriteFile(trigger, []byte("1"), 0); err != nil {
		t.Skipf("this kernel does not make a disk read-only on request: %v", err)
	}
	g.receivers[0].Stop()
	g.told(g.refuses)
	g.probed("ep-000")
	g.calm()

	g.kill() // its last words cannot be written
	g.unmounts(data)
	if out, err := exec.CommandContext(t.Context(), "e2fsck", "-fy", loop).CombinedOutput(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() > 1 { // 1: mended
			t.Fatalf("e2fsck: %v: %s", err, out)
		}
	}
	if err := syscall.Mount(loop, data, "ext4", 0, ""); err != nil {
		t.Fatal(err)
	}
	g.start()
	g.recovers()
	g.calm()
}

// loop makes a disk of so many bytes out of a file.
func (g *guarded) loop(image string, bytes int64) (device string) {
	g.t.Helper()
	f, err := os.Create(image)
	if err == nil {
		err = errors.Join(f.Truncate(bytes), f.Close())
	}
	if err != nil {
		g.t.Fatal(err)
	}
	for _, tool := range []string{"mkfs.ext4", "losetup", "e2fsck"} {
		if _, err := exec.LookPath(tool); err != nil {
			g.t.Skipf("a disk cannot be made: %v", err)
		}
	}
	if out, err := exec.CommandContext(g.t.Context(), "mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		g.t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	out, err := exec.CommandContext(g.t.Context(), "losetup", "--find", "--show", image).Output()
	if err != nil {
		g.t.Skipf("a disk cannot be made, which takes root and loop devices: %v", err)
	}
	device = strings.TrimSpace(string(out))
	g.t.Cleanup(func() {
		if out, err := exec.Command("losetup", "--detach", device).CombinedOutput(); err != nil { //nolint:noctx // the test's context has ended
			g.t.Errorf("losetup: %v: %s", err, out)
		}
	})
	return device
}
