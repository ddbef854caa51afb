package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func newSilence() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "silence",
		Short: "Keep conditions quiet for a while",
		Long: `A silence keeps what it matches quiet, for seven days at most. What happens
meanwhile is recorded; what is still bad at its end is told then, with its true
start. Work that is planned, or recurs, is for 'hookvigil maintenance'.`,
		Example: `  hookvigil silence ls                                                     # what is quiet, and until when
  hookvigil silence add --incident kq72ma --for 1h --reason "acme is on it"
  hookvigil silence rm sil_k4wz2pq7ma                                      # tell again, from now on`,
	}, newSilenceLs(), newSilenceAdd(), newSilenceRm())
}

func newSilenceLs() *cobra.Command {
	all, limit, asJSON := false, 0, false
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List silences, those in force first",
		Long: `List the silences that are in force, then those that are to come; with --all also
those that have ended, the newest first. With --json the answer of the API,
newest first, with all of them.

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil silence ls
  hookvigil silence ls --all --limit 200`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return silenceLs(cmd, all, limit, asJSON) },
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also those that have ended")
	addLimit(cmd, &limit)
	addJSON(cmd, &asJSON)
	return cmd
}

func newSilenceAdd() *cobra.Command {
	var f silenceFlags
	cmd := &cobra.Command{
		Use:   "add {--merchant M | --endpoint E | ... | --all} {--for 1h | --until TIME} --reason TEXT",
		Short: "Keep what matches quiet, and say what that is now",
		Long: `Keep conditions quiet, in the name of whoever is logged in. A flag that is given
more than once, or with commas, means any of its words; what several flags say
must all be so. An incident falls silent when each of its open conditions is
matched. The live incidents that fall silent are listed.

Exit status: 0 done, 1 not done: the daemon refused or gave no answer, 2 a wrong
call or configuration, no such merchant, endpoint or incident, or no daemon runs.`,
		Example: `  hookvigil silence add --merchant acme --for 2h --reason "they move to another host"
  hookvigil silence add --incident kq72ma --for 1h --reason "acme is on it"
  hookvigil silence add --channel ID_BCA --rule channel_error_ratio --until 2026-06-07T04:00:00+07:00 --reason "the bank said so"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return silenceAdd(cmd, f) },
	}
	f.matcher.add(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.matcher.rules, "rule", nil, "conditions of that rule")
	flags.StringSliceVar(&f.matcher.severities, "severity", nil, "what is that loud: critical, high or low")
	flags.StringSliceVar(&f.matcher.incidents, "incident", nil, "that incident, by its ID or number")
	flags.BoolVar(&f.matcher.all, "all", false, "everything: nobody is told of anything")
	flags.StringVar(&f.from, "from", "", "begin at that RFC 3339 time (default now)")
	flags.StringVar(&f.length, "for", "", "how long, up to 7d, as 30m, 1h or 2d")
	flags.StringVar(&f.until, "until", "", "end at that RFC 3339 time")
	flags.StringVarP(&f.reason, "reason", "m", "", "why, for whoever is on call next")
	addJSON(cmd, &f.asJSON)
	completes(cmd, "rule", append(wordsOf(rules.Rules()), string(alerting.RuleCommonCause))...)
	completes(cmd, "severity", string(rules.Critical), string(rules.High), string(rules.Low))
	completes(cmd, "for", "30m", "1h", "4h", "1d")
	_ = cmd.RegisterFlagCompletionFunc("incident", completedAlone(liveIncidents)) // fails without the flag alone
	return cmd
}

func newSilenceRm() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "rm ID",
		Short: "End a silence now",
		Long: `End a silence before its time, in the name of whoever is logged in: what is still
bad is told. With --json {"id","done"}.

Exit status: 0 done, 1 not done: it has ended already, or the daemon refused or
gave no answer, 2 there is no such silence, a wrong call or configuration, or no
daemon runs.`,
		Example:           "  hookvigil silence rm sil_k4wz2pq7ma",
		Args:              one("the ID of a silence"),
		ValidArgsFunction: liveSilences,
		RunE:              func(cmd *cobra.Command, args []string) error { return silenceRm(cmd, args[0], asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// matcherFlags say what is meant.
type matcherFlags struct {
	merchants, endpoints, channels, products []string
	rules, severities, incidents             []string // of silences alone
	all                                      bool
}

// add adds the flags that maintenance has too.
func (m *matcherFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&m.merchants, "merchant", nil, "what concerns that merchant alone, all its endpoints among it")
	flags.StringSliceVar(&m.endpoints, "endpoint", nil, "conditions of that endpoint")
	flags.StringSliceVar(&m.channels, "channel", nil, "conditions of that payment channel as a whole")
	flags.StringSliceVar(&m.products, "product", nil, "conditions of that product as a whole")
	_ = cmd.RegisterFlagCompletionFunc("endpoint", completedAlone(endpointIDs)) // fails without the flag alone
	completesMerchants(cmd)
}

// matcher is what the flags mean.
func (m matcherFlags) matcher() alerting.Matcher {
	return alerting.Matcher{
		All: m.all, Merchant: m.merchants, Endpoint: m.endpoints, Channel: m.channels, Product: m.products, Incident: m.incidents,
		Rule: typed[rules.Rule](m.rules), Severity: typed[rules.Severity](m.severities),
	}
}

func typed[T ~string](list []string) []T {
	var out []T
	for _, w := range list {
		out = append(out, T(w))
	}
	return out
}

func wordsOf[T ~string](list []T) []string {
	var out []string
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

// check refuses what the daemon would, before it is asked: all of it at once.
func (m matcherFlags) check(cmd *cobra.Command) error {
	var said []string
	for _, f := range m.matcher().Faults() {
		if f.Path == "matcher" {
			return misused(cmd, "say what is meant: --merchant, --endpoint, --channel, --product%s", also(cmd))
		}
		flag, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "matcher."), "[")
		text := "--" + flag + ": " + plain(f.Message)
		if f.Hint != "" {
			text += "; " + f.Hint
		}
		said = append(said, text)
	}
	if len(said) > 0 {
		return misused(cmd, "%s", strings.Join(said, "\n"))
	}
	return nil
}

// also names the flags that a silence has beside.
func also(cmd *cobra.Command) string {
	if cmd.Flags().Lookup("incident") == nil {
		return ""
	}
	return ", --incident, --rule, --severity, or --all for everything"
}
