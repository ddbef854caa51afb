package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

func newNotify() *cobra.Command {
	return verbs(&cobra.Command{
		Use:     "notify",
		Short:   "Try out the ways by which people are told",
		Long:    "Send notices by hand.",
		Example: "  hookvigil notify test ops",
	}, newNotifyTest())
}

func newNotifyTest() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "test RECEIVER",
		Short: "Send a test notice through every lane of a receiver",
		Long: `Send a test notice through every lane of a configured receiver, the way every
notice goes: through the outbox, with the credentials and the limits of the
running daemon. Each is tried once. It says that nothing is wrong.

Exit status: 0 each was sent, 1 one was not, or the daemon gave no answer,
2 there is no such receiver, a wrong call or configuration, or no daemon runs.`,
		Example: `  hookvigil notify test ops
  hookvigil notify test ops --json`,
		Args:              one("the name of a receiver"),
		ValidArgsFunction: receiverNames,
		RunE:              func(cmd *cobra.Command, args []string) error { return notifyTest(cmd, args[0], asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// testWait bounds a test: the daemon itself gives up after 75 s.
const testWait = 90 * time.Second

// tested is how the notices of a test ended.
type tested struct {
	Receiver text
	Notices  []testedNotice
}

// testedNotice is one of them. Its failure stands under the names that rows of
// the outbox have, or under the short ones.
type testedNotice struct {
	Lane        text
	State       string
	Class       alerting.Class
	Text        text
	ErrorClass  alerting.Class `json:"error_class"`
	ErrorText   text           `json:"error_text"`
	TookSeconds float64        `json:"took_seconds"`
}

// failure is why it was not sent.
func (n testedNotice) failure() (alerting.Class, text) {
	return cmp.Or(n.Class, n.ErrorClass), cmp.Or(n.Text, n.ErrorText)
}

const stateSent = "sent"

func notifyTest(cmd *cobra.Command, receiver string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var t tested
	q := question{method: http.MethodPost, path: "/api/v1/receivers/" + url.PathEscape(receiver) + "/test", wait: testWait}
	a, err := d.put(cmd.Context(), q, &t)
	if err != nil {
		return err
	}
	if asJSON {
		err = printAnswer(cmd, a)
	} else {
		err = t.print(cmd.OutOrStdout())
	}
	switch {
	case err != nil:
		return err
	case len(t.Notices) == 0:
		return failed(errors.New("nothing was sent: the receiver has no lane"))
	case slices.ContainsFunc(t.Notices, func(n testedNotice) bool { return n.State != stateSent }):
		return finding()
	}
	return nil
}

// print writes a line for each lane, what was not sent first.
func (t tested) print(out io.Writer) error {
	notices := slices.Clone(t.Notices)
	slices.SortStableFunc(notices, func(a, b testedNotice) int { return yesFirst(a.State != stateSent, b.State != stateSent) })
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, n := range notices {
		fmt.Fprintf(w, "%s\t%s\n", n.Lane, n.outcome())
		if hint := n.hint(); hint != "" {
			fmt.Fprintf(w, "\t%s\n", hint)
		}
	}
	return w.Flush()
}

// outcome is how it ended: "sent after 400 ms", "not sent: auth: invalid_auth".
func (n testedNotice) outcome() string {
	if n.State == stateSent {
		return "sent after " + took(time.Duration(n.TookSeconds*float64(time.Second)))
	}
	said := "not sent"
	if n.State != string(alerting.ResultDead) && n.State != string(alerting.ResultDropped) { // it goes on
		said += ", " + n.State
	}
	class, why := n.failure()
	if class != "" {
		said += ": " + string(class)
	}
	if why != "" {
		said += ": " + string(why)
	}
	return said
}

// hint is what to do about a notice that was not sent.
func (n testedNotice) hint() string {
	if n.State == stateSent {
		return ""
	}
	class, _ := n.failure()
	if class == "" {
		return fmt.Sprintf("The lane is busy, paused or has stopped: hookvigil outbox ls --lane %s", n.Lane)
	}
	return adviceOnClass(class)
}
