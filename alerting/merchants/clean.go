package merchants

import (
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// longName bounds texts that come from strangers, in characters.
const longName = 80

// clean makes a stranger's text fit to stand in our sentences, in which braces
// are places.
func clean(s string) string {
	return strings.NewReplacer("{", "(", "}", ")").Replace(alerting.Line(s, longName))
}
