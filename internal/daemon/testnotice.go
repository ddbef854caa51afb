package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// testFor bounds how long a person waits for a test notice.
const testFor = 75 * time.Second

// testReceiver sends one test notice through each lane of a receiver, the way
// every notice goes, and waits until each has ended.
func (d *Daemon) testReceiver(ctx context.Context, receiver, by string) (api.TestOutcome, error) {
	w := d.column.ways.Load()
	leads, ok := w.leads[receiver]
	if !ok {
		return api.TestOutcome{}, fmt.Errorf("there is no receiver %q, only %s: %w", receiver, strings.Join(w.names, ", "), registry.ErrNotFound)
	}
	now, subject := time.Now(), "test/"+uuid.NewString()
	facts, err := json.Marshal(alerting.Facts{
		Title: "Test of receiver " + receiver, Severity: rules.Low, Members: []alerting.Member{}, At: now,
		Happened: "sent by " + by + " with hookvigil notify test; nothing is wrong",
	})
	if err != nil {
		return api.TestOutcome{}, err
	}
	notices := make([]alerting.Notice, len(leads))
	for i, to := range leads {
		notices[i] = alerting.Notice{
			IdemKey: fmt.Sprintf("%s:%d", subject, i), Subject: subject, Lane: to.Lane, Recipient: to.Recipient,
			Kind: alerting.KindTest, Flow: alerting.FlowEvent, Severity: rules.Low, Version: 1, Created: now, Due: now, Facts: facts,
		}
	}
	if err := d.store.Enqueue(ctx, notices); err != nil {
		return api.TestOutcome{}, err
	}
	d.column.outbox.Poke()
	return d.awaitTest(ctx, receiver, subject)
}

// awaitTest returns how the notices of a test ended, or how far they have come
// when time is up.
func (d *Daemon) awaitTest(ctx context.Context, receiver, subject string) (api.TestOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, testFor)
	defer cancel()
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		rows, err := d.store.Outbox(context.WithoutCancel(ctx), alerting.OutboxFilter{Subject: subject}) // what is known is told even when time is up
		if err != nil {
			return api.TestOutcome{}, err
		}
		outcome, ended := testOutcome(receiver, rows)
		if ended {
			return outcome, nil
		}
		select {
		case <-ctx.Done():
			return outcome, nil
		case <-ticker.C:
		}
	}
}

// testOutcome words the rows of a test, and says whether all of them ended.
func testOutcome(receiver string, rows []alerting.OutboxRow) (api.TestOutcome, bool) {
	outcome, ended := api.TestOutcome{Receiver: receiver, Notices: []api.TestNotice{}}, true
	for _, r := range rows {
		n := api.TestNotice{Lane: r.Lane, State: r.State, Class: r.Class, Text: r.Text}
		if r.Finished.IsZero() {
			ended = false
		} else {
			n.Took = r.Finished.Sub(r.Created)
		}
		outcome.Notices = append(outcome.Notices, n)
	}
	return outcome, ended
}
