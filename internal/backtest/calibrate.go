package backtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// The defaults of [CalibrateSettings], and what bounds a proposal.
const (
	// DefaultPer is the time in which a series may page falsely once:
	// reference/ingest-storage.md section 1.2.
	DefaultPer = 30 * 24 * time.Hour
	// DefaultMostSeries bounds the series of a calibration.
	DefaultMostSeries = 1000

	leastShare = 0.5                 // of the default: a quiet month does not promise a quiet year
	leastTicks = 2.0                 // in ticks that only failed: one of them shall not page
	halfWeight = 30 * 24 * time.Hour // so many series-days weigh as much as the default
)

// CalibrateSettings are what a calibration goes by.
type CalibrateSettings struct {
	Settings               // the first of Rules is what is set now
	Per      time.Duration // one false page a series in it; 0: DefaultPer; at least a day
	Except   []Span        // known incidents: what ended in them is cut out
	Kinds    []string      // of scopes; none: platform, product, channel, type
	Most     int           // series; 0: DefaultMostSeries
}

// Calibration is what a calibration found, to be reviewed by a person.
type Calibration struct {
	Counts   Counts
	Rejected []Rejected
	Per      time.Duration
	Cut      int // first attempts within Except
	Late     int // came too late for their tick
	Beyond   int // attempts that there was no room for
	Classes  [5]Class
	Openings []Opening // by the sum, at what is set now: a person knows which were real
	Loud     int       // openings by the loud ratio: no height changes them

	now rules.Detector // heights and grid of all rules
	set conditions.Config
}

// Class is one class of traffic: a place in rules.error_ratio.heights.
type Class struct {
	PerTick  float64 // first attempts in a tick
	Series   int
	Lasted   time.Duration // of all its series together, without what was cut out
	Own      rules.Ratio   // of its first attempts so many failed
	Now      float64       // sum
	Found    float64       // least sum that history bears; 0 without data
	Proposed float64       // drawn to the default where there is little data

	AlarmsNow, AlarmsProposed int           // by the sum, in all its series
	DelayNow, DelayProposed   time.Duration // median until a rise to 4 % is told, the grace included; a day and it when it takes longer; 0 without data
}

// Opening is an alarm on stored history.
type Opening struct {
	Scope    rules.Scope
	At       time.Time
	Severity rules.Severity
	Text     string
}

// Calibrate replays the input and finds for each class of traffic the least
// sum with which the series of that class would have paged at most once in Per
// each. It blocks until all is read or ctx ends. Like [Run] it stops for no bad
// line.
//
// A class with little data is drawn to the default: the share of what was
// found is D/(D+30 days), where D is how long its series lasted together. No
// proposal is less than half the default, or than what two ticks add in which
// every attempt failed. A class without data stays as it is.
func Calibrate(ctx context.Context, in Input, s CalibrateSettings) (Calibration, error) {
	s, err := s.withDefaults()
	if err != nil {
		return Calibration{}, err
	}
	r, err := newReplay(s.Settings)
	if err != nil {
		return Calibration{}, err
	}
	set := s.Rules[0]
	t := &tally{
		kinds: s.Kinds, except: s.Except, tick: int64(set.Platform.Tick), grace: set.Grace, most: s.Most,
		series: map[rules.Scope]*history{},
	}
	r.to = []follower{t}
	if err := r.run(ctx, in); err != nil {
		return Calibration{}, err
	}
	c := Calibration{
		Counts: r.counts, Rejected: r.rejected, Per: s.Per, Cut: t.removed, Late: t.late, Beyond: t.beyond,
		now: set.Platform, set: set,
	}
	return c, c.find(ctx, t, s)
}

func (s CalibrateSettings) withDefaults() (CalibrateSettings, error) {
	s.Settings = s.Settings.withDefaults()
	s.Rules = []conditions.Config{settled(s.Rules[0])}
	s.Per, s.Most = cmp.Or(s.Per, DefaultPer), cmp.Or(s.Most, DefaultMostSeries)
	if len(s.Kinds) == 0 {
		s.Kinds = []string{string(rules.ScopePlatform), rules.ScopeProduct, rules.ScopeChannel, rules.ScopeType}
	}
	var faults []error
	if s.Per < 24*time.Hour {
		faults = append(faults, fmt.Errorf("per: %s is less than a day", s.Per))
	}
	if s.Most < 1 {
		faults = append(faults, fmt.Errorf("most: %d is less than 1", s.Most))
	}
	for _, kind := range s.Kinds {
		if !slices.Contains(Kinds(), kind) {
			faults = append(faults, fmt.Errorf("kinds: %q has no ratio rule that is calibrated; wanted some of %v", kind, Kinds()))
		}
	}
	for _, e := range s.Except {
		if !e.From.Before(e.To) {
			faults = append(faults, fmt.Errorf("except: %s is not before %s", e.From.Format(time.RFC3339), e.To.Format(time.RFC3339)))
		}
	}
	return s, errors.Join(faults...)
}

// find fills the classes.
func (c *Calibration) find(ctx context.Context, t *tally, s CalibrateSettings) error {
	byClass := [5][]*history{}
	for _, scope := range slices.Sorted(maps.Keys(t.series)) {
		h := t.series[scope]
		n, _ := h.sums()
		i := classOf(c.now, float64(n)*float64(t.tick)/float64(h.lasted(t.tick, s.Except)))
		byClass[i] = append(byClass[i], h)
	}
	for i := range c.Classes {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.Classes[i] = c.class(i, byClass[i], s)
	}
	proposed := c.Heights()
	for i := range c.Classes {
		for _, h := range byClass[i] {
			c.review(&c.Classes[i], h, proposed)
		}
		k := &c.Classes[i]
		if k.Series == 0 {
			continue
		}
		k.DelayNow = delayOf(c.now, k.PerTick, k.Own, k.Now) + c.set.Grace
		if k.DelayProposed = k.DelayNow; k.Proposed != k.Now {
			k.DelayProposed = delayOf(c.now, k.PerTick, k.Own, k.Proposed) + c.set.Grace
		}
	}
	slices.SortFunc(c.Openings, func(a, b Opening) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Scope, b.Scope)) })
	return ctx.Err()
}

// classOf returns the class whose traffic is nearest, by its logarithm.
func classOf(d rules.Detector, perTick float64) int {
	best := 0
	for i, h := range d.Heights {
		if math.Abs(math.Log(perTick/h.PerTick)) < math.Abs(math.Log(perTick/d.Heights[best].PerTick)) {
			best = i
		}
	}
	return best
}

// class finds the height of a class.
func (c *Calibration) class(i int, series []*history, s CalibrateSettings) Class {
	at := c.now.Heights[i]
	k := Class{PerTick: at.PerTick, Now: at.Sum, Proposed: at.Sum, Series: len(series), Own: c.now.Usual}
	n, failed := 0, 0
	for _, h := range series {
		hn, hk := h.sums()
		n, failed = n+hn, failed+hk
		k.Lasted += h.lasted(int64(c.now.Tick), s.Except)
	}
	if n == 0 {
		return k
	}
	k.Own = rules.Ratio(float64(failed) / float64(n))
	k.Found = leastSum(series, c.detectorOf, int(k.Lasted/s.Per))
	usual := usualSum(at.PerTick)
	share := float64(k.Lasted) / float64(k.Lasted+halfWeight)
	k.Proposed = usual + share*(k.Found-usual)
	k.Proposed = max(k.Proposed, leastShare*usual, leastTicks*c.now.Clip*tickWorth(c.now))
	k.Proposed = math.Ceil(k.Proposed*10-1e-9) / 10
	return k
}

// detectorOf returns the detector of a scope as it is set now.
func (c *Calibration) detectorOf(scope rules.Scope) rules.Detector {
	switch kind, _ := scope.Split(); kind {
	case rules.ScopeProduct:
		return c.set.Product
	case rules.ScopeChannel:
		return c.set.Channel
	case rules.ScopeType:
		return c.set.Type
	case rules.ScopeMerchant:
		return c.set.Merchant
	default:
		return c.set.Platform
	}
}

// review counts what a series would have opened.
func (c *Calibration) review(k *Class, h *history, proposed [5]rules.Height) {
	d := c.detectorOf(h.scope)
	opened, loud := h.play(d)
	k.AlarmsNow += len(opened)
	c.Loud += loud
	for _, a := range opened {
		c.Openings = append(c.Openings, Opening{Scope: h.scope, At: a.At, Severity: a.Severity, Text: a.Evidence.Text})
	}
	d.Heights = proposed
	opened, _ = h.play(d)
	k.AlarmsProposed += len(opened)
}

// Heights returns what is proposed.
func (c *Calibration) Heights() [5]rules.Height {
	var list [5]rules.Height
	for i, k := range c.Classes {
		list[i] = rules.Height{PerTick: k.PerTick, Sum: k.Proposed}
	}
	return list
}

// The grid on which sums are looked for: 1 to 209, in steps of 4 %.
const (
	gridSteps = 137
	gridStep  = 1.04
)

// leastSum finds the least sum with which the series open at most so often
// together; the greatest of the grid when none serves.
func leastSum(series []*history, of func(rules.Scope) rules.Detector, allowed int) float64 {
	sum := func(i int) float64 { return math.Pow(gridStep, float64(i)) }
	low, high := 0, gridSteps-1
	for low < high {
		middle, opened := (low+high)/2, 0
		for _, h := range series {
			alarms, _ := h.play(flat(of(h.scope), sum(middle)))
			opened += len(alarms)
		}
		if opened <= allowed {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return sum(low)
}

// flat sets one height for any traffic.
func flat(d rules.Detector, sum float64) rules.Detector {
	for i := range d.Heights {
		d.Heights[i].Sum = sum
	}
	return d
}

// usualSum is the default height of a traffic.
func usualSum(perTick float64) float64 {
	heights := rules.DefaultDetector().Heights
	for i, h := range heights {
		switch {
		case perTick > h.PerTick:
		case i == 0:
			return h.Sum
		default:
			low := heights[i-1]
			return low.Sum + math.Log(perTick/low.PerTick)/math.Log(h.PerTick/low.PerTick)*(h.Sum-low.Sum)
		}
	}
	return heights[len(heights)-1].Sum
}

// tickWorth is what one failed attempt adds to the sum of an ordinary series.
func tickWorth(d rules.Detector) float64 {
	p0 := float64(max(d.Tolerated, rules.Ratio(d.OwnFactor*float64(d.Usual))))
	return math.Log(max(float64(d.Threshold), d.RiseFactor*p0) / p0)
}
