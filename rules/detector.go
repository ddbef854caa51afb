package rules

import "time"

// The most that a [DetectorState] has room for: it is one value of fixed size.
const (
	detectorWindow = 30 // ticks of the window
	detectorDay    = 24 // recent parts in the day
)

// detectorUtmost keeps the alternative ratio below 1, where its logarithm ends.
const detectorUtmost = 0.95

// Detector finds out when the failure ratio of one series has risen: one
// detector serves every ratio rule (DESIGN.md section 6). It is a clipped
// CUSUM: each tick adds the log-likelihood that its first attempts came from a
// broken state (p1) and not from a tolerated one (p0), and never more than
// what one failed attempt is worth, so that a short restart cannot alarm
// however many attempts fail in it. A near-total outage, which the clip would
// hide for minutes on a busy series, has the loud rule beside it.
//
// A rise that stays well under the threshold is in doubt, and waits for a
// greater sum: on a busy series it is what most false alarms are made of.
//
// The numbers are those of reference/ingest-storage.md section 1, the heights
// and what is in doubt those of docs/detection.md: measured at one false alarm
// in 30 days of a rough series. The zero value is refused by Validate, and
// every tick by it; begin with [DefaultDetector]. A Detector is a value,
// comparable and safe for concurrent use.
type Detector struct {
	Tick   time.Duration // length of a tick; 10 s
	Window time.Duration // of the ratio that clears; 5 m, whole ticks, at most 30
	Day    time.Duration // how far back its own baseline looks; 24 h, 2 to 24 times Recent
	Recent time.Duration // the newest part that the baseline leaves out; 1 h, whole ticks

	Threshold  Ratio   // the alarm is critical from here; 4 %, from seed 000
	Tolerated  Ratio   // least p0: nothing below is ever worth an alarm; 1 %
	OwnFactor  float64 // p0 is at least so many times its own baseline; 2
	RiseFactor float64 // p1 is at least so many times p0; 3
	Usual      Ratio   // the baseline of a series without a past; 0.3 %
	UsualAs    int     // attempts that Usual weighs as much as; 300
	Clip       float64 // failed attempts that one tick counts as at most; 1

	Heights   [5]Height // alarm height by traffic, by rising PerTick
	Near      float64   // a rise is in doubt while its exact upper bound is below so much of Threshold; 0.9
	Doubt     float64   // the height counts so many times for one in doubt; 1.5
	Loud      Ratio     // alarm when each of LoudTicks is at or over it, and the most that p0 can be; 20 %
	LoudTicks int       // 6

	ClearFor   time.Duration // clear when the window's ratio was below p0 so long; 10 m
	ClearRun   int           // with fewer attempts in the window: so many delivered in a row; 10
	Reopen     time.Duration // opening so soon after clearing is the same episode; 30 m
	Settle     time.Duration // an episode over the threshold enters the baseline when older; 24 h
	Confidence float64       // of the exact interval; 0.95
}

// Height is how high the sum has to be for an alarm in a class of traffic;
// between two classes it is interpolated over the logarithm of the traffic,
// beyond the outer ones it stays.
type Height struct {
	PerTick float64 // first attempts in a tick, on average over the day; over 0
	Sum     float64 // log-likelihood; over 0
}

// DefaultDetector gives the settings of reference/ingest-storage.md sections
// 1.2 and 1.3 and of DESIGN.md section 6. Heights, Near and Doubt are those of
// docs/detection.md: with the heights of the reference (4.9, 7.6, 15, 28) and
// no doubt, as many alarms are false, and 4 % is found 10 to 50 s later from
// 10 attempts a second up. Settle is ours: without it an outage
// of one hour would be tolerated twice over for a day, and with no end to it
// a new normal would stay an incident for ever.
func DefaultDetector() Detector {
	return Detector{
		Tick: TickLength, Window: 5 * time.Minute, Day: 24 * time.Hour, Recent: time.Hour,
		Threshold: 0.04, Tolerated: 0.01, OwnFactor: 2, RiseFactor: 3, Usual: 0.003, UsualAs: 300, Clip: 1,
		// "rough" at 0.01, 0.1, 1, 10 and 100 attempts a second
		Heights: [5]Height{{0.1, 3.0}, {1, 5.0}, {10, 7.7}, {100, 13.8}, {1000, 21.5}},
		Near:    0.9, Doubt: 1.5, Loud: 0.2, LoudTicks: 6,
		ClearFor: 10 * time.Minute, ClearRun: 10, Reopen: 30 * time.Minute, Settle: 24 * time.Hour,
		Confidence: 0.95,
	}
}
