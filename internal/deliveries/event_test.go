package deliveries_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// noon is when the original attempts of these tests start.
var noon = time.Date(2023, 11, 11, 12, 0, 0, 0, time.UTC)

// after returns the time that long after noon; "" is the zero time.
func after(t *testing.T, span string) time.Time {
	t.Helper()
	if span == "" {
		return time.Time{}
	}
	return noon.Add(offsets(t, span)[0])
}

func preset(t *testing.T, name string) deliveries.Schedule {
	t.Helper()
	s, ok := deliveries.Preset(name)
	if !ok {
		t.Fatalf("%q is no preset", name)
	}
	return s
}

// failed is an automatic try that got a 500 after a second, good one that was
// delivered, resent and lostResend the same by a person.
func failed(number int, at time.Duration) deliveries.Try {
	return deliveries.Try{Number: number, StartedAt: noon.Add(at), Duration: time.Second, Status: 500, Fault: probes.FaultHTTP5xx}
}

func good(number int, at time.Duration) deliveries.Try {
	return deliveries.Try{Number: number, StartedAt: noon.Add(at), Duration: time.Second, Status: 200, Fault: probes.FaultNone}
}

func resent(actor string, at time.Duration) deliveries.Try {
	t := good(0, at)
	t.Manual, t.Actor = true, actor
	return t
}

func failedResend(at time.Duration) deliveries.Try {
	t := failed(0, at)
	t.Manual, t.Actor = true, "ana"
	return t
}

func withFault(t deliveries.Try, fault probes.Fault) deliveries.Try {
	t.Status, t.Fault = 0, fault
	return t
}

// chainCase is one event: its schedule and tries, and what is wanted of them.
// Times are spans after noon; "" is the zero time.
type chainCase struct {
	schedule              string
	tries                 []deliveries.Try
	state                 deliveries.EventState
	first, next, exhausts string
	delivered, by         string
}

func (tt chainCase) check(t *testing.T) {
	t.Helper()
	e := deliveries.EventOf(deliveries.Event{ID: "evt_1"}, tt.tries, preset(t, tt.schedule))
	if e.State != tt.state || e.DeliveredBy != tt.by {
		t.Errorf("state %q by %q, want %q by %q", e.State, e.DeliveredBy, tt.state, tt.by)
	}
	for name, pair := range map[string]struct {
		got  time.Time
		want string
	}{
		"FirstAttemptAt": {e.FirstAttemptAt, tt.first}, "NextRetryAt": {e.NextRetryAt, tt.next},
		"ExhaustsAt": {e.ExhaustsAt, tt.exhausts}, "DeliveredAt": {e.DeliveredAt, tt.delivered},
	} {
		if want := after(t, pair.want); pair.got != want {
			t.Errorf("%s is %v, want %v", name, pair.got, want)
		}
	}
}

const (
	minute = time.Minute
	hour   = time.Hour
)

func TestAnEventByItsAutomaticTries(t *testing.T) {
	t.Parallel()
	full := []deliveries.Try{
		failed(1, 0), failed(2, 15*minute), failed(3, hour), failed(4, 3*hour), failed(5, 6*hour), failed(6, 12*hour), failed(7, 24*hour),
	}
	for name, tt := range map[string]chainCase{
		"no try is known": {schedule: "xendit", state: "pending"},
		"delivered at once": {schedule: "xendit", tries: []deliveries.Try{good(1, 0)},
			state: "delivered", first: "0s", delivered: "1s", by: "automatic"},
		"the first failed": {schedule: "xendit", tries: full[:1], state: "retrying", first: "0s", next: "15m", exhausts: "24h"},
		"three failed":     {schedule: "xendit", tries: full[:3], state: "retrying", first: "0s", next: "3h", exhausts: "24h"},
		"the last but one": {schedule: "xendit", tries: full[:6], state: "retrying", first: "0s", next: "24h", exhausts: "24h"},
		"the last failed":  {schedule: "xendit", tries: full, state: "exhausted", first: "0s", exhausts: "24h"},
		"the last one a minute late": {schedule: "xendit", tries: append(full[:6:6], failed(7, 24*hour+minute)),
			state: "exhausted", first: "0s", exhausts: "24h1m"},
		"one beyond the schedule fails": {schedule: "xendit", tries: append(full[:7:7], failed(8, 48*hour)),
			state: "exhausted", first: "0s", exhausts: "48h"},
		"one beyond the schedule delivers": {schedule: "xendit", tries: append(full[:7:7], good(8, 48*hour)),
			state: "delivered", first: "0s", delivered: "48h0m1s", by: "automatic"},
		"delivered by a retry": {schedule: "xendit", tries: []deliveries.Try{full[0], good(2, 15*minute)},
			state: "delivered", first: "0s", delivered: "15m1s", by: "automatic"},
		"a failure after it was delivered": {schedule: "xendit", tries: []deliveries.Try{full[0], good(2, 15*minute), failed(3, hour)},
			state: "delivered", first: "0s", delivered: "15m1s", by: "automatic"},
		"delivered twice: the earlier counts": {schedule: "xendit", tries: []deliveries.Try{good(3, hour), full[0], good(2, 15*minute)},
			state: "delivered", first: "0s", delivered: "15m1s", by: "automatic"},
		"try 3 is known, 2 is not": {schedule: "xendit", tries: []deliveries.Try{full[0], full[2]},
			state: "retrying", first: "0s", next: "3h", exhausts: "24h"},
		"a retry before its first": {schedule: "xendit", tries: []deliveries.Try{full[2]},
			state: "retrying", first: "0s", next: "3h", exhausts: "24h"},
		"only the last": {schedule: "xendit", tries: full[6:], state: "exhausted", first: "0s", exhausts: "24h"},
		"no numbers: the order of the starts": {schedule: "xendit", tries: []deliveries.Try{failed(0, hour), failed(0, 0), failed(0, 15*minute)},
			state: "retrying", first: "0s", next: "3h", exhausts: "24h"},
		"a try without a number between two with one": {schedule: "xendit", tries: []deliveries.Try{full[0], failed(0, 15*minute), full[2]},
			state: "retrying", first: "0s", next: "3h", exhausts: "24h"},
		"a try without a number after one with": {schedule: "xendit", tries: []deliveries.Try{full[2], failed(0, 3*hour)},
			state: "retrying", first: "0s", next: "6h", exhausts: "24h"},
		"retry 2 came five hours late and moves the rest": {schedule: "xendit", tries: []deliveries.Try{full[0], failed(3, 6*hour)},
			state: "retrying", first: "0s", next: "8h", exhausts: "29h"},
		"two tries with one number: the later counts": {schedule: "xendit", tries: []deliveries.Try{failed(0, 0), failed(0, 15*minute), failed(2, 6*hour)},
			state: "retrying", first: "0s", next: "6h45m", exhausts: "29h45m"},
		"a retry a minute late moves nothing": {schedule: "xendit", tries: []deliveries.Try{full[0], failed(2, 16*minute)},
			state: "retrying", first: "0s", next: "1h", exhausts: "24h"},
		"the sender's own trouble is not delivered": {schedule: "xendit", tries: []deliveries.Try{withFault(full[0], probes.FaultSenderError)},
			state: "retrying", first: "0s", next: "15m", exhausts: "24h"},
		"no fault word is not delivered": {schedule: "xendit", tries: []deliveries.Try{withFault(full[0], "")},
			state: "retrying", first: "0s", next: "15m", exhausts: "24h"},
		"canceled": {schedule: "xendit", tries: []deliveries.Try{full[0], withFault(full[1], probes.FaultCanceled)},
			state: "canceled", first: "0s"},
		"canceled, and the sender went on": {schedule: "xendit", tries: []deliveries.Try{full[0], withFault(full[1], probes.FaultCanceled), full[2]},
			state: "retrying", first: "0s", next: "3h", exhausts: "24h"},
		"the last one was canceled": {schedule: "xendit", tries: append(full[:6:6], withFault(full[6], probes.FaultCanceled)),
			state: "canceled", first: "0s"},
		"the last one was canceled, and a lower one came after": {schedule: "xendit",
			tries: []deliveries.Try{full[0], withFault(failed(7, 3*hour), probes.FaultCanceled), failed(3, 4*hour)},
			state: "retrying", first: "0s", exhausts: "3h"},
		"a sender that never retries": {schedule: "none", tries: full[:1], state: "exhausted", first: "0s", exhausts: "0s"},
		"it retried nevertheless":     {schedule: "none", tries: full[:2], state: "exhausted", first: "0s", exhausts: "15m"},
		"the schedule is not known":   {schedule: "unknown", tries: full[:4], state: "retrying", first: "0s"},
		"neither is the first":        {schedule: "unknown", tries: full[2:3], state: "retrying", first: "1h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.check(t)
		})
	}
}

func TestAnEventByItsManualTries(t *testing.T) {
	t.Parallel()
	last := failed(7, 24*hour)
	for name, tt := range map[string]chainCase{
		"exhausted, then resent": {schedule: "xendit", tries: []deliveries.Try{failed(1, 0), last, resent("ana", 30*hour)},
			state: "delivered", first: "0s", delivered: "30h0m1s", by: "ana"},
		"resent by nobody": {schedule: "xendit", tries: []deliveries.Try{failed(1, 0), resent("", minute)},
			state: "delivered", first: "0s", delivered: "1m1s", by: "manual"},
		"canceled, then resent": {schedule: "xendit", tries: []deliveries.Try{withFault(failed(1, 0), probes.FaultCanceled), resent("ana", minute)},
			state: "delivered", first: "0s", delivered: "1m1s", by: "ana"},
		"exhausted, then resent in vain": {schedule: "xendit", tries: []deliveries.Try{failed(1, 0), last, failedResend(30 * hour)},
			state: "exhausted", first: "0s", exhausts: "24h"},
		"a failed resend changes nothing": {schedule: "xendit", tries: []deliveries.Try{failed(1, 0), failedResend(minute)},
			state: "retrying", first: "0s", next: "15m", exhausts: "24h"},
		"svix goes on": {schedule: "svix", tries: []deliveries.Try{failed(1, 0), failedResend(2 * time.Second)},
			state: "retrying", first: "0s", next: "5s", exhausts: "27h35m5s"},
		"outpost cancels": {schedule: "outpost", tries: []deliveries.Try{failed(1, 0), failed(2, 30*time.Second), failedResend(minute)},
			state: "exhausted", first: "0s", exhausts: "30s"},
		"outpost cancels, then resent": {schedule: "outpost", tries: []deliveries.Try{failed(1, 0), failedResend(minute), resent("ana", hour)},
			state: "delivered", first: "0s", delivered: "1h0m1s", by: "ana"},
		"outpost went on nevertheless": {schedule: "outpost", tries: []deliveries.Try{failed(1, 0), failedResend(minute), failed(3, 90*time.Second)},
			state: "exhausted", first: "0s", exhausts: "1m30s"},
		"a resend before the first cancels nothing": {schedule: "outpost", tries: []deliveries.Try{failedResend(-minute), failed(1, 0)},
			state: "retrying", first: "0s", next: "30s", exhausts: "8h31m30s"},
		"only a failed resend is known": {schedule: "xendit", tries: []deliveries.Try{failedResend(minute)}, state: "pending", first: "1m"},
		"only a good resend is known": {schedule: "xendit", tries: []deliveries.Try{resent("ana", minute)},
			state: "delivered", first: "1m", delivered: "1m1s", by: "ana"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.check(t)
		})
	}
}

// TestEventFields looks at all that the tables above do not.
func TestEventFields(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("UTC+7", 7*3600)
	base := deliveries.Event{
		Source: "core", ID: "evt_1", Endpoint: "ep_1", Merchant: "acme", Type: "payout.succeeded", Product: "PAYOUT", Channel: "ID_BCA",
		Key: "disb-1", OccurredAt: noon.Add(-hour).In(east), CreatedAt: noon.Add(-minute).In(east), ExpiresAt: noon.Add(hour).In(east),
	}
	dirty := base
	dirty.Attempts, dirty.State, dirty.DeliveredBy, dirty.Schedule, dirty.LastStatus = 9, deliveries.EventExhausted, "x", "x", 418
	first := withFault(failed(1, 0), probes.FaultRefused)
	first.StartedAt = first.StartedAt.In(east)
	got := deliveries.EventOf(dirty, []deliveries.Try{failedResend(20 * minute), failed(2, 15*minute), first}, preset(t, "xendit"))
	want := base
	want.OccurredAt, want.CreatedAt, want.ExpiresAt = noon.Add(-hour), noon.Add(-minute), noon.Add(hour)
	want.Schedule, want.State = "xendit", deliveries.EventRetrying
	want.FirstAttemptAt, want.LastAttemptAt = noon, noon.Add(20*minute)
	want.NextRetryAt, want.ExhaustsAt = noon.Add(hour), noon.Add(24*hour)
	want.Attempts, want.ManualAttempts = 2, 1
	want.FirstFault, want.LastFault, want.LastStatus = probes.FaultRefused, probes.FaultHTTP5xx, 500
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestTriesOfOneMoment: those that start together count alike, whichever of
// their fields tells them apart.
func TestTriesOfOneMoment(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*deliveries.Try){
		"number": func(t *deliveries.Try) { t.Number = 2 }, "manual": func(t *deliveries.Try) { t.Manual = !t.Manual },
		"duration": func(t *deliveries.Try) { t.Duration = hour }, "status": func(t *deliveries.Try) { t.Status = 503 },
		"fault": func(t *deliveries.Try) { t.Fault = probes.FaultRefused },
		"actor": func(t *deliveries.Try) { t.Actor = "ben" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, one := range []deliveries.Try{failed(0, 0), good(0, 0), failedResend(0), resent("ana", 0)} {
				other := one
				change(&other)
				a := deliveries.EventOf(deliveries.Event{}, []deliveries.Try{one, other}, preset(t, "xendit"))
				b := deliveries.EventOf(deliveries.Event{}, []deliveries.Try{other, one}, preset(t, "xendit"))
				if a != b {
					t.Errorf("got %+v\nand %+v", a, b)
				}
			}
		})
	}
}

func TestTheFirstAttemptIsNotReckonedBeforeTheEventWasCreated(t *testing.T) {
	t.Parallel()
	base := deliveries.Event{CreatedAt: noon.Add(10 * minute)}
	e := deliveries.EventOf(base, []deliveries.Try{failed(3, hour)}, preset(t, "xendit"))
	if want := noon.Add(10 * minute); e.FirstAttemptAt != want {
		t.Errorf("got %v, want %v", e.FirstAttemptAt, want)
	}
}

// TestAnOpenScheduleNeverExhausts: its end was not seen, so that no loss is told.
func TestAnOpenScheduleNeverExhausts(t *testing.T) {
	t.Parallel()
	s := deliveries.Schedule{Name: "learned", Offsets: offsets(t, "15m", "1h"), Open: true}
	e := deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(1, 0)}, s)
	if e.NextRetryAt != noon.Add(15*minute) || !e.ExhaustsAt.IsZero() {
		t.Errorf("after one: next %v, exhausts %v; want 12:15 and none", e.NextRetryAt, e.ExhaustsAt)
	}
	e = deliveries.EventOf(deliveries.Event{}, []deliveries.Try{failed(1, 0), failed(3, hour)}, s)
	if got := e.StateAt(noon.Add(1000 * hour)); got != deliveries.EventRetrying || !e.NextRetryAt.IsZero() || !e.ExhaustsAt.IsZero() {
		t.Errorf("after all: %s, next %v, exhausts %v; want retrying and no times", got, e.NextRetryAt, e.ExhaustsAt)
	}
}

func TestAnEventByTheClock(t *testing.T) {
	t.Parallel()
	s := preset(t, "xendit")
	first := []deliveries.Try{failed(1, 0)}
	sixth := []deliveries.Try{failed(1, 0), failed(6, 12*hour)}
	for name, tt := range map[string]struct {
		tries   []deliveries.Try
		at      string
		state   deliveries.EventState
		missing bool
	}{
		"before the retry":                    {first, "14m", "retrying", false},
		"as late as tolerated: 2 min":         {first, "17m", "retrying", false},
		"just later":                          {first, "17m0.000000001s", "retrying", true},
		"the last as late as tolerated: 10 %": {sixth, "26h24m", "retrying", false},
		"the last just later":                 {sixth, "26h24m0.000000001s", "exhausted", true},
		"delivered":                           {[]deliveries.Try{good(1, 0)}, "1000h", "delivered", false},
		"pending":                             {nil, "1000h", "pending", false},
		"canceled":                            {[]deliveries.Try{withFault(failed(1, 0), probes.FaultCanceled)}, "1000h", "canceled", false},
		"exhausted":                           {[]deliveries.Try{failed(7, 24*hour)}, "24h", "exhausted", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := deliveries.EventOf(deliveries.Event{}, tt.tries, s)
			now := after(t, tt.at)
			if state, missing := e.StateAt(now), e.MissingRetry(s, now); state != tt.state || missing != tt.missing {
				t.Errorf("%s, missing %t; want %s, %t", state, missing, tt.state, tt.missing)
			}
		})
	}
}

func TestAnEventIsLostAfterLostAt(t *testing.T) {
	t.Parallel()
	first, last := noon, noon.Add(hour)
	for state, lost := range map[deliveries.EventState]bool{deliveries.EventRetrying: true, deliveries.EventExhausted: true, deliveries.EventDelivered: false} {
		e := deliveries.Event{State: state, FirstAttemptAt: first, ExhaustsAt: last}
		at := e.LostAt()
		if at.IsZero() == lost || lost && (at.Before(last) || e.StateAt(at.Add(1)) != deliveries.EventExhausted) {
			t.Errorf("%s: lost at %v, and %s after it", state, at, e.StateAt(at.Add(1)))
		}
	}
	if at := (deliveries.Event{State: deliveries.EventRetrying, FirstAttemptAt: first}).LostAt(); !at.IsZero() {
		t.Errorf("its last try is not known: lost at %v", at)
	}
}
