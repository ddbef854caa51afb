package conditions_test

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// fall lets an endpoint go down by four probes up to now.
func fall(c *conditions.Conditions, e *endpoint) {
	now := time.Now()
	e.probe(c, now.Add(-4*time.Minute), probes.Healthy)
	for i := range 4 {
		e.probe(c, now.Add(time.Duration(i-3)*time.Minute), probes.Down)
	}
}

func TestAStoreThatFailsForAWhileLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, said := newMemory(), &logged{}
		var told []rules.Change
		cfg := conditions.Config{Committed: func(changes []rules.Change) { told = append(told, changes...) }}
		c := conditions.New(cfg, store, slog.New(slog.NewTextHandler(said, nil)))
		running(t, c)
		store.setFail(errDisk)
		e := &endpoint{}
		fall(c, e)
		for range 150 { // seconds, with traffic that goes from bad to good
			time.Sleep(time.Second)
		}
		synctest.Wait() // the last of these seconds has failed, too
		e.probe(c, time.Now(), probes.Healthy)
		e.probe(c, time.Now(), probes.Healthy)
		p := &tape{}
		flow(c, p, rand.New(rand.NewPCG(1, 5)), flowing{"ID_BCA", day, day.Add(10 * time.Minute), 20, 0.5}, nil)
		if lag := c.Lag(time.Now()); lag != 150*time.Second {
			t.Errorf("lag %s, want 150 s", lag)
		}
		if len(told) != 0 || len(store.told()) != 0 || !c.Position().IsZero() {
			t.Errorf("told %+v while the store fails", told)
		}
		if n := said.count("cannot write conditions"); n != 3 { // at 0, 60 and 120 s
			t.Errorf("said so %d times in 150 s, want 3", n)
		}
		store.setFail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if lag := c.Lag(time.Now()); lag != 0 {
			t.Errorf("lag %s after the store came back, want none", lag)
		}
		var got []string
		for _, ch := range store.told() {
			word := "cleared "
			if ch.Open {
				word = "opened "
			}
			got = append(got, word+string(ch.Key.Scope))
		}
		want := []string{"opened endpoint:ep", "cleared endpoint:ep", "opened platform", "opened channel:ID_BCA"}
		if !slices.Equal(got, want) || len(told) != 4 || len(store.commits) != 1 {
			t.Errorf("stored %q in %d commits, told %d; want %q in one", got, len(store.commits), len(told), want)
		}
		if c.Position().IsZero() {
			t.Error("the position is not committed")
		}
	})
}

func TestWhatComesDuringACommitThatFailsFollowsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		c := conditions.New(conditions.Config{}, store, quiet())
		running(t, c)
		store.setHang(true)
		e, p := &endpoint{}, &tape{}
		fall(c, e)
		p.tick("ID_BCA", day, 1, 0)
		p.play(c)
		time.Sleep(5 * time.Second) // within the commit
		e.probe(c, time.Now(), probes.Healthy)
		e.probe(c, time.Now(), probes.Healthy)
		e.probe(c, time.Now(), probes.Down)
		flow(c, p, rand.New(rand.NewPCG(1, 7)), flowing{"ID_BCA", day, day.Add(10 * time.Minute), 20, 0.5}, nil)
		if lag := c.Lag(time.Now()); lag != 5*time.Second {
			t.Errorf("lag %s during the commit, want that of its oldest: 5 s", lag)
		}
		store.setHang(false)
		time.Sleep(7 * time.Second)
		synctest.Wait()
		told := store.told()
		if len(told) != 4 || !told[0].Open || told[1].Open || told[1].Key != told[0].Key || len(store.commits) != 1 {
			t.Errorf("told %+v in %d commits, want that it opened and cleared, and two series", told, len(store.commits))
		}
		if n := len(c.Standing()); n != 3 || len(store.rows) != 4 {
			t.Errorf("stands %+v, stored %d; want three, and the cleared one stored too", c.Standing(), len(store.rows))
		}
		if c.Position().IsZero() || len(store.series) != 4 {
			t.Errorf("position %s, %d series; want those of what came meanwhile", c.Position(), len(store.series))
		}
	})
}

func TestAChangeIsCommittedAtOnceAndACheckpointEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		c := conditions.New(conditions.Config{}, store, quiet())
		stop := running(t, c)
		fall(c, &endpoint{})
		synctest.Wait()
		if n := len(store.told()); n != 1 {
			t.Errorf("%d changes are stored at once, want 1", n)
		}
		p := &tape{}
		p.tick("ID_BCA", day, 10, 0)
		p.play(c)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if !c.Position().IsZero() {
			t.Error("a checkpoint within a minute, and nothing had changed")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := c.Position(); got.Offset != 11 || store.position != got.Int64() || len(store.series) != 4 {
			t.Errorf("position %s, series %d; want 11, platform, channel, census and log time", got, len(store.series))
		}
		before := len(store.commits)
		time.Sleep(10 * time.Minute)
		if got := len(store.commits) - before; got != 0 {
			t.Errorf("%d commits while nothing came, want none", got)
		}
		p.tick("ID_BCA", day.Add(10*time.Second), 10, 0)
		p.play(c)
		if err := stop(); err != nil || c.Position().Offset != 21 {
			t.Errorf("%v, position %s at the end; want 21", err, c.Position())
		}
	})
}

func TestTheEndIsWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		c := conditions.New(conditions.Config{}, store, quiet())
		stop := running(t, c)
		store.setHang(true)
		fall(c, &endpoint{})
		synctest.Wait()
		began := time.Now()
		err := stop()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("stopped after %s, want 2 s at most", took)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "commit conditions: ") {
			t.Errorf("got %v, want what went wrong", err)
		}
		if c.Lag(time.Now()) == 0 {
			t.Error("nothing waits, and nothing was written")
		}
	})
}

func TestIdleSeriesAreDropped(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := conditions.New(conditions.Config{}, store, quiet())
	p := &tape{}
	p.tick("ID_OLD", day, 10, 0)
	p.tick("ID_NEW", day, 10, 0)
	p.play(c)
	if err := running(t, c)(); err != nil || len(store.series) != 5 {
		t.Fatalf("%d series are stored, %v; want 2 channels, platform, census and log time", len(store.series), err)
	}
	for hour := range 30 {
		p.tick("ID_NEW", day.Add(time.Duration(hour+1)*time.Hour), 10, 0)
		p.play(c)
	}
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	if _, there := store.series["channel_error_ratio/channel:ID_OLD"]; there || len(store.series) != 4 {
		t.Errorf("series %d, old one there: %t; want it gone", len(store.series), there)
	}
	c = loaded(t, conditions.Config{}, store)
	c.Idle(t.Context(), day.Add(30*time.Hour+3*time.Minute))
	if got, _ := c.Ratio("channel:ID_NEW"); got.Denominator != 10 {
		t.Errorf("the busy one counted %d after a restart, want the 10 of its open tick", got.Denominator)
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		cfg := conditions.Config{Heartbeats: []conditions.Heartbeat{{ID: "am", Every: time.Minute, Grace: 5 * time.Minute}}}
		c := conditions.New(cfg, store, quiet())
		stop := running(t, c)
		stands := func() int { return len(c.Standing()) }

		if c.Beat("stranger", time.Now()) || !c.Beat("am", time.Now()) {
			t.Error("the stranger is taken, or am is not")
		}
		time.Sleep(6*time.Minute - time.Second)
		if stands() != 0 {
			t.Errorf("stands %+v before six minutes", c.Standing())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s, open := c.Open(rules.RuleSilence, "heartbeat:am"); !open || s.Episode.Worst != rules.Critical || len(store.told()) != 1 {
			t.Errorf("stands %+v, want silence, critical, stored", c.Standing())
		}

		// a restart neither clears it nor opens it again
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		c = loaded(t, cfg, store)
		stop = running(t, c)
		time.Sleep(time.Hour)
		if stands() != 1 || len(store.told()) != 1 {
			t.Errorf("stands %+v after a restart, told %d; want it open still, told once", c.Standing(), len(store.told()))
		}
		c.Beat("am", time.Now())
		synctest.Wait()
		if stands() != 0 || len(store.told()) != 2 {
			t.Errorf("stands %+v after a beat, told %d; want cleared", c.Standing(), len(store.told()))
		}

		// after a restart the silence goes on from where it was
		time.Sleep(5 * time.Minute)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // our own absence
		c = loaded(t, cfg, store)
		running(t, c)
		time.Sleep(time.Minute - time.Second)
		if stands() != 0 {
			t.Errorf("stands %+v, want no page for our own absence", c.Standing())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if stands() != 1 || len(store.told()) != 3 {
			t.Errorf("stands %+v, told %d; want the second episode", c.Standing(), len(store.told()))
		}
		if told := store.told(); !strings.Contains(told[len(told)-1].Evidence.Text, "(1h of it this process stood still or did not run)") {
			t.Errorf("told %q, want how long we were away", told[len(told)-1].Evidence.Text)
		}

		c.SetConfig(conditions.Config{})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if told := store.told(); stands() != 0 || len(told) != 4 || told[3].Open || told[3].Key.Episode != 2 {
			t.Errorf("stands %+v, told %+v; want it cleared with its heartbeat", c.Standing(), told)
		}
		if c.Beat("am", time.Now()) {
			t.Error("a heartbeat that is gone is taken")
		}
	})
}

func TestTooManyChannelsAreSaidOnceAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		said, p := &logged{}, &tape{}
		c := conditions.New(conditions.Config{MostValues: 1}, newMemory(), slog.New(slog.NewTextHandler(said, nil)))
		running(t, c)
		for i := range 100 {
			at := day.Add(time.Duration(i) * time.Minute)
			p.tick("a", at, 1, 0)
			p.tick("b", at, 1, 0)
			p.play(c)
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		if n := said.count("of=channel"); n != 2 {
			t.Errorf("said %d times in 100 minutes, want 2", n)
		}
	})
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	store := newMemory()
	store.setFail(errDisk)
	if err := conditions.New(conditions.Config{}, store, quiet()).Load(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want %v", err, errDisk)
	}
	store.setFail(nil)
	store.position = -1
	if err := conditions.New(conditions.Config{}, store, quiet()).Load(t.Context()); err == nil {
		t.Error("a negative position is taken")
	}
}

func TestASeriesThatCannotBeReadBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]conditions.SeriesState{
		"of another version": {Series: "platform_error_ratio/platform", Version: 99, State: []byte(`{}`)},
		"of no JSON":         {Series: "platform_error_ratio/platform", Version: 1, State: []byte(`{`)},
		"of no rule":         {Series: "weather/platform", Version: 1, State: []byte(`{}`)},
		"of no scope":        {Series: "channel_error_ratio/platform", Version: 1, State: []byte(`{}`)},
		"with odd ticks":     {Series: "platform_error_ratio/platform", Version: 1, State: []byte(`{"tick":10000000000,"open":[[7,1,0],[10000000000,1,2],[-10000000000,1,1]],"series":{"detector":{},"episode":{"number":0,"changes":0}}}`)},
		"without a time":     {Series: "log_time/platform", Version: 1, State: []byte(`[]`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			store.series[state.Series] = state
			c := loaded(t, conditions.Config{}, store)
			p := &tape{}
			p.tick("", day, 10, 0)
			p.play(c)
			c.Idle(t.Context(), day.Add(3*time.Minute))
			if got, _ := c.Ratio(rules.ScopePlatform); got.Denominator != 10 {
				t.Errorf("counted %d, want 10", got.Denominator)
			}
		})
	}
}
