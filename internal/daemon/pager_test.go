package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// proofKey is the integration key of a service that wakes nobody.
const proofKey = "R0HOOKTEST0HOOKTEST0HOOKTEST0PRO"

// alertAbout returns the alert whose key begins so; its zero value: there is
// none.
func alertAbout(p *hooktest.PagerDuty, key string) hooktest.PagerDutyAlert {
	for _, a := range p.Alerts() {
		if strings.HasPrefix(a.Key, key) {
			return a
		}
	}
	return hooktest.PagerDutyAlert{}
}

// TestThePagerHearsThatALaneWorksAgain: the alert about the credentials of
// another receiver ends when these are mended, or the receiver goes.
func TestThePagerHearsThatALaneWorksAgain(t *testing.T) {
	t.Parallel()
	for sentence, token := range map[string]string{
		"its credentials are mended": hooktest.DefaultSlackToken,
		"it is no longer configured": "",
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s, p, dir := hooktest.StartSlack(t, hooktest.SlackOptions{}), hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{}), t.TempDir()
			write(t, dir+"/token", "xoxb-of-somebody-else")
			write(t, dir+"/key", hooktest.DefaultPagerDutyKey)
			ops := fmt.Sprintf("  ops: {kind: slack, token_file: token, channel: %s, api_url: %q}\n", hooktest.DefaultSlackChannel, s.APIURL())
			const section = "deadman: {prove: 1h}\nreceivers:\n"
			pager := fmt.Sprintf("  pager: {kind: pagerduty, routing_key_file: key, url: %q}\n", p.URL())
			d := start(t, dir, head+section+ops+pager)
			about := "stopped:ops/" + hooktest.DefaultSlackChannel + ":"
			d.until("the pager hears of it", func() bool { return alertAbout(p, about).State == hooktest.PagerDutyTriggered })
			if token == "" {
				d.reload(head + section + pager)
			} else {
				write(t, dir+"/token", token)
				d.reload(head + section + ops + pager)
			}
			d.until("the alert is over", func() bool { return alertAbout(p, about).State == hooktest.PagerDutyResolved })
			if st := p.Stats(); st.Pages != 1 {
				t.Errorf("somebody was woken %d times, want once", st.Pages)
			}
		})
	}
}

// TestAPagerProvesItselfWhereNobodyIsWoken, and says that the way of pages was
// never used until it is.
func TestAPagerProvesItselfWhereNobodyIsWoken(t *testing.T) {
	t.Parallel()
	p, dir := hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{Keys: []string{hooktest.DefaultPagerDutyKey, proofKey}}), t.TempDir()
	write(t, dir+"/key", hooktest.DefaultPagerDutyKey)
	write(t, dir+"/proof", proofKey)
	d := start(t, dir, head+fmt.Sprintf("receivers:\n  pager: {kind: pagerduty, routing_key_file: key, test_key_file: proof, url: %q}\n", p.URL()))
	d.until("it has proved itself", func() bool { return alertAbout(p, "pulse/pager/proof:").State == hooktest.PagerDutyResolved })
	for _, c := range p.Calls() {
		if !strings.Contains(string(c.Body), proofKey) {
			t.Errorf("got %s, want it for the test service", c.Body)
		}
	}
	const remark = `receiver "pager" has never taken anything, and nothing proves silently that it would: hookvigil notify test pager`
	d.until("/-/duty says that it was not used", func() bool {
		status, body := d.call(http.MethodGet, "/-/duty", "")
		return status == http.StatusOK && body == "ok\nnote: "+remark+"\n"
	})
	if status, body := d.call(http.MethodPost, "/api/v1/receivers/pager/test", ""); status != http.StatusOK {
		t.Fatalf("test: %d %s", status, body)
	}
	d.until("/-/duty says no more", func() bool {
		status, body := d.call(http.MethodGet, "/-/duty", "")
		return status == http.StatusOK && body == "ok\n"
	})
	for line := range strings.Lines(d.log.String()) {
		if strings.Contains(line, "off duty") && strings.Contains(line, "pager") { // for other reasons it may be, on a busy machine
			t.Errorf("it was off duty: %s", line)
		}
	}
}
