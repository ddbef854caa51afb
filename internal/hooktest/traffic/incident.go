package traffic

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Incident is a time in which more fails than usual: of all attempts, or of
// those with one value of a dimension.
type Incident struct {
	Span
	Steps    []Step    // from each time on its ratio holds, by rising time; before the first: nothing
	Where    Where     // zero: everywhere
	Failures []Failure // how attempts fail; nil: [DefaultFailures]
}

// Step is a ratio from a time on. The greater of it and the healthy one holds.
type Step struct {
	At    time.Time
	Ratio float64 // 0 to 1
}

// Steady is an incident with one ratio all along.
func Steady(from, to time.Time, ratio float64) Incident {
	return Incident{Span: Span{From: from, To: to}, Steps: []Step{{At: from, Ratio: ratio}}}
}

// Where is one value of one dimension. The zero value is everywhere.
type Where struct {
	Dimension Dimension
	Value     string // a merchant's or endpoint's id, or a word of the platform
}

// Dimension says what a [Where] looks at.
type Dimension int

// The dimensions.
const (
	Everywhere Dimension = iota
	ByMerchant
	ByEndpoint
	ByProduct
	ByChannel
	ByType
)

// Failure is one way in which an attempt fails.
type Failure struct {
	Status int           // 100 to 999; 0: no answer came, Error says why
	Error  string        // the sender's word, one that deliveries.FaultOf knows
	Took   time.Duration // exactly so long, at most 1 h; 0: as long as one that is delivered
	Weight float64       // among its like; over 0
}

// DefaultFailures are the ways of ordinary trouble: half 503, then resets,
// other 5xx, 404 and timeouts of 30 s. Our own choice.
func DefaultFailures() []Failure {
	return []Failure{
		{Status: 503, Weight: 50}, {Error: "reset", Weight: 20}, {Status: 500, Weight: 15}, {Status: 404, Weight: 5},
		{Error: "timeout_response", Took: 30 * time.Second, Weight: 10},
	}
}

// check reports what is wrong with an incident at a path.
func (in Incident) check(f *faults, path string, p Platform) {
	for i, s := range in.Steps {
		f.unless(share(s.Ratio), "%s.Steps[%d].Ratio: %v is outside [0, 1]", path, i, s.Ratio)
		f.unless(i == 0 || !s.At.Before(in.Steps[i-1].At), "%s.Steps[%d].At: wanted by rising time", path, i)
	}
	f.unless(p.index(in.Where) >= 0, "%s.Where: %q is not on the platform", path, in.Where.Value)
	checkFailures(f, path+".Failures", in.Failures)
}

func checkFailures(f *faults, path string, list []Failure) {
	for i, x := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		f.unless(x.Status == 0 && x.Error != "" || x.Status >= 300 && x.Status <= 999, "%s: status %d; wanted 300 to 999, or 0 beside an error", at, x.Status)
		f.unless(x.Took >= 0 && x.Took <= time.Hour, "%s.Took: %s is outside [0s, 1h]", at, x.Took)
		f.unless(x.Weight > 0 && x.Weight <= 1e9, "%s.Weight: %v is outside (0, 1e9]", at, x.Weight)
	}
}

// ratioAt is the ratio at a time, in nanoseconds since the begin.
type ratioAt struct {
	at    int64
	ratio float64
}

// trouble is an incident as the generator asks for it.
type trouble struct {
	from, to int64
	steps    []ratioAt
	by       Dimension
	value    int
	ways     ways
}

func newTrouble(in Incident, c Config) trouble {
	t := trouble{
		from: since(c.Start, in.From), to: since(c.Start, in.To),
		by: in.Where.Dimension, value: c.Platform.index(in.Where), ways: newWays(in.Failures),
	}
	for _, s := range in.Steps {
		t.steps = append(t.steps, ratioAt{since(c.Start, s.At), s.Ratio})
	}
	return t
}

// ratio is what fails of an attempt with these traits at a time; 0 when the
// incident does not concern it.
func (t *trouble) ratio(at int64, x traits) float64 {
	if at < t.from || at >= t.to || t.by != Everywhere && x.value(t.by) != t.value {
		return 0
	}
	ratio := 0.0
	for _, s := range t.steps {
		if s.at > at {
			break
		}
		ratio = s.ratio
	}
	return ratio
}

// ways draws one of some failures by weight.
type ways struct {
	list  []Failure
	total float64
}

func newWays(list []Failure) ways {
	if len(list) == 0 {
		list = DefaultFailures()
	}
	w := ways{list: list}
	for _, f := range list {
		w.total += f.Weight
	}
	return w
}

func (w ways) draw(dice *rand.Rand) Failure {
	left := dice.Float64() * w.total
	for _, f := range w.list[:len(w.list)-1] {
		if left -= f.Weight; left < 0 {
			return f
		}
	}
	return w.list[len(w.list)-1]
}

// since counts from the begin, and stays within what an int64 holds.
func since(start, t time.Time) int64 { return int64(t.Sub(start)) }
