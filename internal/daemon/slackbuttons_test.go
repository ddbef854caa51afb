package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// incidentView is what the tests read of an incident.
type incidentView struct {
	ID             string
	State          string
	AcknowledgedBy string `json:"acknowledged_by"`
	Timeline       []struct{ Kind, Actor string }
}

// withSlack starts a daemon whose endpoint has just failed, and waits for its
// message in Slack.
func withSlack(t *testing.T, more string) (*running, *hooktest.Slack) {
	t.Helper()
	s := hooktest.StartSlack(t, hooktest.SlackOptions{})
	r := hooktest.Start(t, hooktest.Options{})
	dir := t.TempDir()
	write(t, dir+"/token", hooktest.DefaultSlackToken)
	write(t, dir+"/signing", hooktest.DefaultSlackSigning)
	write(t, dir+"/app", hooktest.DefaultSlackAppToken)
	d := start(t, dir, head+haste+merchants(fmt.Sprintf("{id: x, url: %q}", r.URL()))+fmt.Sprintf(`deadman: {prove: 0s}
receivers:
  ops:
    kind: slack
    token_file: token
    channel: %s
    api_url: %s
    users: {U0PRESSER: {name: ana, role: operator}, U0VIEWER: {name: vic, role: viewer}}
    %s
routes: [{to: [ops]}]
`, hooktest.DefaultSlackChannel, s.APIURL(), more))
	d.until("it is healthy", func() bool { return d.probeNow("x").Probe.Verdict == "healthy" })
	if err := r.Set(hooktest.Status(503)); err != nil {
		t.Fatal(err)
	}
	d.until("its incident is told", func() bool { // whatever else is, on a slow machine
		_, err := s.Payload(ack(""))
		return err == nil
	})
	return d, s
}

// incident returns the only one of the merchant.
func (r *running) incident() incidentView {
	r.t.Helper()
	var list struct{ Items []incidentView }
	_, body := r.call(http.MethodGet, "/api/v1/incidents?merchant=shop", "")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Items) != 1 {
		r.t.Fatalf("got %s, want one incident", body)
	}
	var v incidentView
	_, body = r.call(http.MethodGet, "/api/v1/incidents/"+list.Items[0].ID, "")
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		r.t.Fatalf("%s: %v", body, err)
	}
	return v
}

func ack(user string) hooktest.SlackPress {
	return hooktest.SlackPress{Action: string(slack.ActionAcknowledge), User: user}
}

// TestAcknowledgedFromSlack follows a press over HTTP to the incident, and back
// into its message.
func TestAcknowledgedFromSlack(t *testing.T) {
	t.Parallel()
	d, s := withSlack(t, "signing_secret_file: signing")
	address := "http://" + d.Addr() + "/slack/interactions"
	for _, user := range []string{"U0VIEWER", "U0NOBODY"} {
		d.until(user+" is answered within 3 s", func() bool {
			status, err := s.Press(t.Context(), address, ack(user))
			return status == http.StatusOK && err == nil
		})
	}
	payload, err := s.Payload(ack(""))
	if err != nil {
		t.Fatal(err)
	}
	body := hooktest.PressForm(payload)
	d.until("what is forged is refused", func() bool {
		status, err := hooktest.SendSigned(t.Context(), address, body, hooktest.SignSlack("forged-signing-secret", time.Now(), body))
		return status == http.StatusUnauthorized && err == nil
	})
	if v := d.incident(); v.State != "open" {
		t.Fatalf("got %+v, want it open still", v)
	}
	var v incidentView
	d.until("a press acknowledges it", func() bool { // one that takes too long does nothing, and is made again
		if status, err := s.Press(t.Context(), address, ack("")); status != http.StatusOK && err == nil {
			t.Errorf("got %d, want 200", status)
		}
		v = d.incident()
		return v.State == "acknowledged"
	})
	if v.AcknowledgedBy != "ana (Slack)" {
		t.Errorf("got %+v, want it acknowledged by ana (Slack)", v)
	}
	if last := v.Timeline[len(v.Timeline)-1]; last.Kind != "acknowledged" || last.Actor != "ana (Slack)" {
		t.Errorf("the timeline ends with %+v", last)
	}
	d.until("the message says so, without the button", func() bool {
		return slices.ContainsFunc(s.Messages(hooktest.DefaultSlackChannel), func(m hooktest.SlackMessage) bool {
			is := m.Latest()
			return m.Thread == "" && strings.Contains(is.Text, "acknowledged") && !strings.Contains(string(is.Blocks), string(slack.ActionAcknowledge))
		})
	})
	for _, why := range []string{"the user is not listed", "the role is not enough", "forged"} {
		if !strings.Contains(d.log.String(), why) {
			t.Errorf("%q is not in the log", why)
		}
	}
}

// TestAcknowledgedBySocket is the same from behind a firewall.
func TestAcknowledgedBySocket(t *testing.T) {
	t.Parallel()
	d, s := withSlack(t, "app_token_file: app")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.RunSockets(ctx) })
	t.Cleanup(wg.Wait)
	t.Cleanup(cancel)
	d.until("the socket is open", func() bool { return s.Stats().Sockets > 0 })
	var v incidentView
	d.until("a press acknowledges it", func() bool { // one that takes too long does nothing, and is made again
		if id, err := s.PressSocket(ack("")); err == nil {
			within, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			if err := s.AwaitAck(within, id); err != nil {
				t.Error(err)
			}
		}
		v = d.incident()
		return v.State == "acknowledged"
	})
	if v.AcknowledgedBy != "ana (Slack)" {
		t.Errorf("got %+v, want it acknowledged by ana (Slack)", v)
	}
	if got := d.SocketProblems(); len(got) > 0 {
		t.Errorf("got problems %v", got)
	}
	if status, body := d.call(http.MethodPost, "/slack/interactions", "payload=x"); status != http.StatusNotFound {
		t.Errorf("over HTTP: got %d %s, want 404: nobody gave a signing secret", status, body)
	}
}

func TestWhatIsAnsweredToAPress(t *testing.T) {
	t.Parallel()
	d, _ := withSlack(t, "signing_secret_file: signing")
	v := d.incident()
	ana := slack.User{Name: "ana", Role: slack.RoleOperator}
	says := func(who slack.User, do slack.Action, id, want string) {
		t.Helper()
		got, err := d.Pressed(t.Context(), slack.Press{Receiver: "ops", Action: do, Incident: id, User: who})
		if undone, nothing := errors.AsType[*slack.UndoneError](err); nothing != strings.HasPrefix(want, "Nothing was done") {
			t.Errorf("got %v, want that nothing was done only with %q", err, want)
		} else if nothing {
			got, err = undone.Answer, nil
		}
		if err != nil || !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	says(ana, slack.ActionAcknowledge, "inc_none", "Nothing was done: that incident is not kept any more.")
	says(ana, "hookvigil_next_year", v.ID, "Nothing was done: this hookvigil does not know that button.")
	says(ana, slack.ActionSilence, "inc_none", "Nothing was done: that incident is not kept any more.")
	says(ana, slack.ActionAcknowledge, v.ID, "")
	says(ana, slack.ActionAcknowledge, v.ID, "You have acknowledged it already, at ")
	says(slack.User{Name: "budi", Role: slack.RoleAdmin}, slack.ActionAcknowledge, v.ID, "")
	says(ana, slack.ActionSilence, v.ID, "Silenced until ")
	if n := strings.Count(d.log.String(), "msg=silenced"); n != 1 || !strings.Contains(d.log.String(), `by="ana (Slack)" reason=`) {
		t.Errorf("got %d silences, want one by ana (Slack)", n)
	}
	d.until("it is resolved", func() bool { // the desk may be about to write down the silence
		status, _ := d.call(http.MethodPost, "/api/v1/incidents/"+v.ID+"/resolve", fmt.Sprintf(`{"version":%d}`, d.version(v.ID)))
		return status == http.StatusOK
	})
	says(ana, slack.ActionAcknowledge, v.ID, "Nothing was done: cannot ack an incident that is resolved: it is over")
	says(ana, slack.ActionSilence, v.ID, "Nothing was done: cannot silence an incident that is resolved: it is over")
}

// version is where an incident stands.
func (r *running) version(id string) int {
	r.t.Helper()
	var v struct{ Version int }
	_, body := r.call(http.MethodGet, "/api/v1/incidents/"+id, "")
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		r.t.Fatalf("%s: %v", body, err)
	}
	return v.Version
}
