package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/config"
)

const digestsPath = "/api/v1/digests"

func newDigest() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "digest",
		Short: "List what became of digests, show one as it is sent, and say who gets none",
		Long: `Every window that closes gets a row in the ledger, one for each merchant, and
one end: its digest was sent, or the ledger says why it was not.`,
		Example: `  hookvigil digest ledger --state dead           # which were not delivered
  hookvigil digest preview --merchant toko-maju  # what it was told last
  hookvigil digest unsubscribed                  # who has ended them`,
	}, newDigestLedger(), newDigestPreview(), newDigestUnsubscribed(), newDigestUnsubscribe(), newDigestSubscribe())
}

// digestFilter selects rows of the ledger.
type digestFilter struct {
	merchant, kind, state string
	limit                 int
}

func newDigestLedger() *cobra.Command {
	var f digestFilter
	asJSON := false
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "List the windows that closed, newest first",
		Long: `List windows with what became of their digests, the newest first; those that
start together by merchant. With --json the answer of the API.

  waiting        its notices are on their way
  sent           they have arrived
  dead           one was not delivered: see 'hookvigil outbox ls --state dead'
  skipped_green  nothing was wrong, and the merchant wants no digest of that
  merged         a later digest tells this window too
  suppressed     there is nobody to tell, or nobody who has not unsubscribed, or
                 no endpoint
  stale          it was too long ago when it could have been told

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil digest ledger
  hookvigil digest ledger --merchant toko-maju --limit 8
  hookvigil digest ledger --kind platform`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return digestLedger(cmd, f, asJSON) },
	}
	cmd.Flags().StringVar(&f.merchant, "merchant", "", "only those of that merchant")
	cmd.Flags().StringVar(&f.kind, "kind", "", "only those of that kind: "+strings.Join(digestKinds(), ", "))
	cmd.Flags().StringVar(&f.state, "state", "", "only those in that state, see above")
	addLimit(cmd, &f.limit)
	addJSON(cmd, &asJSON)
	completes(cmd, "kind", digestKinds()...)
	completes(cmd, "state", digestStates()...)
	completesMerchants(cmd)
	return cmd
}

func newDigestPreview() *cobra.Command {
	var p previewed
	cmd := &cobra.Command{
		Use:   "preview {--merchant M | --platform}",
		Short: "Show the digest of a window as it was or would be told",
		Long: `Show a digest by the renderer that mail and Slack use. A window that was told is
shown from the facts that were frozen then; nothing is sent. Without --window it
is the last that closed or, when none has, the one that runs.

Exit status: 0 good, 1 the daemon gave no answer, 2 there is no such merchant, a
wrong call or configuration, or no daemon runs.`,
		Example: `  hookvigil digest preview --merchant toko-maju
  hookvigil digest preview --merchant toko-maju --window 2026-05-04T12:00:00+07:00
  hookvigil digest preview --merchant toko-maju --eml > digest.eml   # for a mail program
  hookvigil digest preview --platform --html > digest.html`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return digestPreview(cmd, p) },
	}
	cmd.Flags().StringVar(&p.merchant, "merchant", "", "of that merchant")
	cmd.Flags().BoolVar(&p.platform, "platform", false, "the platform's own")
	cmd.Flags().StringVar(&p.window, "window", "", "a moment in the window, RFC 3339")
	for _, format := range previewFormats() {
		cmd.Flags().Bool(format.name, false, format.help)
	}
	completesMerchants(cmd)
	return cmd
}

// digestKinds are what --kind takes.
func digestKinds() []string {
	return []string{digest.KindHealth, digest.KindSummary, digest.KindPlatform}
}

// digestStates are what --state takes, what needs somebody first.
func digestStates() []string {
	return []string{
		string(digest.StateDead), string(digest.StateWaiting), string(digest.StateSent), string(digest.StateSkipped),
		string(digest.StateMerged), string(digest.StateSuppressed), string(digest.StateStale),
	}
}

// completesMerchants lets the shell complete --merchant by the configured ones.
func completesMerchants(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("merchant", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, _ := config.Load(configPath(cmd)) // nobody reads faults while typing
		var ids []string
		for _, m := range cfg.Records.Merchants {
			ids = append(ids, m.ID)
		}
		slices.Sort(ids)
		return ids, cobra.ShellCompDirectiveNoFileComp
	}) // fails without the flag alone
}
