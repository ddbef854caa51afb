package digest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/rules"
)

// work is planned work from so many minutes after the evening began.
func work(from, until int) Window {
	return Window{evening.Start.Add(time.Duration(from) * time.Minute), evening.Start.Add(time.Duration(until) * time.Minute)}
}

// worked is a healthy endpoint with planned work, in which nobody looked.
func worked(id string, spans ...Window) Endpoint {
	e := healthy(id)
	e.Maintenance = spans
	for _, w := range spans {
		e.Covered -= w.Length()
	}
	return e
}

// maintenance is two hours of work on all endpoints of a merchant, in a window
// that began at 00:00 in Jakarta.
func maintenance() Facts {
	first, second := worked("toko-maju-invoices", work(420, 540)), worked("toko-maju-payouts", work(420, 540))
	second.Down = 2 * time.Minute
	f := factsOf(first, second)
	f.Window = Window{evening.End, evening.End.Add(6 * time.Hour)}
	f.Covered = watched - 2*time.Hour
	f.Incidents = []Incident{{
		ID: "inc_1", Title: "toko-maju-payouts is down: refused", Severity: rules.High, Maintenance: true,
		Opened: evening.End.Add(62 * time.Minute), Resolved: evening.End.Add(110 * time.Minute),
	}}
	return f
}

// maintenanceEach has endpoints with work of their own: one lasts at the end,
// one went on all the time, one was done in many small steps, one has none.
func maintenanceEach() Facts {
	now, all, steps := worked("toko-maju-payouts", work(120, 180), work(330, 360)), worked("toko-maju-refunds", work(-60, 400)), worked("toko-maju-cards")
	now.State, now.InMaintenance, now.First, now.Answers = rules.StateDown, true, Count{}, 260
	all.State, all.InMaintenance, all.Covered, all.First, all.Before, all.Answers, all.Strip = rules.StateNoData, true, 0, Count{}, Count{}, 0, nil
	for i := range 6 {
		steps.Maintenance = append(steps.Maintenance, work(30*i, 30*i+10))
	}
	steps.Covered -= time.Hour
	return factsOf(healthy("toko-maju-invoices"), now, all, steps)
}

// maintenanceWeek is a week with work on two nights.
func maintenanceWeek() Facts {
	e := worked("toko-maju-payouts", work(420, 540), work(420-3*24*60, 540-3*24*60))
	f := factsOf(e)
	f.Kind, f.Window, f.Footer.Mode = KindSummary, Window{evening.End.Add(-6 * day), evening.End.Add(day)}, ModeProblems
	f.Endpoints[0].Covered, f.Covered = 7*day-4*time.Hour, 7*day-4*time.Hour
	return f
}

func TestPlannedWorkAsksForNothing(t *testing.T) {
	t.Parallel()
	whole := worked("a", evening)
	whole.Covered, whole.First, whole.State = 0, Count{}, rules.StateNoData
	down := worked("a", work(330, 360))
	down.State, down.InMaintenance = rules.StateDown, true
	downFor := down
	downFor.InMaintenance = false
	failed := down
	failed.First = Count{360, 60}
	shaky := down
	shaky.Down, shaky.P95, shaky.Faults = time.Hour, 20*time.Second, []Fault{{"http_5xx", 60, 0}}
	expired := failed
	expired.Certificate = &Certificate{NotBefore: evening.Start.Add(-90 * day), NotAfter: evening.Start}
	little := worked("a", work(0, 330))
	little.Covered, little.First = 29*time.Minute, Count{}
	less := little
	less.Covered = 14 * time.Minute
	for sentence, tc := range map[string]struct {
		e        Endpoint
		verdict  Verdict
		headline string
	}{
		"all of the window":               {whole, OK, "1 of 1 endpoint in planned maintenance"},
		"down in its work":                {down, OK, "1 of 1 endpoint in planned maintenance"},
		"down after its work":             {downFor, Act, "1 of 1 endpoint failing"},
		"deliveries failed in its work":   {failed, OK, "1 of 1 endpoint in planned maintenance"},
		"it was slow, and shaky":          {shaky, OK, "1 of 1 endpoint in planned maintenance"},
		"its certificate has expired too": {expired, Act, "1 of 1 endpoint needs action"},
		"data for what was to be watched": {little, OK, "1 of 1 endpoint healthy"},
		"data for less than half of that": {less, Attention, "data for 14 min of 6 h only"},
	} {
		f := Judge(factsOf(tc.e))
		l, err := Mail(f)
		if err != nil || f.Verdict != tc.verdict || !strings.Contains(l.Subject, ": "+tc.headline+" (") {
			t.Errorf("%s: %s, %q, %v; want %s, %q", sentence, f.Verdict, l.Subject, err, tc.verdict, tc.headline)
		}
	}
}

// TestAvailabilityIsOfWhatWasNotPlanned draws a window with work in it and
// outages in and out of the work: the ratio is over the minutes that were
// watched outside it, and all forms of the digest say so in one place or in
// each entry.
func TestAvailabilityIsOfWhatWasNotPlanned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 360
		var planned, down [minutes]bool
		e := healthy("a")
		e.Covered, e.Down = 0, 0
		for range rapid.IntRange(0, 6).Draw(t, "plans") {
			from := rapid.IntRange(-100, minutes).Draw(t, "from")
			until := from + rapid.IntRange(1, 200).Draw(t, "for")
			e.Maintenance = append(e.Maintenance, work(from, until))
			for m := max(from, 0); m < min(until, minutes); m++ {
				planned[m] = true
			}
		}
		for range rapid.IntRange(0, 4).Draw(t, "outages") {
			from := rapid.IntRange(0, minutes-1).Draw(t, "fails at")
			for m := from; m < min(from+rapid.IntRange(1, 90).Draw(t, "fails for"), minutes); m++ {
				down[m] = true
			}
		}
		good, seen, work := 0, 0, 0
		for m := range minutes {
			switch {
			case planned[m]:
				work++
			case down[m]:
				seen, e.Covered, e.Down = seen+1, e.Covered+time.Minute, e.Down+time.Minute
			default:
				good, seen, e.Covered = good+1, seen+1, e.Covered+time.Minute
			}
		}
		if seen == 0 {
			e.First, e.Answers = Count{}, 0
		}
		f := factsOf(e)
		f.Covered = e.Covered
		f = Judge(throughJSONOf(t, f))
		ratio, known := f.Endpoints[0].Availability()
		if known != (seen > 0) || known && ratio != share(good, seen) {
			t.Fatalf("available %v, %t; want %d of %d", ratio, known, good, seen)
		}
		if got := f.maintained(f.Endpoints[0]); got != time.Duration(work)*time.Minute || f.watchable(f.Endpoints[0])+got != f.elapsed() {
			t.Fatalf("worked at for %s, want %d min", got, work)
		}
		l, err := Mail(f)
		if err != nil {
			t.Fatal(err)
		}
		text, blocks, err := Slack(f)
		if err != nil {
			t.Fatal(err)
		}
		for name, form := range map[string]string{"text": l.Text, "html": l.HTML, "slack": text, "blocks": string(blocks)} {
			if says := strings.Contains(form, ", not counted."); says != (work > 0) {
				t.Fatalf("%s says what was not counted: %t, with %d min of work:\n%s", name, says, work, form)
			}
		}
		if work == minutes && (f.Verdict != OK || strings.Contains(l.Text, "100%")) {
			t.Fatalf("nobody looked, and it says %s:\n%s", f.Verdict, l.Text)
		}
	})
}

// throughJSONOf is what a snapshot gives back.
func throughJSONOf(t *rapid.T, f Facts) Facts {
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// Work that a stranger's snapshot has twice, backwards or outside of the window
// is no more than the window.
func TestOddWorkIsNoMoreThanTheWindow(t *testing.T) {
	t.Parallel()
	e := worked("a")
	e.Maintenance = []Window{work(100, 200), work(150, 250), work(400, 900), work(90, 80), {}, work(-5000, 10), {Start: evening.Start, End: time.Unix(0, 0)}}
	f := factsOf(e)
	if got, want := f.maintained(e), 160*time.Minute; got != want {
		t.Errorf("worked at for %s, want %s", got, want)
	}
	running := f
	running.Until = evening.Start.Add(2 * time.Hour)
	if got, want := running.maintained(e), 30*time.Minute; got != want {
		t.Errorf("so far for %s, want %s", got, want)
	}
}

// An endpoint in its work is none of those to which an action applies too.
func TestPlannedWorkIsInNoAction(t *testing.T) {
	t.Parallel()
	broken, inWork := healthy("a"), worked("b", work(330, 360))
	broken.State, broken.Down, broken.Faults = rules.StateDown, 3*time.Hour, []Fault{{"http_5xx", 180, 0}}
	inWork.State, inWork.InMaintenance, inWork.Down, inWork.Faults = rules.StateDown, true, time.Hour, broken.Faults
	f := Judge(factsOf(broken, inWork))
	if len(f.Actions) != 1 || f.Actions[0].Endpoint != "a" || f.Actions[0].More != 0 {
		t.Errorf("got %+v, want one action, for a alone", f.Actions)
	}
}

// Work of a week is told with its day, however long it took.
func TestPlannedWorkOfAWeekHasItsDay(t *testing.T) {
	t.Parallel()
	week := Window{evening.End.Add(-6 * day), evening.End.Add(day)}
	for _, long := range []time.Duration{time.Hour, 12 * time.Hour, 13 * time.Hour, 14 * time.Hour, 15 * time.Hour, 30 * time.Hour} {
		v := newVoice(factsOf())
		start := week.Start.Add(9 * time.Hour)
		local := start.In(v.zone)
		want := fmt.Sprintf("%d %s ", local.Day(), v.Months[local.Month()-1])
		if got := v.times(Facts{Window: week}, []Window{{start, start.Add(long)}}); !strings.HasPrefix(got, want) || strings.HasPrefix(got, want+want) {
			t.Errorf("%s: %q, want it to begin with %q, once", long, got, want)
		}
	}
}
