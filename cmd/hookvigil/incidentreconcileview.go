package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// reconciliation is how far one payment channel of an incident is.
type reconciliation struct {
	Channel     text
	State       alerting.ReconcileState
	Failed      int
	Redelivered int
	Waiting     int
	Exhausted   int
	WrittenOff  int `json:"written_off"`
	Left        int
	ExpectedAt  time.Time `json:"expected_at"`
	DoneAt      time.Time `json:"done_at"`
	UpdatedBy   text      `json:"updated_by"`
	Note        text
}

// mostChannels bounds the channels that are listed.
const mostChannels = 50

// printReconciliation writes how far each channel is.
func (in incident) printReconciliation(out io.Writer, now time.Time) {
	if len(in.Reconciliation) == 0 {
		return
	}
	fmt.Fprint(out, "\nreconciliation, in events\n")
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "  CHANNEL\tSTATE\tFAILED\tREDELIVERED\tWAITING\tEXHAUSTED\tWRITTEN OFF\tLEFT\tEXPECTED\tNOTE")
	for _, r := range in.Reconciliation[:min(len(in.Reconciliation), mostChannels)] {
		fmt.Fprintf(w, "  %s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", dash(string(r.Channel)), r.State.Word(),
			r.Failed, r.Redelivered, r.Waiting, r.Exhausted, r.WrittenOff, r.Left, r.when(in.StartedAt, now), dash(string(r.remark())))
	}
	_ = w.Flush() // into memory
	if hidden := len(in.Reconciliation) - mostChannels; hidden > 0 {
		fmt.Fprintf(out, "  and %s: hookvigil incident export %s\n", plural(hidden, "channel")+" more", in.Number)
	}
}

// when is when a channel was done, or is expected to be.
func (r reconciliation) when(beside, now time.Time) string {
	switch {
	case r.State == alerting.ReconcileDone:
		return "done " + clock(r.DoneAt, beside)
	case !r.ExpectedAt.IsZero() && r.ExpectedAt.Before(now):
		return "overdue since " + clock(r.ExpectedAt, beside)
	case !r.ExpectedAt.IsZero():
		return clock(r.ExpectedAt, beside)
	case r.Exhausted > 0:
		return "by hand"
	default:
		return "-"
	}
}

// remark is what somebody said about it.
func (r reconciliation) remark() text {
	if r.Note == "" || r.UpdatedBy == "" {
		return r.Note
	}
	return r.UpdatedBy + ": " + r.Note
}

// channel says how far one of the channels is.
func (in incident) channel(name string) string {
	for _, r := range in.Reconciliation {
		if r.Channel != text(plain(name)) {
			continue
		}
		said := fmt.Sprintf("%s is %s: %d of %s", alerting.ChannelName(string(r.Channel)), r.State.Word(), r.Redelivered, plural(r.Failed, "failed event")+" delivered since")
		if r.WrittenOff > 0 {
			said += ", " + strconv.Itoa(r.WrittenOff) + " written off"
		}
		if r.Left > 0 {
			said += fmt.Sprintf(", %d left", r.Left)
		}
		return said
	}
	return alerting.ChannelName(plain(name)) + ": noted"
}
