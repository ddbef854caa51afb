package alerting_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// evening is when the seed's incident was over: 23:10 in Jakarta, 16:10 UTC.
var evening = time.Date(2023, 11, 11, 16, 10, 0, 0, time.UTC)

func TestTheStateOfAChannelFollowsFromItsCounts(t *testing.T) {
	t.Parallel()
	jakarta := time.FixedZone("WIB", 7*60*60)
	midnight := time.Date(2023, 11, 12, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		was  alerting.Reconciliation
		c    alerting.FailedCount
		zone *time.Location
		want alerting.ReconcileState
		done time.Time
	}{
		"nothing is delivered yet": {
			c: alerting.FailedCount{Failed: 5, Waiting: 5, ExpectedAt: evening.Add(time.Hour)}, want: alerting.ReconcileInProgress},
		"what waits is expected just before the day ends": {
			c: alerting.FailedCount{Failed: 5, Waiting: 5, ExpectedAt: midnight.Add(-time.Microsecond)}, want: alerting.ReconcileInProgress},
		"what waits is expected when the next day begins": {
			c: alerting.FailedCount{Failed: 5, Waiting: 5, ExpectedAt: midnight}, want: alerting.ReconcileTPlus1},
		"the day ends earlier in Jakarta": {
			c: alerting.FailedCount{Failed: 5, Waiting: 5, ExpectedAt: evening.Add(50 * time.Minute)}, zone: jakarta, want: alerting.ReconcileTPlus1},
		"nobody knows when it is tried": {
			c: alerting.FailedCount{Failed: 5, Waiting: 5}, want: alerting.ReconcileInProgress},
		"what is exhausted waits for a person": {
			c: alerting.FailedCount{Failed: 5, Redelivered: 4, Exhausted: 1}, want: alerting.ReconcileInProgress},
		"all was delivered": {
			c: alerting.FailedCount{Failed: 5, Redelivered: 5, DeliveredAt: evening.Add(-time.Hour)}, want: alerting.ReconcileDone, done: evening.Add(-time.Hour)},
		"the last was delivered and the others written off": {
			was: alerting.Reconciliation{WrittenOff: 2}, c: alerting.FailedCount{Failed: 5, Redelivered: 3, Exhausted: 2, DeliveredAt: evening.Add(-time.Hour)},
			want: alerting.ReconcileDone, done: evening},
		"one that was written off was delivered after all": {
			was: alerting.Reconciliation{WrittenOff: 3}, c: alerting.FailedCount{Failed: 5, Redelivered: 3, Exhausted: 2}, want: alerting.ReconcileDone, done: evening},
		"it stays done since then": {
			was: alerting.Reconciliation{State: alerting.ReconcileDone, DoneAt: evening.Add(-2 * time.Hour)}, c: alerting.FailedCount{Failed: 5, Redelivered: 5, DeliveredAt: evening},
			want: alerting.ReconcileDone, done: evening.Add(-2 * time.Hour)},
		"more has failed since it was done": {
			was: alerting.Reconciliation{State: alerting.ReconcileDone, DoneAt: evening.Add(-2 * time.Hour)}, c: alerting.FailedCount{Failed: 6, Redelivered: 5, Waiting: 1},
			want: alerting.ReconcileInProgress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.zone == nil {
				tt.zone = time.UTC
			}
			tt.was.Note, tt.was.UpdatedBy = "asked the bank", "dewi"
			got := tt.was.Counted(tt.c, evening, tt.zone)
			if got.State != tt.want || !got.DoneAt.Equal(tt.done) {
				t.Errorf("got %s, done %s, want %s, %s", got.State, got.DoneAt, tt.want, tt.done)
			}
			if got.Note != "asked the bank" || got.UpdatedBy != "dewi" || got.WrittenOff != tt.was.WrittenOff {
				t.Errorf("a person's word was changed: %+v", got)
			}
			if done := got.State == alerting.ReconcileDone; done != (got.Left() == 0) || done && !got.ExpectedAt.IsZero() {
				t.Errorf("%d left, expected %s, and %s", got.Left(), got.ExpectedAt, got.State)
			}
		})
	}
}

func TestAnIncidentIsWhollyDoneOnceEachChannelIs(t *testing.T) {
	t.Parallel()
	done, open := alerting.Reconciliation{State: alerting.ReconcileDone}, alerting.Reconciliation{State: alerting.ReconcileTPlus1}
	for want, rows := range map[bool][][]alerting.Reconciliation{
		true: {{done}, {done, done}}, false: {nil, {open}, {done, open}, {open, done}},
	} {
		for _, r := range rows {
			if alerting.WhollyDone(r) != want {
				t.Errorf("%v: wholly done %t, want %t", r, !want, want)
			}
		}
	}
}

func TestRowsThatNothingIsCountedOfStay(t *testing.T) {
	t.Parallel()
	was := []alerting.Reconciliation{{Incident: "i", Channel: "OLD", State: alerting.ReconcileInProgress, Failed: 9}, {Incident: "i", Channel: "QR", WrittenOff: 1}}
	got := alerting.Recounted("i", was, []alerting.FailedCount{{Name: "QR", Failed: 3, Redelivered: 2, Exhausted: 1}, {Failed: 1, Waiting: 1}}, evening, time.UTC)
	want := []alerting.Reconciliation{
		{Incident: "i", State: alerting.ReconcileInProgress, Failed: 1},
		was[0],
		{Incident: "i", Channel: "QR", State: alerting.ReconcileDone, Failed: 3, Redelivered: 2, Exhausted: 1, WrittenOff: 1, DoneAt: evening},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestInventedChannelsShareARow: and a channel that has a row keeps it.
func TestInventedChannelsShareARow(t *testing.T) {
	t.Parallel()
	var counts []alerting.FailedCount
	for i := range 500 {
		counts = append(counts, alerting.FailedCount{Name: fmt.Sprintf("ch-%03d", i), Failed: i + 1, Waiting: i + 1, ExpectedAt: evening.Add(time.Duration(i) * time.Minute)})
	}
	var rows []alerting.Reconciliation
	for range 3 {
		rows = alerting.Recounted("i", rows, counts, evening, time.UTC)
		sum := 0
		for _, r := range rows {
			sum += r.Failed
		}
		if len(rows) != 201 || sum != 500*501/2 || rows[0].Channel != alerting.OtherChannels || rows[0].Failed != 300*301/2 || !rows[0].ExpectedAt.Equal(evening.Add(299*time.Minute)) {
			t.Fatalf("%d rows of %d events, the first %+v; want 201 of 125250 in all", len(rows), sum, rows[0])
		}
		slices.Reverse(counts)
	}
}

func TestAnIncidentAnswersForItsScope(t *testing.T) {
	t.Parallel()
	members := func(scopes ...rules.Scope) (list []alerting.Membership) {
		for _, s := range scopes {
			list = append(list, alerting.Membership{Key: rules.Key{Scope: s}})
		}
		return list
	}
	for name, tt := range map[string]struct {
		in   alerting.Incident
		want []rules.Scope
	}{
		"the platform": {alerting.Incident{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Members: members("channel:QR", rules.ScopePlatform)},
			[]rules.Scope{rules.ScopePlatform}},
		"two channels, and a merchant that is folded in": {alerting.Incident{Rule: rules.RuleChannelErrorRatio, Scope: "channel:QR", Members: members("channel:QR", "channel:OTC", "merchant:m")},
			[]rules.Scope{"channel:QR", "channel:OTC"}},
		"an endpoint, twice bad": {alerting.Incident{Rule: rules.RuleEndpointDown, Scope: "endpoint:a", Members: members("endpoint:a", "endpoint:a")}, []rules.Scope{"endpoint:a"}},
		"a cause that endpoints share": {alerting.Incident{Rule: alerting.RuleCommonCause, Scope: rules.ScopePlatform, Members: members("endpoint:a", "endpoint:b")},
			[]rules.Scope{"endpoint:a", "endpoint:b"}},
		"a host that endpoints share": {alerting.Incident{Rule: alerting.RuleCommonCause, Scope: "host:h", Members: members("endpoint:a", "target:t")}, []rules.Scope{"endpoint:a"}},
		"a service of our own":        {alerting.Incident{Rule: rules.RuleCertificate, Scope: "target:t", Members: members("target:t")}, nil},
		"a source":                    {alerting.Incident{Rule: rules.RuleDuplicates, Scope: "source:core"}, nil},
	} {
		if got := tt.in.FailedScopes(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

func TestTheSpanBeginsAMinuteEarlierAndEndsWithTheIncident(t *testing.T) {
	t.Parallel()
	in := alerting.Incident{StartedAt: evening}
	if from, to := in.FailedSpan(evening.Add(time.Hour)); !from.Equal(evening.Add(-time.Minute)) || !to.Equal(evening.Add(time.Hour)) {
		t.Errorf("live: %s to %s", from, to)
	}
	in.ResolvedAt = evening.Add(20 * time.Minute)
	if _, to := in.FailedSpan(evening.Add(time.Hour)); !to.Equal(in.ResolvedAt) {
		t.Errorf("resolved: to %s, want %s", to, in.ResolvedAt)
	}
}

func TestPeopleReconcile(t *testing.T) {
	t.Parallel()
	rows := []alerting.Reconciliation{
		{Channel: "", State: alerting.ReconcileInProgress, Failed: 2, Redelivered: 1, Exhausted: 1},
		{Channel: "ID_BCA", State: alerting.ReconcileTPlus1, Failed: 40, Redelivered: 28, Exhausted: 10, ExpectedAt: evening.Add(20 * time.Hour)},
		{Channel: "QR", State: alerting.ReconcileDone, Failed: 7, Redelivered: 7, DoneAt: evening},
	}
	over := alerting.Incident{ID: "i", State: alerting.StateResolved, Entries: 4}
	live := alerting.Incident{ID: "i", State: alerting.StateOpen}
	closed := alerting.Incident{ID: "i", State: alerting.StateReconciled}
	folded := alerting.Incident{ID: "i", State: alerting.StateResolved, Parent: "p", ResolvedBy: "folded into abc"}
	by := func(c alerting.ReconcileCommand) alerting.ReconcileCommand { c.By = "dewi"; return c }
	for name, tt := range map[string]struct {
		in     alerting.Incident
		c      alerting.ReconcileCommand
		state  alerting.ReconcileState
		off    int
		said   string // the entry; or
		refuse string // why not
	}{
		"some are written off": {over, by(alerting.ReconcileCommand{Do: "written_off", Channel: "ID_BCA", Count: 10, Note: "settled\nby hand"}),
			alerting.ReconcileTPlus1, 10, "ID_BCA: 10 of 40 failed events written off, 2 left: settled by hand", ""},
		"all are written off": {over, by(alerting.ReconcileCommand{Do: "written_off", Channel: "ID_BCA", Count: 12}),
			alerting.ReconcileDone, 12, "ID_BCA: 12 of 40 failed events written off, 0 left", ""},
		"some are while it runs": {live, by(alerting.ReconcileCommand{Do: "written_off", Channel: "ID_BCA", Count: 1}), alerting.ReconcileTPlus1, 1,
			"ID_BCA: 1 of 40 failed events written off, 11 left", ""},
		"it is taken back":        {over, by(alerting.ReconcileCommand{Do: "written_off", Channel: "ID_BCA"}), alerting.ReconcileTPlus1, 0, "ID_BCA: 0 of 40 failed events written off, 12 left", ""},
		"one too many":            {over, by(alerting.ReconcileCommand{Do: "written_off", Channel: "ID_BCA", Count: 13}), "", 0, "", "12 of 40 failed events are not delivered"},
		"fewer than none":         {over, by(alerting.ReconcileCommand{Do: "written_off", Channel: "ID_BCA", Count: -1}), "", 0, "", "want 0 or more"},
		"done by hand":            {over, by(alerting.ReconcileCommand{Do: "done", Channel: "", Note: "by phone"}), alerting.ReconcileDone, 1, "events without a channel: done by hand, 1 of 2 failed events written off: by phone", ""},
		"done while it runs":      {live, by(alerting.ReconcileCommand{Do: "done", Channel: "ID_BCA"}), "", 0, "", "wait until it is resolved"},
		"done twice":              {over, by(alerting.ReconcileCommand{Do: "done", Channel: "QR"}), "", 0, "", "QR is done already"},
		"done with a count":       {over, by(alerting.ReconcileCommand{Do: "done", Channel: "QR", Count: 1}), "", 0, "", "a count goes with written_off"},
		"a note":                  {closed, by(alerting.ReconcileCommand{Do: "note", Channel: "QR", Note: "report attached"}), alerting.ReconcileDone, 0, "QR: report attached", ""},
		"a note that is empty":    {over, by(alerting.ReconcileCommand{Do: "note", Channel: "QR", Note: " \u202e"}), "", 0, "", "a note needs one"},
		"a note that is too long": {over, by(alerting.ReconcileCommand{Do: "note", Channel: "QR", Note: strings.Repeat("x", 2001)}), "", 0, "", "at most 2000"},
		"of what is reconciled":   {closed, by(alerting.ReconcileCommand{Do: "written_off", Channel: "QR", Count: 0}), "", 0, "", "write a note instead"},
		"of what goes on elsewhere": {folded, by(alerting.ReconcileCommand{Do: "done", Channel: "ID_BCA"}), "", 0, "",
			"folded into abc, where it goes on"},
		"a channel that is not there":                   {over, by(alerting.ReconcileCommand{Do: "done", Channel: "OTC"}), "", 0, "", `channel "OTC" has no failed event in it; want one of "" (events without a channel), ID_BCA, QR (nothing was done; the incident is resolved)`},
		"a channel that is not there, of one that runs": {live, by(alerting.ReconcileCommand{Do: "done", Channel: "OTC"}), "", 0, "", `channel "OTC" has no failed event in it`},
		"an action that is not there":                   {over, by(alerting.ReconcileCommand{Do: "undo", Channel: "QR"}), "", 0, "", "want written_off, done or note"},
		"nobody says so":                                {over, alerting.ReconcileCommand{Do: "done", Channel: "QR"}, "", 0, "", "who says so is missing"},
		"by somebody with a long name":                  {over, alerting.ReconcileCommand{Do: "done", Channel: "QR", By: strings.Repeat("n", 201)}, "", 0, "", "at most 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := evening.Add(time.Hour)
			row, e, err := tt.in.Reconcile(rows, tt.c, now, time.UTC)
			if tt.refuse != "" {
				if refusal, ok := errors.AsType[*alerting.CommandError](err); !ok || !strings.Contains(refusal.Error(), tt.refuse) || refusal.Do != "reconcile" {
					t.Errorf("got %v, want a refusal with %q", err, tt.refuse)
				}
				return
			}
			if err != nil || row.State != tt.state || row.WrittenOff != tt.off || row.UpdatedBy != "dewi" || !row.UpdatedAt.Equal(now) || row.Incident != "i" {
				t.Errorf("got %+v, %v, want %s with %d written off by dewi", row, err, tt.state, tt.off)
			}
			if want := (alerting.Entry{Incident: "i", Seq: tt.in.Entries + 1, At: now, Kind: "reconciliation", Actor: "dewi", Text: tt.said}); e != want {
				t.Errorf("entry %+v\nwant  %+v", e, want)
			}
		})
	}
	if _, _, err := over.Reconcile(nil, by(alerting.ReconcileCommand{Do: "done"}), evening, time.UTC); err == nil || !strings.Contains(err.Error(), "nothing to reconcile yet") {
		t.Errorf("without a row: %v", err)
	}
}

// TestRefusalsBeginWithWhatIsWrong: only where the state of the incident is the
// reason do they begin with it.
func TestRefusalsBeginWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	rows := []alerting.Reconciliation{{Channel: "QR", State: alerting.ReconcileInProgress, Failed: 7}}
	live := alerting.Incident{ID: "i", State: alerting.StateOpen}
	for name, tt := range map[string]struct {
		c    alerting.ReconcileCommand
		want string
	}{
		"too many":       {alerting.ReconcileCommand{Do: "written_off", Channel: "QR", Count: 9}, "9 of QR cannot be written off: 7 of 7 failed events are not delivered (nothing was done; the incident is open)"},
		"no channel":     {alerting.ReconcileCommand{Do: "written_off", Count: 1}, "each of its failed events has a channel; want one of QR (nothing was done; the incident is open)"},
		"an empty note":  {alerting.ReconcileCommand{Do: "note", Channel: "QR"}, "the text is missing; a note needs one (nothing was done; the incident is open)"},
		"it is not over": {alerting.ReconcileCommand{Do: "done", Channel: "QR"}, "cannot reconcile an incident that is open: it is not over, more may fail; write off a number of events, or wait until it is resolved"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.c.By = "dewi"
			if _, _, err := live.Reconcile(rows, tt.c, evening, time.UTC); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
