package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newBacklog() *cobra.Command {
	merchant, asJSON := "", false
	cmd := &cobra.Command{
		Use:   "backlog [ENDPOINT | --merchant M]",
		Short: "Say how many events wait, and when they are lost",
		Long: `The loss clock, from the running daemon: what waits to be delivered, the next
automatic try, when events get their last one, what is lost, and what comes
should it recover now. Of one endpoint, of a merchant, or of all. With --json the
answer of the API.

Exit status: 0 good, whatever waits, 1 the daemon gave no answer, 2 a wrong call
or configuration, or no daemon runs.`,
		Example: `  hookvigil backlog toko-maju-payouts
  hookvigil backlog --merchant toko-maju
  hookvigil backlog                        # of all`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return one("the ID of one endpoint")(cmd, args)
		},
		ValidArgsFunction: endpointIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return showBacklog(cmd, append(args, "")[0], merchant, asJSON)
		},
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "of that merchant")
	addJSON(cmd, &asJSON)
	completesMerchants(cmd)
	return cmd
}

func showBacklog(cmd *cobra.Command, endpoint, merchant string, asJSON bool) error {
	path, whose, filter := "/api/v1/backlog", "all endpoints", ""
	switch {
	case endpoint != "" && merchant != "":
		return misused(cmd, "backlog wants an endpoint or --merchant, not both")
	case endpoint != "":
		path, whose, filter = backlogPath(endpoint), plain(endpoint), " --endpoint "+plain(endpoint)
	case merchant != "":
		path, whose, filter = "/api/v1/merchants/"+pathSegment(merchant)+"/backlog", "merchant "+plain(merchant), " --merchant "+plain(merchant)
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var b backlog
	a, err := d.get(cmd.Context(), path, &b)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printAnswer(cmd, a)
	}
	b.settle(a.at)
	var said strings.Builder
	fmt.Fprintf(&said, "%s: %s\n", whose, b.headline())
	for _, s := range b.sentences() {
		fmt.Fprintf(&said, "  %s\n", s)
	}
	if b.pending() {
		fmt.Fprintf(&said, "\nTo list them: hookvigil event ls%s --state exhausted,retrying,pending\n", filter)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), said.String())
	return err
}

// backlogPath is where the backlog of an endpoint is.
func backlogPath(endpoint string) string {
	return "/api/v1/endpoints/" + pathSegment(endpoint) + "/backlog"
}

// explainBacklog writes what waits at an endpoint, if anything does. A daemon
// that keeps no events has nothing to say.
func explainBacklog(cmd *cobra.Command, d daemonAt, out io.Writer, endpoint string) {
	var b backlog
	a, err := d.get(cmd.Context(), backlogPath(endpoint), &b)
	switch {
	case refusedWith(err, http.StatusNotFound):
		return
	case err != nil:
		warn(cmd, "what waits to be delivered is not known: %v", err)
		return
	}
	if b.settle(a.at); !b.pending() {
		return
	}
	line(out, "backlog", b.headline())
	for _, s := range b.sentences() {
		line(out, "", s)
	}
}

// backlog is the API's loss clock. A moment that is not known is zero.
type backlog struct {
	At             time.Time
	Undelivered    int
	Oldest         time.Time
	NextRetryAt    time.Time `json:"next_retry_at"`
	MissingRetries int       `json:"missing_retries"`
	AtRisk24h      int       `json:"at_risk_24h"`
	NextLoss       struct {  // null is none
		At     time.Time
		Events int
	} `json:"next_loss"`
	DigestsLeft int `json:"digests_left"`
	Lost        int
	Recovery    struct {
		P50 float64 `json:"p50_seconds"`
		Max float64 `json:"max_seconds"`
	}
	Wave struct {
		Peak   int
		PeakAt time.Time `json:"peak_at"`
		Factor float64   // null: 0
	}
}

// settle fills the moment when the answer does not say it.
func (b *backlog) settle(at time.Time) {
	if b.At.IsZero() {
		b.At = at
	}
}

func (b backlog) pending() bool { return b.Undelivered > 0 || b.Lost > 0 }

// headline is how many events wait, and for how long.
func (b backlog) headline() string {
	if b.Undelivered == 0 {
		return "nothing waits to be delivered"
	}
	said := plural(b.Undelivered, "event") + " undelivered"
	if !b.Oldest.IsZero() {
		said += ", the oldest since " + b.when(b.Oldest)
	}
	return said
}

// sentences say what comes next, the loss, and the recovery.
func (b backlog) sentences() []string {
	var said []string
	for _, s := range []string{b.next(), b.loss(), b.risk(), b.lost(), b.missing(), b.recovery(), b.peak()} {
		if s != "" {
			said = append(said, s)
		}
	}
	return said
}

func (b backlog) next() string {
	switch {
	case b.Undelivered == 0:
		return ""
	case b.NextRetryAt.IsZero():
		return "when the next try comes is not known"
	case b.NextRetryAt.After(b.At):
		return fmt.Sprintf("next try %s, in %s", b.when(b.NextRetryAt), spell(b.NextRetryAt.Sub(b.At)))
	default:
		return fmt.Sprintf("the next try was due %s, %s ago", b.when(b.NextRetryAt), spell(b.At.Sub(b.NextRetryAt)))
	}
}

// loss says when events get their last automatic try. The digest's own clock
// is not known here: one may come before a loss that is less than its period
// away.
func (b backlog) loss() string {
	at, n := b.NextLoss.At, b.NextLoss.Events
	if at.IsZero() || n <= 0 {
		return ""
	}
	get := " get their"
	if n == 1 {
		get = " gets its"
	}
	if !at.After(b.At) {
		return fmt.Sprintf("%s%s last automatic try now: it was due %s", plural(n, "event"), get, b.when(at))
	}
	digests := "maybe before the next digest"
	if b.DigestsLeft > 0 {
		digests = "at least " + plural(b.DigestsLeft, "digest") + " before that"
	}
	return fmt.Sprintf("%s%s last automatic try at %s (in %s, %s)", plural(n, "event"), get, b.when(at), spell(at.Sub(b.At)), digests)
}

func (b backlog) risk() string {
	if b.AtRisk24h <= b.NextLoss.Events {
		return ""
	}
	return plural(b.AtRisk24h, "event") + " get theirs within 24 h"
}

func (b backlog) lost() string {
	switch b.Lost {
	case 0:
		return ""
	case 1:
		return "1 event is lost: only a person can resend it"
	default:
		return strconv.Itoa(b.Lost) + " events are lost: only a person can resend them"
	}
}

func (b backlog) missing() string {
	if b.MissingRetries == 0 {
		return ""
	}
	return "the sender is late with a try of " + plural(b.MissingRetries, "event")
}

func (b backlog) recovery() string {
	if b.Undelivered == 0 || b.NextRetryAt.IsZero() {
		return ""
	}
	half, last := b.after(b.Recovery.P50), b.after(b.Recovery.Max)
	if b.Undelivered == 1 || half.Equal(last) {
		return "if it recovers now: tried again by " + b.when(last)
	}
	return fmt.Sprintf("if it recovers now: half are tried again by %s, the last by %s", b.when(half), b.when(last))
}

// after is so many seconds from the moment, within what can be shown.
func (b backlog) after(seconds float64) time.Time {
	return b.At.Add(time.Duration(min(max(seconds, 0), math.MaxInt32) * float64(time.Second)))
}

func (b backlog) peak() string {
	switch {
	case b.Wave.Peak <= 0 || b.Wave.PeakAt.IsZero() || b.Undelivered < 2:
		return ""
	case b.Wave.Factor > 0:
		return fmt.Sprintf("peak then: %s times the usual rate, at %s", times(b.Wave.Factor), b.when(b.Wave.PeakAt))
	default:
		return fmt.Sprintf("peak then: %d retries a minute, at %s", b.Wave.Peak, b.when(b.Wave.PeakAt))
	}
}

// times writes a factor: below ten a tenth matters.
func times(f float64) string {
	digits := 0
	if f < 10 {
		digits = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', digits, 64), ".0")
}

// when writes a time of day, with the date when it is another day's.
func (b backlog) when(t time.Time) string {
	if sameDay(t, b.At) {
		return t.UTC().Format("15:04 UTC")
	}
	return day(t)
}
