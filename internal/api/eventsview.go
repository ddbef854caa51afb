package api

import (
	"cmp"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// eventView is where one event stands at one endpoint. Moments that are not
// known, or have not come, are left out.
type eventView struct {
	Source         string                `json:"source"`
	ID             string                `json:"id"`
	Endpoint       string                `json:"endpoint"`
	Merchant       string                `json:"merchant"`
	Type           string                `json:"type"`
	Product        string                `json:"product"`
	Channel        string                `json:"channel"`
	Key            string                `json:"key" doc:"Business key: what the event is about"`
	State          deliveries.EventState `json:"state" enum:"pending,retrying,delivered,exhausted,canceled" doc:"Now. exhausted: lost unless a person resends it"`
	OccurredAt     time.Time             `json:"occurred_at,omitzero" doc:"What the event tells of happened"`
	CreatedAt      time.Time             `json:"created_at,omitzero"`
	ExpiresAt      time.Time             `json:"expires_at,omitzero"`
	FirstAttemptAt time.Time             `json:"first_attempt_at,omitzero" doc:"Reckoned back by the schedule when only later ones are known"`
	LastAttemptAt  time.Time             `json:"last_attempt_at,omitzero"`
	NextRetryAt    time.Time             `json:"next_retry_at,omitzero" doc:"Of the sender, by itself; in the past: it is overdue"`
	ExhaustsAt     time.Time             `json:"exhausts_at,omitzero" doc:"The last automatic try is due, or was"`
	DeliveredAt    time.Time             `json:"delivered_at,omitzero"`
	DeliveredBy    string                `json:"delivered_by" doc:"automatic, or who asked for the try; manual: nobody is named; empty: not delivered"`
	Attempts       int                   `json:"attempts" doc:"Automatic ones that are known"`
	ManualAttempts int                   `json:"manual_attempts"`
	FirstFault     probes.Fault          `json:"first_fault" doc:"Of the first automatic attempt; none: it was delivered"`
	LastFault      probes.Fault          `json:"last_fault"`
	LastStatus     int                   `json:"last_status" doc:"0 without a complete head"`
	Schedule       string                `json:"schedule" doc:"By which the times above were reckoned"`
	Lags           *lagsView             `json:"lags,omitempty" doc:"Where the time went; not in lists"`
	LagClasses     []deliveries.LagClass `json:"lag_classes,omitempty" doc:"Who made it late, most upstream first: channel_late, found_in_reconciliation, paid_near_expiry, dispatcher_late, endpoint_late, unclassified, on_time; not in lists"`
}

// lagsView is where the time of an event went.
type lagsView struct {
	Source   *float64 `json:"source_seconds" doc:"From occurred to created: the payment channel. null: not known, as all of these"`
	Queue    *float64 `json:"queue_seconds" doc:"From created to the first attempt: the sender"`
	Delivery *float64 `json:"delivery_seconds" doc:"From the first attempt to the delivery: the endpoint"`
	Ack      *float64 `json:"ack_seconds" doc:"Duration of the attempt that was delivered"`
	Skewed   bool     `json:"skewed" doc:"One of them was negative, and is told as 0: clocks disagree"`
}

// attemptView is one attempt as it is kept.
type attemptView struct {
	Source     string             `json:"source"`
	ID         string             `json:"id" doc:"Of the attempt, in its source; may be empty"`
	Event      string             `json:"event"`
	Endpoint   string             `json:"endpoint"`
	Merchant   string             `json:"merchant"`
	Type       string             `json:"type"`
	Product    string             `json:"product"`
	Channel    string             `json:"channel"`
	Key        string             `json:"key"`
	Number     int                `json:"number" doc:"1 is the original; 0: not said, or by a person"`
	By         string             `json:"by" doc:"Automatic, or who asked for it; Manual: nobody is named"`
	Trigger    deliveries.Trigger `json:"trigger" enum:"automatic,manual"`
	Mode       deliveries.Mode    `json:"mode" enum:"live,test"`
	Status     int                `json:"status" doc:"0 without a complete head"`
	Fault      probes.Fault       `json:"fault" doc:"none: it was delivered"`
	Error      string             `json:"error" doc:"The sender's own word"`
	StartedAt  time.Time          `json:"started_at"`
	Duration   float64            `json:"duration_seconds" doc:"0: not said"`
	ReceivedAt time.Time          `json:"received_at,omitzero" doc:"By hookvigil"`
}

// storyView is all that is kept of one event.
type storyView struct {
	Source    string        `json:"source"`
	ID        string        `json:"id"`
	Endpoints []eventView   `json:"endpoints" doc:"Where it stands, by endpoint"`
	Attempts  []attemptView `json:"attempts" doc:"At all of them, by start"`
}

// viewOfEvent shows an event as it stands at now.
func viewOfEvent(e deliveries.Event, now time.Time) eventView {
	return eventView{
		Source: e.Source, ID: e.ID, Endpoint: e.Endpoint, Merchant: e.Merchant,
		Type: e.Type, Product: e.Product, Channel: e.Channel, Key: e.Key, State: e.StateAt(now),
		OccurredAt: e.OccurredAt.UTC(), CreatedAt: e.CreatedAt.UTC(), ExpiresAt: e.ExpiresAt.UTC(),
		FirstAttemptAt: e.FirstAttemptAt.UTC(), LastAttemptAt: e.LastAttemptAt.UTC(), NextRetryAt: e.NextRetryAt.UTC(),
		ExhaustsAt: e.ExhaustsAt.UTC(), DeliveredAt: e.DeliveredAt.UTC(), DeliveredBy: e.DeliveredBy,
		Attempts: e.Attempts, ManualAttempts: e.ManualAttempts,
		FirstFault: e.FirstFault, LastFault: e.LastFault, LastStatus: e.LastStatus, Schedule: scheduleOf(e),
	}
}

// viewOfAttempt shows an attempt with who caused it, in the words of the
// provider's event history: "Automatic", or a person's name.
func viewOfAttempt(t ingest.Told) attemptView {
	v := attemptView{
		Source: t.Source, ID: t.ID, Event: t.Event, Endpoint: t.Endpoint, Merchant: t.Merchant,
		Type: t.Type, Product: t.Product, Channel: t.Channel, Key: t.Key,
		Number: t.Number, By: "Automatic", Trigger: deliveries.Automatic, Mode: cmp.Or(t.Mode, deliveries.Live),
		Status: t.Status, Fault: t.Fault, Error: t.Error,
		StartedAt: t.StartedAt.UTC(), Duration: t.Duration.Seconds(), ReceivedAt: t.Received.UTC(),
	}
	if t.Trigger == deliveries.Manual {
		v.Number, v.By, v.Trigger = 0, cmp.Or(t.Actor, "Manual"), deliveries.Manual
	}
	return v
}

func viewOfStory(source, id string, story ingest.EventStory, now time.Time) storyView {
	v := storyView{Source: source, ID: id, Endpoints: make([]eventView, 0, len(story.Events)), Attempts: make([]attemptView, 0, len(story.Attempts))}
	for _, e := range story.Events {
		at := viewOfEvent(e, now)
		at.Lags, at.LagClasses = lagsOf(e, story.Attempts)
		v.Endpoints = append(v.Endpoints, at)
	}
	for _, a := range story.Attempts {
		v.Attempts = append(v.Attempts, viewOfAttempt(a))
	}
	return v
}

// lagsOf says where the time of an event went, and who made it late by the
// usual limits. What is usual for its channel alone is not asked.
func lagsOf(e deliveries.Event, attempts []ingest.Told) (*lagsView, []deliveries.LagClass) {
	times := deliveries.Times{
		OccurredAt: e.OccurredAt, CreatedAt: e.CreatedAt, ExpiresAt: e.ExpiresAt,
		FirstAttemptAt: e.FirstAttemptAt, DeliveredAt: e.DeliveredAt, Retried: e.FirstFault != probes.FaultNone,
	}
	for _, a := range attempts {
		if a.Endpoint == e.Endpoint && a.Fault == probes.FaultNone && a.Completed().Equal(e.DeliveredAt) {
			times.Ack = a.Duration
		}
	}
	lags := times.Lags()
	return &lagsView{
		Source: seconds(lags.Source), Queue: seconds(lags.Queue), Delivery: seconds(lags.Delivery), Ack: seconds(lags.Ack),
		Skewed: lags.Skewed(),
	}, deliveries.DefaultLagLimits().Classify(times, 0)
}

// seconds is the length of a span; nil when it is not known.
func seconds(s deliveries.Span) *float64 {
	if !s.Known {
		return nil
	}
	return new(s.Length.Seconds())
}

// scheduleOf is by which schedule an event is repeated; empty when it never
// had to be.
func scheduleOf(e deliveries.Event) string {
	if e.FirstFault == probes.FaultNone {
		return ""
	}
	return e.Schedule
}
