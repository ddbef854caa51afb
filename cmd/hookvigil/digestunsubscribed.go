package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

const (
	unsubscribedPath = digestsPath + "/unsubscribed"
	unsubscribePath  = digestsPath + "/unsubscribe"
	subscribePath    = digestsPath + "/subscribe"
)

func newDigestUnsubscribed() *cobra.Command {
	merchant, limit, asJSON := "", 0, false
	cmd := &cobra.Command{
		Use:   "unsubscribed",
		Short: "List the addresses that have unsubscribed",
		Long: `List the addresses that get no digests of their merchant any more, by merchant and
address, with who ended them:

  one_click  the button of a mail program
  page       the button of the page behind the link in a mail
  operator   a person, by the command line or the API

An address that the merchant has dropped from its list stays here: should it come
back to the list, it gets no digests either. With --json the answer of the API.

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil digest unsubscribed
  hookvigil digest unsubscribed --merchant toko-maju`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return digestUnsubscribed(cmd, merchant, limit, asJSON) },
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "only those of that merchant")
	addLimit(cmd, &limit)
	addJSON(cmd, &asJSON)
	completesMerchants(cmd)
	return cmd
}

// unsubscribed is the API's address that gets no digests.
type unsubscribed struct {
	Merchant, Address, Reason, Detail text
	At                                time.Time
	Listed                            bool
}

func digestUnsubscribed(cmd *cobra.Command, merchant string, limit int, asJSON bool) error {
	if err := goodLimit(cmd, limit); err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	q := url.Values{}
	if merchant != "" {
		q.Set("merchant", merchant)
	}
	if asJSON {
		q.Set("limit", strconv.Itoa(limit))
		a, err := d.get(cmd.Context(), unsubscribedPath+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	found, err := listOf[unsubscribed](cmd.Context(), d, unsubscribedPath, q, limit)
	if err != nil {
		return err
	}
	return printUnsubscribed(cmd.OutOrStdout(), found)
}

// printUnsubscribed writes how many there are, and a line for each.
func printUnsubscribed(out io.Writer, found list[unsubscribed]) error {
	if len(found.items) == 0 {
		_, err := fmt.Fprintln(out, "nobody has unsubscribed")
		return err
	}
	word := "addresses have"
	if len(found.items) == 1 {
		word = "address has"
	}
	fmt.Fprintf(out, "%d %s unsubscribed\n\n", len(found.items), word)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "MERCHANT\tADDRESS\tSINCE (UTC)\tBY\tON THE LIST\n")
	for _, u := range found.items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Merchant, u.Address, minute(u.At), u.by(), u.onList())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
	return nil
}

// by is how it came, and who it was where that is known.
func (u unsubscribed) by() string {
	if u.Detail != "" {
		return string(u.Reason) + ": " + string(u.Detail)
	}
	return string(u.Reason)
}

// onList says whether digests would go there without this.
func (u unsubscribed) onList() string {
	if u.Listed {
		return "yes"
	}
	return "no"
}

func newDigestUnsubscribe() *cobra.Command {
	return subscribing{unsubscribePath, "%s no longer gets the digests of %s\n", "%s already gets no digests of %s\n"}.verb(&cobra.Command{
		Use:   "unsubscribe MERCHANT ADDRESS",
		Short: "End the digests to an address of a merchant",
		Long: `End the digests to one address of a merchant, as the link in each of its mails
does: also those that wait to be sent. Mails about incidents go on.`,
		Example: `  hookvigil digest unsubscribe toko-maju ops@toko-maju.example`,
	})
}

func newDigestSubscribe() *cobra.Command {
	return subscribing{subscribePath, "%s gets the digests of %s again\n", "%s already gets the digests of %s\n"}.verb(&cobra.Command{
		Use:   "subscribe MERCHANT ADDRESS",
		Short: "Send digests again to an address that has unsubscribed",
		Long: `Send the digests of a merchant again to an address that has unsubscribed, from the
window that runs on. Somebody at that address has ended them: ask before you do.`,
		Example: `  hookvigil digest subscribe toko-maju ops@toko-maju.example`,
	})
}

const exitOfSubscribing = `
With --json the answer of the API.

Exit status: 0 it is so, also when it was before, 1 the daemon gave no answer, 2
there is no such merchant or address, a wrong call or configuration, or no daemon
runs.`

// merchantAndAddress is for verbs that take both.
func merchantAndAddress(cmd *cobra.Command, args []string) error {
	if len(args) != 2 || args[0] == "" || args[1] == "" {
		return misused(cmd, "%s wants a merchant and one of its addresses", cmd.Name())
	}
	return nil
}

// subscribing ends digests to an address, or begins them again. done and before
// take the address and the merchant.
type subscribing struct{ path, done, before string }

// verb completes a verb that has its words and examples.
func (s subscribing) verb(cmd *cobra.Command) *cobra.Command {
	asJSON := false
	cmd.Long += exitOfSubscribing
	cmd.Args, cmd.ValidArgsFunction = merchantAndAddress, cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return s.do(cmd, args, asJSON) }
	addJSON(cmd, &asJSON)
	return cmd
}

func (s subscribing) do(cmd *cobra.Command, args []string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var said struct {
		Merchant, Address text
		Changed           bool
	}
	body := map[string]string{"merchant": args[0], "address": args[1]}
	a, err := d.put(cmd.Context(), question{method: http.MethodPost, path: s.path, body: body, typed: places{"body.merchant": "MERCHANT", "body.address": "ADDRESS"}}, &said)
	if err != nil {
		return err
	}
	if asJSON {
		return printAnswer(cmd, a)
	}
	how := s.done
	if !said.Changed {
		how = s.before
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), how, said.Address, said.Merchant)
	return err
}
