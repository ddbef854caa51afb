package digest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestVerdictsOfABacklog(t *testing.T) {
	t.Parallel()
	next := evening.End.Add(6 * time.Hour)
	for sentence, tc := range map[string]struct {
		backlog *Backlog
		state   rules.Word
		want    Verdict
		advice  []Advice
	}{
		"nothing is known":                       {nil, rules.StateHealthy, OK, nil},
		"nothing waits":                          {&Backlog{}, rules.StateHealthy, OK, nil},
		"events wait":                            {&Backlog{Undelivered: 212}, rules.StateHealthy, OK, nil},
		"only the sender is late":                {&Backlog{MissingRetries: 3}, rules.StateHealthy, OK, nil},
		"a loss just before the next window end": {&Backlog{Undelivered: 1, LossAt: next.Add(-1), LossEvents: 1}, rules.StateHealthy, Attention, []Advice{AdviseLastTry}},
		"and the endpoint is down":               {&Backlog{Undelivered: 1, LossAt: next.Add(-1), LossEvents: 1}, rules.StateDown, Act, []Advice{AdviseAtRisk, AdviseOther}},
		"and nobody knows of it":                 {&Backlog{Undelivered: 1, LossAt: next.Add(-1), LossEvents: 1}, rules.StateNoData, Act, []Advice{AdviseAtRisk}},
		"a loss exactly then":                    {&Backlog{Undelivered: 1, LossAt: next, LossEvents: 1}, rules.StateHealthy, Attention, []Advice{AdviseLastTry}},
		"before the digest after the next":       {&Backlog{Undelivered: 1, LossAt: next.Add(6*time.Hour - 1), LossEvents: 1}, rules.StateHealthy, Attention, []Advice{AdviseLastTry}},
		"after that":                             {&Backlog{Undelivered: 1, LossAt: next.Add(6 * time.Hour), LossEvents: 1}, rules.StateHealthy, OK, nil},
		"a loss in a day":                        {&Backlog{Undelivered: 1, LossAt: evening.End.Add(day), LossEvents: 1}, rules.StateNoData, Attention, []Advice{AdviseAtRisk}},
		"a loss in over a day":                   {&Backlog{Undelivered: 1, LossAt: evening.End.Add(day + 1), LossEvents: 1}, rules.StateNoData, OK, nil},
		"a loss that is overdue":                 {&Backlog{Undelivered: 1, LossAt: evening.End.Add(-time.Hour), LossEvents: 1}, rules.StateHealthy, Attention, []Advice{AdviseLastTry}},
		"a loss of no events":                    {&Backlog{LossAt: evening.End.Add(time.Hour)}, rules.StateHealthy, OK, nil},
		"a loss at no time":                      {&Backlog{LossEvents: 3}, rules.StateHealthy, OK, nil},
		"events are lost":                        {&Backlog{Lost: 7}, rules.StateHealthy, Attention, []Advice{AdviseLost}},
		"lost, and more to come":                 {&Backlog{Lost: 7, Undelivered: 1, LossAt: evening.End, LossEvents: 1}, rules.StateHealthy, Attention, []Advice{AdviseLastTry, AdviseLost}},
		"events wait for one that is off":        {&Backlog{Undelivered: 1, Lost: 1}, rules.StateSuspended, OK, nil},
		"and will be lost":                       {&Backlog{Undelivered: 1, LossAt: evening.End, LossEvents: 1}, rules.StateSuspended, Act, []Advice{AdviseAtRisk}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := healthy("a")
			e.State, e.Backlog = tc.state, tc.backlog
			got := Judge(factsOf(healthy("z"), e))
			var advice []Advice
			for _, a := range got.Actions {
				advice = append(advice, a.Word)
			}
			if got.Verdict != tc.want || !slices.Equal(advice, tc.advice) {
				t.Errorf("got %s with %v, want %s with %v", got.Verdict, advice, tc.want, tc.advice)
			}
		})
	}
}

// TestWhatIsLostFirstIsToldFirst: among what fails, a loss comes first; among
// losses, the earliest; what is lost comes before what is lost much later.
func TestWhatIsLostFirstIsToldFirst(t *testing.T) {
	t.Parallel()
	losing := func(id string, at time.Duration) Endpoint {
		e := healthy(id)
		e.State, e.Backlog = rules.StateNoData, &Backlog{Undelivered: 1, LossAt: evening.End.Add(at), LossEvents: 1}
		return e
	}
	lost := healthy("lost")
	lost.Backlog = &Backlog{Lost: 1}
	f := Judge(factsOf(timingOut("b"), losing("late", 5*time.Hour), losing("soon", time.Hour), losing("later", 7*time.Hour), lost))
	var got []string
	for _, a := range f.Actions {
		got = append(got, string(a.Word)+" "+a.Endpoint)
	}
	if want := []string{"events_at_risk soon", "timeout b", "events_lost lost"}; !slices.Equal(got, want) || f.Actions[0].More != 1 || f.Actions[2].More != 0 {
		t.Errorf("got %v, the first with %d more, want %v with one", got, f.Actions[0].More, want)
	}
}

func TestHowMuchIsLostBeforeTheNextDigest(t *testing.T) {
	t.Parallel()
	hours := func(n int) func(*Facts) {
		return func(f *Facts) { f.Window.Start = f.Window.End.Add(time.Duration(-n) * time.Hour) }
	}
	for sentence, tc := range map[string]struct {
		change func(*Facts)
		want   int
	}{
		"the next digest comes in six hours":     {hours(6), 20},
		"in an hour, and all come after that":    {hours(1), 0},
		"in a day":                               {hours(24), 30},
		"in seven hours, which has no count":     {hours(7), 5},
		"a week's summary is not the next one":   {func(f *Facts) { hours(168)(f); f.Kind = KindSummary }, 20},
		"of a merged one, the last window tells": {func(f *Facts) { hours(24)(f); f.Parts = []Part{{}, {Window: evening}} }, 20},
	} {
		f := factsOf()
		tc.change(&f)
		b := &Backlog{Undelivered: 40, LossAt: evening.End.Add(90 * time.Minute), LossEvents: 5, AtRisk1h: 0, AtRisk6h: 20, AtRisk24h: 30}
		if got := f.losing(b); got != tc.want {
			t.Errorf("%s: got %d, want %d", sentence, got, tc.want)
		}
	}
}

func TestTheLossClockInWords(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) time.Time { return evening.End.Add(d) }
	for sentence, tc := range map[string]struct {
		backlog Backlog
		en, id  string // lines, one below the other
	}{
		"events wait": {Backlog{Undelivered: 212, Oldest: at(-132 * time.Minute), NextRetryAt: at(-57*time.Minute + time.Hour)},
			"Waiting: 212 events, the oldest since 21:48; the next automatic try is at 00:03", "Menunggu: 212 event, yang terlama sejak 21:48; percobaan otomatis berikutnya pada 00:03"},
		"one event waits, and its try is late": {Backlog{Undelivered: 1, Oldest: at(-13 * time.Hour), NextRetryAt: at(0), RecoveryMax: time.Hour},
			"Waiting: 1 event, since 11 Nov 2023 11:00 WIB; the next automatic try was due at 00:00", "Menunggu: 1 event, sejak 11 Nov 2023 11:00 WIB; percobaan otomatis berikutnya seharusnya pada 00:00"},
		"nothing is known of them": {Backlog{Undelivered: 2, LowerBound: true}, "Waiting: at least 2 events", "Menunggu: sedikitnya 2 event"},
		"a loss comes": {Backlog{LossAt: at(190 * time.Minute), LossEvents: 18},
			"18 events get their last automatic try at 03:10 WIB, before the next digest; after that they are lost unless they are sent again by hand.",
			"18 event mendapat percobaan otomatis terakhir pada 03:10 WIB, sebelum ringkasan berikutnya; setelah itu hilang kecuali dikirim ulang secara manual."},
		"one after the other": {Backlog{LossAt: at(190 * time.Minute), LossEvents: 18, AtRisk6h: 25, AtRisk24h: 40, LowerBound: true},
			"At least 25 events get their last automatic try, the first at 03:10 WIB, before the next digest; after that they are lost unless they are sent again by hand. Within 24 h that is so for at least 40 events.",
			"Sedikitnya 25 event mendapat percobaan otomatis terakhir, yang pertama pada 03:10 WIB, sebelum ringkasan berikutnya; setelah itu hilang kecuali dikirim ulang secara manual. Dalam 24 jam hal itu berlaku untuk sedikitnya 40 event."},
		"one event, after one more digest": {Backlog{LossAt: at(10 * time.Hour), LossEvents: 1, DigestsLeft: 1},
			"1 event gets its last automatic try at 10:00 WIB, 1 more digest comes before that; after that it is lost unless it is sent again by hand.",
			"1 event mendapat percobaan otomatis terakhir pada 10:00 WIB, masih ada 1 ringkasan sebelum itu; setelah itu hilang kecuali dikirim ulang secara manual."},
		"a loss that is overdue": {Backlog{LossAt: at(-time.Minute), LossEvents: 2},
			"2 events should have got their last automatic try at 23:59 WIB; they are lost unless that comes late, or they are sent again by hand.",
			"2 event seharusnya sudah mendapat percobaan otomatis terakhir pada 23:59 WIB; semuanya hilang kecuali percobaan itu datang terlambat atau dikirim ulang secara manual."},
		"a loss at this moment": {Backlog{LossAt: at(0), LossEvents: 1},
			"1 event should have got its last automatic try at 00:00 WIB; it is lost unless that comes late, or it is sent again by hand.",
			"1 event seharusnya sudah mendapat percobaan otomatis terakhir pada 00:00 WIB; semuanya hilang kecuali percobaan itu datang terlambat atau dikirim ulang secara manual."},
		"lost": {Backlog{Lost: 7}, "7 events are lost: their last automatic try failed.", "7 event hilang: percobaan otomatis terakhirnya gagal."},
		"one is lost, and one is late": {Backlog{Lost: 1, MissingRetries: 1},
			"1 event is lost: its last automatic try failed.\n1 retry is overdue on the sending side.", "1 event hilang: percobaan otomatis terakhirnya gagal.\n1 percobaan ulang terlambat di pihak pengirim."},
		"many are late": {Backlog{MissingRetries: 12, LowerBound: true}, "At least 12 retries are overdue on the sending side.", "Sedikitnya 12 percobaan ulang terlambat di pihak pengirim."},
		"nothing":       {Backlog{}, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := factsOf()
			for language, want := range map[string]string{"en": tc.en, "id": tc.id} {
				f.Language = language
				if got := strings.Join(rowLines(newVoice(f).backlog(f, &tc.backlog)), "\n"); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
}

// TestAMergedDigestHasTheNewestBacklog: each window is gathered with its own.
func TestAMergedDigestHasTheNewestBacklog(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", ""), {Zone: "Asia/Jakarta", Since: began, To: merchant("ops", "").To}}}
	c.backlog = func(w Window) *Backlog {
		return &Backlog{Undelivered: int(w.End.Sub(began)/time.Hour) + int(w.Length()/day)*1000}
	}
	tick(t, New(config(), b, c, nil), 7*time.Hour)
	tick(t, New(config(), b, c, nil), 32*time.Hour) // 25 h later
	for _, of := range [][]Row{b.of("a", KindHealth), b.of("", KindPlatform)} {
		f, err := Decode(of[len(of)-1].Snapshot)
		if err != nil || len(f.Parts) != 4 {
			t.Fatalf("got %v and %d parts, want 4", err, len(f.Parts))
		}
		var got *Backlog
		if f.Platform != nil {
			got = f.Platform.Backlog
		} else {
			got = f.Endpoints[0].Backlog
		}
		if got == nil || got.Undelivered != int(f.Window.End.Sub(began)/time.Hour) {
			t.Errorf("got %+v, want that of the window until %s", got, f.Window.End)
		}
	}
}

// What was lost in any window of a gap is told, beside what waits now.
func TestAGapTellsAllThatWasLostInIt(t *testing.T) {
	t.Parallel()
	first, last := Window{evening.Start.Add(-evening.Length()), evening.Start}, evening
	lost, waits := &Backlog{Lost: 7, Undelivered: 3, LossEvents: 3, LossAt: evening.Start}, &Backlog{Undelivered: 2, Lost: 1}
	for sentence, tc := range map[string]struct {
		whole, newest *Backlog
		want          *Backlog
	}{
		"nothing waits now":         {lost, nil, &Backlog{Lost: 7}},
		"others wait now":           {lost, waits, &Backlog{Undelivered: 2, Lost: 7}},
		"none was lost":             {&Backlog{Undelivered: 3}, &Backlog{Undelivered: 2}, &Backlog{Undelivered: 2}},
		"what waited is history":    {&Backlog{Undelivered: 3}, nil, nil},
		"not all could be counted":  {&Backlog{Lost: 7, LowerBound: true}, nil, &Backlog{Lost: 7, LowerBound: true}},
		"there was never a backlog": {nil, nil, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			gather := func(w Window) (Facts, error) {
				f := factsOf(healthy("a"))
				f.Window, f.Platform = w, &Platform{Backlog: tc.whole}
				f.Endpoints[0].Backlog = tc.whole
				if w == last {
					f.Endpoints[0].Backlog, f.Platform.Backlog = tc.newest, tc.newest
				}
				return f, nil
			}
			f, _, err := duty{windows: []Window{first, last}}.facts(gather)
			if err != nil {
				t.Fatal(err)
			}
			for whose, got := range map[string]*Backlog{"the endpoint": f.Endpoints[0].Backlog, "the platform": f.Platform.Backlog} {
				if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
					t.Errorf("%s: got %+v, want %+v", whose, got, tc.want)
				}
			}
		})
	}
}
