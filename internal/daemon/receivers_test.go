package daemon

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/config"
)

// A channel that only a merchant's digest goes to hears of nobody else's
// trouble, also when all other receivers fail.
func TestAMerchantsChannelIsNoFallback(t *testing.T) {
	t.Parallel()
	receiver := func(name string) config.Receiver {
		return config.Receiver{Name: name, Kind: config.KindSlack, Slack: &slack.Config{Token: "xoxb-1", Channel: "C0" + name}}
	}
	all := []config.Receiver{receiver("OPS"), receiver("REPORT"), receiver("SHOP"), receiver("LATER")}
	c := &config.Config{Receivers: all, Routes: []config.Route{{To: []string{"OPS"}, Escalate: []config.Rung{{To: []string{"LATER"}}}}}}
	c.Digest.ReportTo = "REPORT"
	w := openWays(c, slog.New(slog.DiscardHandler))
	var lanes []string
	for _, a := range w.ports.Fallback {
		lanes = append(lanes, alerting.ReceiverOf(a.Lane))
	}
	if want := []string{"OPS", "REPORT", "LATER"}; !slices.Equal(lanes, want) {
		t.Errorf("falls back to %v, want %v", lanes, want)
	}
	if len(w.leads["SHOP"]) != 1 {
		t.Error("the merchant's channel leads nowhere")
	}
}
