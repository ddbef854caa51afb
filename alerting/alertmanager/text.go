package alertmanager

import (
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// clean makes a stranger's text fit to stand in an alert. Alertmanager's own
// template for Slack does not escape, so that what could become a mention or a
// link there has its angle brackets changed.
func clean(s string, limit int) string {
	return strings.NewReplacer("<", "‹", ">", "›").Replace(alerting.Line(s, limit))
}
