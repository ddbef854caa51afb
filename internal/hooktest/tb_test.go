package hooktest_test

import (
	"fmt"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// fakeTB notes what a shortcut does to the test.
type fakeTB struct {
	dir      string
	failed   string
	cleanups int
}

func (*fakeTB) Helper()                     {}
func (f *fakeTB) Cleanup(func())            { f.cleanups++ }
func (f *fakeTB) Fatalf(s string, a ...any) { f.failed = fmt.Sprintf(s, a...) }
func (f *fakeTB) TempDir() string           { return f.dir }

func TestShortcutsFailTheTest(t *testing.T) {
	t.Parallel()
	taken := hooktest.StartCanary(t, "").Addr()
	for sentence, start := range map[string]func(hooktest.TB){
		"a receiver that cannot be":          func(tb hooktest.TB) { hooktest.Start(tb, hooktest.Options{Behaviour: "polite"}) },
		"a receiver on a taken port":         func(tb hooktest.TB) { hooktest.Start(tb, hooktest.Options{Addr: taken}) },
		"a canary on a taken port":           func(tb hooktest.TB) { hooktest.StartCanary(tb, taken) },
		"an authority without a good folder": func(tb hooktest.TB) { hooktest.StartCA(tb, "root") },
	} {
		f := &fakeTB{dir: "/dev/null/none"}
		start(f)
		if f.failed == "" || f.cleanups != 0 {
			t.Errorf("%s: got failure %q and %d clean-ups, want a failure alone", sentence, f.failed, f.cleanups)
		}
	}
}

var _ hooktest.TB = testing.TB(nil)
