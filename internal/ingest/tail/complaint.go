package tail

import (
	"regexp"
	"time"
)

// complainEvery is how often what lasts is logged again.
const complainEvery = time.Minute

// complaint remembers what was logged, so that what lasts is not logged at
// every try. The zero value has logged nothing.
type complaint struct {
	text string
	at   time.Time
}

// due reports whether text is to be logged: because it is new, or because it
// was logged so long ago; 0: a text is logged once while it lasts.
func (c *complaint) due(text string, again time.Duration) bool {
	now := time.Now()
	if text == c.text && (again == 0 || now.Sub(c.at) < again) {
		return false
	}
	c.text, c.at = text, now
	return true
}

// lasts reports whether something was logged that is not over.
func (c *complaint) lasts() bool { return c.text != "" }

// over ends what lasted, and reports whether there was anything.
func (c *complaint) over() bool {
	had := c.lasts()
	*c = complaint{}
	return had
}

// fromRecord is what a reason may repeat of a record: texts in quotes, and long
// numbers.
var fromRecord = regexp.MustCompile(`"[^"]*"|[0-9][0-9.eE+-]{9,}`)

// bare takes out of a reason what it may repeat of a record: a file is not
// copied into the log, not by sixty bytes either.
func bare(reason string) string { return fromRecord.ReplaceAllString(reason, `"..."`) }
