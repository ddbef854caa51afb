package demo

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// compressed is how much longer the incident took than its demonstration: one
// second here stands for one minute there.
const compressed = 60

// When things happen, from the begin of the demonstration. The incident report
// gives three times of 11 November 2023 in GMT+7: 21:48 the errors are
// noticed, 22:31 a first fix recovers most of the traffic, 23:10 a second one
// all of it. The other times are ours.
const (
	trouble     = 25 * time.Second         // 21:48
	hangs       = trouble + 8*time.Second  // 21:56
	runsOut     = trouble + 16*time.Second // 22:04
	allOpen     = trouble + 25*time.Second // 22:13
	firstFix    = trouble + 43*time.Second // 22:31
	fullFix     = trouble + 82*time.Second // 23:10
	digests     = fullFix + 40*time.Second // 23:50; the window of digests closes
	allResolved = fullFix + 60*time.Second // 00:10; most are resolved long before
)

// The window of digests: it holds all of the trouble, and closes at digests.
const (
	windowBegins = 5 * time.Second // 21:28
	windowBucket = 5 * time.Second
	windowLength = 140 * time.Second // all of the trouble is in it
	windowDelay  = 6 * time.Second   // results are saved every windowBucket
)

// What share of all first attempts fails. The report says "about 4% of all
// traffic" and "most of the impacted traffic"; the other two are ours.
const (
	ordinary  rules.Ratio = 0.002
	impacted  rules.Ratio = 0.04
	recovered rules.Ratio = 0.015
)

// step is one scene of the story.
type step struct {
	At    time.Duration // since the begin
	Word  string        // in the markup of the page, for programs that wait for the scene
	Title string
	Text  string // what happens
	Watch string // what there is to see
}

// story returns the scenes in order; the first begins at once.
func story() []step {
	return []step{
		{0, "well", "All is well", "Sixteen endpoints of twelve merchants answer. The sender hands in 80 attempts a second; 0.2% of them fail, as on any day.",
			"The overview: everything turns healthy."},
		{trouble, "errors", "Errors", "A bug in the management of server certificates breaks connections inside the platform: 4% of all first attempts fail. The service “ledger” shows an expired certificate.",
			"“ledger” within seconds: the certificate is a signal of its own. The error ratio takes about 20 s, because it has to be sure."},
		{hangs, "hangs", "An endpoint hangs", "Meanwhile a merchant has trouble of their own: an endpoint of Roti Harum takes requests and never answers.",
			"An incident of its own, not mixed up with the platform's."},
		{runsOut, "runs-out", "A certificate runs out", "Nobody renewed the certificate of Batik Larasati: it ends now.",
			"One incident for it, though probe and certificate both see it."},
		{allOpen, "all-open", "Four causes", "4% still fail. Somebody reads the messages and looks for the bug.",
			"Four causes, four messages, and the platform's is critical. Payment channels join it as lines instead of paging once more."},
		{firstFix, "first-fix", "First fix", "Most of the traffic recovers: 1.5% still fail. That is more than on any day.",
			"The platform's incident stays open: better is not good."},
		{fullFix, "full-fix", "Full recovery", "The second fix. “ledger” has a good certificate, Batik Larasati a new one, and Roti Harum answers.",
			"Each thread gets its reply, and the message above it turns to resolved. The error ratio is last: it has to stay good for a while."},
		{digests, "digests", "The digests", "A window of the health digest is over: six hours usually, a little over two minutes here. Three merchants have subscribed.",
			"In the mailbox a mail to each of the three, in its own words: what was wrong there, and what was not its fault. In Slack the platform's own."},
		{allResolved, "and-on", "And on", "It goes on in good health until you press Ctrl-C.",
			"Every message in Slack is resolved. The incidents' pages keep the whole course."},
	}
}

// stepAt returns which scene of list runs at a time since the begin.
func stepAt(list []step, since time.Duration) int {
	at := 0
	for i, s := range list {
		if since >= s.At {
			at = i
		}
	}
	return at
}

// shareAt returns what share of first attempts fails at a time since the
// begin.
func shareAt(since time.Duration) rules.Ratio {
	switch {
	case since < trouble || since >= fullFix:
		return ordinary
	case since < firstFix:
		return impacted
	default:
		return recovered
	}
}

// clockAt returns what the clock showed in the incident, in GMT+7.
func clockAt(since time.Duration) time.Time {
	errors := time.Date(2023, time.November, 11, 21, 48, 0, 0, time.FixedZone("GMT+7", 7*60*60))
	return errors.Add((since - trouble) * compressed)
}

// brokenAt returns the word for how deliveries to an endpoint fail at a time
// since the begin; empty when they do not.
func brokenAt(endpoint string, since time.Duration) string {
	switch {
	case since >= fullFix:
		return ""
	case endpoint == hangingEndpoint && since >= hangs:
		return "timeout_response"
	case endpoint == expiringEndpoint && since >= runsOut:
		return "certificate_expired"
	default:
		return ""
	}
}
