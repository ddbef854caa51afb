package main

import (
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// previewed says which digest is shown.
type previewed struct {
	merchant string
	platform bool
	window   string
}

// previewFormat is a flag for a format of the API, of the same name.
type previewFormat struct{ name, help string }

// previewFormats are the flags; the first is the default.
func previewFormats() []previewFormat {
	return []previewFormat{
		{"text", "the text part of the mail (default)"},
		{"html", "the HTML part of the mail"},
		{"eml", "the mail as a file that mail programs open"},
		{"slack", "print text and blocks for Slack, JSON, one line"},
		{"json", "print the facts that it is made from, JSON, one line"},
	}
}

func digestPreview(cmd *cobra.Command, p previewed) error {
	format, err := chosenFormat(cmd)
	if err != nil {
		return err
	}
	q, err := p.query(cmd, format)
	if err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	a, err := d.get(cmd.Context(), digestsPath+"/preview?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	if format == "json" || format == "slack" {
		return printAnswer(cmd, a)
	}
	_, err = cmd.OutOrStdout().Write(a.raw)
	return err
}

// chosenFormat is the format whose flag is given; one at most may be.
func chosenFormat(cmd *cobra.Command) (string, error) {
	chosen := ""
	for _, format := range previewFormats() {
		given, err := cmd.Flags().GetBool(format.name)
		switch {
		case err != nil || !given:
		case chosen != "":
			return "", misused(cmd, "--%s and --%s are two formats; give one", chosen, format.name)
		default:
			chosen = format.name
		}
	}
	if chosen == "" {
		chosen = previewFormats()[0].name
	}
	return chosen, nil
}

// query is the question as the API takes it: no merchant is the platform.
func (p previewed) query(cmd *cobra.Command, format string) (url.Values, error) {
	if (p.merchant != "") == p.platform {
		return nil, misused(cmd, "preview wants either --merchant M or --platform")
	}
	q := url.Values{"format": {format}}
	if p.merchant != "" {
		q.Set("merchant", p.merchant)
	}
	if p.window != "" {
		at, err := time.Parse(time.RFC3339, p.window)
		if err != nil {
			return nil, misused(cmd, "--window %s is not a time; wanted RFC 3339, such as 2026-05-04T10:00:00Z", shownArg(p.window))
		}
		q.Set("window", at.UTC().Format(time.RFC3339))
	}
	return q, nil
}
