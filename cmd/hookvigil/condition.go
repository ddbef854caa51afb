package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/rules"
)

func newCondition() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "condition",
		Short: "List what the rules say now, also what opens no incident",
		Long: `Ask the running daemon, over the socket in its data directory, about conditions:
a rule that is met in a scope. Incidents are made of them.`,
		Example: `  hookvigil condition ls                  # all that stand, the loudest first
  hookvigil condition ls --severity low   # what opens no incident`,
	}, newConditionLs())
}

func newConditionLs() *cobra.Command {
	var f conditionFilter
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List conditions, the loudest and newest first",
		Long: `List the conditions that are open or pending, each with one line of why. With
--json the answer of the API.

  critical  pages at night
  high      opens an incident too
  low       opens no incident: for pages and digests
  pending   first bad facts are there, what would confirm them is not; nobody is
            told

FOR counts from the first bad fact. INCIDENT is the number of the live incident
that a condition is in; "?" says that it is not known just now. "…" marks what
was cut; --verbose shows the whole.

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil condition ls
  hookvigil condition ls --scope endpoint:toko-maju-payouts --verbose
  hookvigil condition ls --rule duplicates --state open`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return conditionLs(cmd, f) },
	}
	f.add(cmd)
	return cmd
}

// conditionFilter selects conditions.
type conditionFilter struct {
	words   map[string]*string // what the API takes as it is, by flag
	limit   int
	verbose bool
	asJSON  bool
}

// add adds the flags of the filter.
func (f *conditionFilter) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.words = map[string]*string{
		"state":    flags.String("state", "", "only those in that state: open or pending"),
		"rule":     flags.String("rule", "", "only those of that rule, such as endpoint_slow"),
		"scope":    flags.String("scope", "", "only those in that scope, such as platform, channel:ID_BCA or endpoint:ep_9"),
		"severity": flags.String("severity", "", "only those as loud: critical, high or low"),
		"merchant": flags.String("merchant", "", "only those of that merchant"),
	}
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "why in full, what would clear it, and the times of day")
	addLimit(cmd, &f.limit)
	addJSON(cmd, &f.asJSON)
	for flag, words := range conditionWords() {
		completes(cmd, flag, words...)
	}
	completesMerchants(cmd)
	_ = cmd.RegisterFlagCompletionFunc("scope", standingScopes) // fails without the flag alone
}

// conditionWords are the closed sets of words, by flag.
func conditionWords() map[string][]string {
	words := map[string][]string{
		"state":    {string(rules.PhaseOpen), string(rules.PhasePending)},
		"severity": {string(rules.Critical), string(rules.High), string(rules.Low)},
	}
	for _, r := range rules.Rules() {
		words["rule"] = append(words["rule"], string(r))
	}
	return words
}

// query checks the filter, and returns it as the API takes it.
func (f *conditionFilter) query(cmd *cobra.Command) (url.Values, error) {
	if err := goodLimit(cmd, f.limit); err != nil {
		return nil, err
	}
	closed := conditionWords()
	for _, flag := range []string{"state", "rule", "severity"} {
		if value := *f.words[flag]; value != "" && !slices.Contains(closed[flag], value) {
			return nil, misused(cmd, "--%s %s is not a %s; one of %s", flag, shownArg(value), flag, strings.Join(closed[flag], ", "))
		}
	}
	q := url.Values{}
	for flag, value := range f.words {
		if *value != "" {
			q.Set(flag, *value)
		}
	}
	return q, nil
}

// standingScopes lets the shell complete the scopes in which a condition
// stands.
func standingScopes(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var scopes []string
	for _, c := range typing[condition](cmd, conditionsPath, nil) {
		scopes = append(scopes, string(c.Scope))
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), cobra.ShellCompDirectiveNoFileComp
}
