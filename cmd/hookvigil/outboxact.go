package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// treatment is what a person does to notices that are dead or wait.
type treatment struct {
	verb string // retry, drop: the end of the path
	done string
}

// treated is what --json says of a notice: the API itself has nothing to say.
type treated struct {
	ID   string `json:"id"`
	Done string `json:"done"` // retry, drop
}

// do treats the notices one after the other. What is wrong with one does not
// keep the others from it; but nothing is done while an ID is not clear.
func (t treatment) do(cmd *cobra.Command, ids []string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	chosen, err := choose(cmd.Context(), d, ids)
	if err != nil {
		return err
	}
	var refusal error
	for _, n := range chosen {
		_, err := d.post(cmd.Context(), outboxPath+"/"+url.PathEscape(string(n.ID))+"/"+t.verb, nil, nil)
		err = gone(err, n)
		switch {
		case err != nil && len(chosen) == 1:
			return err
		case err != nil:
			refusal = finding()
			fmt.Fprintln(cmd.ErrOrStderr(), "hookvigil: "+n.refused(err))
			continue
		case asJSON:
			err = printJSON(cmd, treated{ID: string(n.ID), Done: t.verb})
		default:
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s%s\n", n.handle(), t.done, n.where())
		}
		if err != nil {
			return err
		}
	}
	return refusal
}

// refused names the notice, unless the refusal does.
func (n notice) refused(err error) string {
	if strings.Contains(err.Error(), string(n.ID)) {
		return err.Error()
	}
	return n.handle() + ": " + err.Error()
}

// where is the way of a notice, when it is known.
func (n notice) where() string {
	if n.Lane == "" {
		return ""
	}
	said := fmt.Sprintf(": %s through %s", n.Kind, n.Lane)
	if about := n.subject(); about != "" {
		said += ", about " + about
	}
	return said
}

// choose finds the notices that IDs or their beginnings stand for, each once.
// What nothing begins with goes to the daemon as it is: it says why not.
func choose(ctx context.Context, d daemonAt, ids []string) ([]notice, error) {
	candidates, err := d.retriable(ctx)
	if err != nil {
		return nil, err
	}
	var chosen []notice
	for _, id := range ids {
		n, err := pick(candidates, id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(chosen, func(c notice) bool { return c.ID == n.ID }) {
			chosen = append(chosen, n)
		}
	}
	return chosen, nil
}

// maxNamed bounds the notices that are named in a message.
const maxNamed = 5

// pick finds the notice that an ID or its beginning stands for.
func pick(candidates []notice, id string) (notice, error) {
	var found []notice
	for _, n := range candidates {
		switch {
		case n.is(id):
			return n, nil
		case n.begins(id):
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return notice{ID: text(plain(id))}, nil
	case 1:
		return found[0], nil
	}
	var names []string
	for _, n := range found[:min(len(found), maxNamed)] {
		names = append(names, n.short(candidates))
	}
	if more := len(found) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return notice{}, usage("%s is the beginning of %d notices: %s", shownArg(id), len(found), strings.Join(names, ", "))
}

// gone explains a refusal of what nothing begins with.
func gone(err error, n notice) error {
	if n.Lane == "" && refusedWith(err, http.StatusNotFound) {
		return usage("no notice that is dead or waits begins with %s; see 'hookvigil outbox ls'", shownArg(string(n.ID)))
	}
	return err
}
