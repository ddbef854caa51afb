package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

// maintenanceFlags are planned work as it is called for.
type maintenanceFlags struct {
	matcher            matcherFlags
	zone, start        string
	length, recurrence string
	reason             string
	replace, asJSON    bool
}

// plannedBody is planned work as the API takes it.
type plannedBody struct {
	Version    int              `json:"version"`
	Matcher    alerting.Matcher `json:"matcher"`
	Zone       string           `json:"zone"`
	Start      time.Time        `json:"start"`
	Length     string           `json:"length"`
	Recurrence string           `json:"recurrence,omitempty"`
	Reason     string           `json:"reason"`
}

// body is what the API is sent; an error says what is wrong with the call.
func (f maintenanceFlags) body(cmd *cobra.Command) (plannedBody, error) {
	b := plannedBody{Matcher: f.matcher.matcher(), Zone: f.zone, Length: f.length, Recurrence: f.recurrence, Reason: f.reason}
	if err := f.matcher.check(cmd); err != nil {
		return b, err
	}
	zone, err := time.LoadLocation(f.zone)
	switch {
	case err != nil || f.zone == "" || f.zone == "Local":
		return b, misused(cmd, "--zone %s is no time zone that is known here; wanted an IANA name such as Asia/Jakarta", shownArg(f.zone))
	case f.length == "":
		return b, misused(cmd, "say how long each time: --for 2h")
	case f.start == "":
		return b, misused(cmd, `say when it begins first: --start "2026-06-07 02:00"`)
	case plain(f.reason) == "":
		return b, misused(cmd, "say why: --reason TEXT; whoever is on call next reads it")
	}
	if b.Start, err = time.Parse(time.RFC3339, f.start); err == nil {
		return b, nil
	}
	wall, err := time.Parse("2006-01-02 15:04", f.start)
	if err != nil {
		return b, misused(cmd, `--start %s is no time; wanted "2026-06-07 02:00" in its zone, or 2026-06-07T02:00:00+07:00`, shownArg(f.start))
	}
	b.Start = alerting.Reached(wall, zone)
	return b, nil
}

func maintenanceAdd(cmd *cobra.Command, id string, f maintenanceFlags) error {
	body, err := f.body(cmd)
	if err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var m maintenance
	if f.replace {
		if _, err := d.get(cmd.Context(), maintenanceAt(id), &m); err != nil {
			return err
		}
		body.Version = m.Version
	}
	m = maintenance{}
	a, err := d.put(cmd.Context(), question{
		method: http.MethodPut, path: maintenanceAt(id), body: body,
		typed: placesOfMatcher(places{"body.zone": "--zone", "body.start": "--start", "body.length": "--for", "body.recurrence": "--recur", "body.reason": "--reason"}),
	}, &m)
	switch {
	case refusedWith(err, http.StatusConflict) && !f.replace:
		return failed(fmt.Errorf("%w; --replace changes it", err))
	case err != nil:
		return err
	case f.asJSON:
		return printAnswer(cmd, a)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is planned: %s\n%s: %s\n  %s\n", m.ID, what(m.Matcher), map[string]string{workNow: "now", workPlanned: "next", workOver: "over"}[m.state()], m.when(), m.note())
	return err
}

func maintenanceRm(cmd *cobra.Command, id string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var m maintenance
	if _, err := d.get(cmd.Context(), maintenanceAt(id), &m); err != nil {
		return err
	}
	path := maintenanceAt(id) + "?version=" + strconv.Itoa(m.Version)
	if _, err := d.put(cmd.Context(), question{method: http.MethodDelete, path: path}, nil); err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd, treated{ID: id, Done: "rm"})
	}
	said := "is dropped"
	if m.state() == workNow {
		said = "is ended and dropped: what is still bad is told"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s\n", m.ID, said, what(m.Matcher))
	return err
}
