package main

import (
	"encoding/json"
	"time"

	"github.com/spf13/cobra"
)

// addJSON adds the flag that every verb with a result has.
func addJSON(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON, one line")
}

// printJSON writes v on one line, for other programs.
func printJSON(cmd *cobra.Command, v any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// known returns t, or nil for the zero time, so that JSON shows null.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

// filled returns list, or an empty one for nil, so that JSON shows [].
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
