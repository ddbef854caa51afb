package traffic

import "time"

// The incident of seed 000 ("Partial Disruption to API and Dashboard",
// 2023-11-11, times in GMT+7): detected with about 4 % of all traffic failing
// at 21:48, most of it recovered by a first fix at 22:31, all by a second one
// at 23:10.
const (
	seed000Ratio = 0.04
	seed000Left  = 0.015 // after the first fix; the report says "most", the figure is ours
	seed000Warm  = 6 * time.Hour
	seed000After = time.Hour
)

// Seed000Times are the three times of the incident, in UTC.
func Seed000Times() (begin, fixed, healed time.Time) {
	return time.Date(2023, 11, 11, 14, 48, 0, 0, time.UTC), time.Date(2023, 11, 11, 15, 31, 0, 0, time.UTC),
		time.Date(2023, 11, 11, 16, 10, 0, 0, time.UTC)
}

// Seed000 gives the incident of seed 000 at a rate of first attempts a second:
// six healthy hours, 4 % from 21:48 (GMT+7), 1.5 % from 22:31, healthy from
// 23:10 for one more hour. As certificates between internal services were its
// cause, four in five failures are broken handshakes, which are quick, and one
// is a timeout of 30 s, which is seen half a minute later: the split is ours.
func Seed000(seed uint64, rate float64) Config {
	begin, fixed, healed := Seed000Times()
	c := DefaultConfig(seed)
	c.Rate, c.Start = rate, begin.Add(-seed000Warm)
	c.Length = healed.Add(seed000After).Sub(c.Start)
	c.Incidents = []Incident{{
		Span:  Span{From: begin, To: healed},
		Steps: []Step{{At: begin, Ratio: seed000Ratio}, {At: fixed, Ratio: seed000Left}},
		Failures: []Failure{
			{Error: "tls_handshake", Weight: 80}, {Error: "timeout_response", Took: 30 * time.Second, Weight: 20},
		},
	}}
	return c
}
