package report_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

// TestWhatIsLateIsNotExpected: a report says of when its counts are, and expects
// nothing in the past.
func TestWhatIsLateIsNotExpected(t *testing.T) {
	t.Parallel()
	r := live()
	r.Channels = []alerting.Reconciliation{
		{Channel: "QR", State: alerting.ReconcileInProgress, Failed: 80, Redelivered: 70, ExpectedAt: at("11T10:40:00"), UpdatedAt: at("11T10:20:05")},
		{Channel: "OTC", State: alerting.ReconcileInProgress, Failed: 9, Exhausted: 2, ExpectedAt: at("11T10:30:00"), UpdatedAt: at("11T10:10:00")},
		{Channel: "ID_BCA", State: alerting.ReconcileTPlus1, Failed: 9, ExpectedAt: at("12T09:00:00")},
	}
	got := r.Markdown()
	for _, want := range []string{
		"The counts are those of 2023-11-11 10:20:05 +00:00, when they last changed.\n",
		"In progress, overdue since 2023-11-11 10:40:00 +00:00: ",
		"| overdue since 2023-11-11 10:40:00 +00:00 |",
		"| overdue since 2023-11-11 10:30:00 +00:00, and somebody for 2 |",
		", expected by 2023-11-12 09:00:00 +00:00: ", "| 2023-11-12 09:00:00 +00:00 |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// TestDelaysFitTheTimesBesideThem: both are read in whole seconds.
func TestDelaysFitTheTimesBesideThem(t *testing.T) {
	t.Parallel()
	r := live()
	r.Incident.StartedAt, r.Incident.DetectedAt = at("11T14:00:40.9"), at("11T14:00:47.1")
	r.Incident.AlertedAt, r.Now = at("11T14:00:49.05"), at("11T14:02:00.2")
	got := r.Markdown()
	for _, want := range []string{
		"14:00:47 +00:00 it was detected, 7 s after it began", "| detection delay 7 s |", "| after detection 2 s |", "14:00:49 +00:00, 2 s after it was detected",
		"1 min 20 s after it began",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}
