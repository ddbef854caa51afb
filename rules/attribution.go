package rules

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Dimension is a way to divide attempts. The words are stable: they are
// stored, and labels.
type Dimension string

// The dimensions. Those that are a kind of [Scope] have its word.
const (
	DimensionEndpoint Dimension = ScopeEndpoint
	DimensionMerchant Dimension = ScopeMerchant
	DimensionChannel  Dimension = ScopeChannel
	DimensionProduct  Dimension = ScopeProduct
	DimensionType     Dimension = ScopeType
	DimensionIssuer   Dimension = "issuer"  // of the endpoint's certificate
	DimensionNetwork  Dimension = "network" // range of addresses
	DimensionFault    Dimension = "fault"   // how attempts failed: says what, never where
)

// Dimensions returns the closed set, in the order in which equals are named:
// an endpoint before its merchant, a channel before its product; fault last.
func Dimensions() []Dimension {
	return []Dimension{
		DimensionEndpoint, DimensionMerchant, DimensionChannel, DimensionProduct, DimensionType,
		DimensionIssuer, DimensionNetwork, DimensionFault,
	}
}

// Part is what one value of a dimension got in the window: first attempts that
// count, and how many of them failed. Of a fault N is 0 and K how many failed
// that way: it has no ratio of its own.
type Part struct {
	Dimension Dimension
	Value     string
	N, K      int
	Usual     Ratio // its ordinary ratio; drawn towards that of all where it has few attempts of its own
}

// excess is how many more failed than do ordinarily.
func (p Part) excess() float64 { return float64(p.K) - float64(p.Usual)*float64(p.N) }

// sound reports whether the counts can be.
func (p Part) sound() bool {
	if p.Dimension == DimensionFault {
		return p.N == 0 && p.K >= 0
	}
	return p.N > 0 && p.K >= 0 && p.K <= p.N && p.Usual >= 0 && p.Usual <= 1 // NaN is neither
}

// Attribution is where failures come from. It is a comparable value; the zero
// value names nothing.
type Attribution struct {
	Dimension Dimension `json:"dimension,omitempty"`
	Value     string    `json:"value,omitempty"` // as it came: String makes it fit for people
	Share     Ratio     `json:"share,omitzero"`  // of the excess failures; of a fault: of the failures
	N         int       `json:"attempts,omitempty"`
	K         int       `json:"failed,omitempty"`
	Usual     Ratio     `json:"usual,omitzero"`
}

// Name is the place for people, "channel ID_BCA", as String has it; empty for the
// zero value, and for a fault, which is no place.
func (a Attribution) Name() string {
	if a.Dimension == "" || a.Dimension == DimensionFault {
		return ""
	}
	return string(a.Dimension) + " " + harmless(a.Value)
}

// Scope is where the place is met by a rule, "channel:ID_BCA"; empty for the zero
// value. Of a dimension that no rule divides by, no rule is met there.
func (a Attribution) Scope() Scope {
	if a.Dimension == "" {
		return ""
	}
	return ScopeOf(string(a.Dimension), a.Value)
}

// String gives one line for people, such as "channel ID_BCA: 78% of the excess
// failures, 31% of its attempts fail (ordinarily 0.3%)"; empty for the zero
// value. The value is cut to 60 characters and holds no line break.
func (a Attribution) String() string {
	if a.Dimension == "" {
		return ""
	}
	if a.Dimension == DimensionFault {
		return fmt.Sprintf("fault %s: %s of the failures", harmless(a.Value), a.Share.rough())
	}
	return fmt.Sprintf("%s: %s of the excess failures, %s of its attempts fail (ordinarily %s)",
		a.Name(), a.Share.rough(), a.ratio().rough(), a.Usual.Short())
}

func (a Attribution) ratio() Ratio {
	if a.N <= 0 {
		return 0
	}
	return Ratio(float64(a.K) / float64(a.N))
}

// rough writes whole percents from one percent on: "78%", "0.3%".
func (r Ratio) rough() string {
	if whole := Ratio(math.Round(float64(r)*100) / 100); r >= 0.01 && (whole < 1 || r == 1) {
		return whole.String()
	}
	return r.Short()
}

// harmless makes a name that somebody else chose fit to stand in one line.
func harmless(s string) string {
	const most = 4 * 60 // bytes: clip counts characters
	s = strings.ToValidUTF8(s[:min(len(s), most+utf8Slack)], "")
	return clip(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s))
}

// utf8Slack is what a cut may lose of a character.
const utf8Slack = 4

// Attributor names the value that explains why more fails than ordinarily: the
// purest of those that explain most of the excess (reference ingest-storage.md
// section 1.4, after Adtributor, NSDI 2014). Causes of two dimensions at once
// are not found. It is a value and safe for concurrent use; the zero value
// names nothing.
type Attributor struct {
	Least       Ratio // of the excess failures that a value must explain, in (0, 1]; default 60 %
	LeastExcess int   // excess failures below which nothing is named, at least 1; default 5
}

// DefaultAttributor returns the defaults. Five excess failures: when all
// attempts fail alike, so that no place is to blame, one is named in at most
// 1 % of the cases from there on, and in 4 % at one (TestChanceIsNotBlamed).
func DefaultAttributor() Attributor { return Attributor{Least: 0.60, LeastExcess: 5} }

const (
	// alike is the share of a whole's failures from which on its part is named
	// instead: a merchant's one busy endpoint among idle ones.
	alike = 0.9
	// byChance is how probable it may be that a value got so many of the
	// failures only because it has so many of the attempts: what holds nearly
	// all traffic holds nearly all failures, and explains none.
	byChance = 0.001
)

// Attribute names where the excess of total's failures comes from; false when
// no value explains enough of it. Of a place that qualifies no fault is named;
// without one it is the fault that most failures have, if enough do. parts are
// read once, in any order, and may hold every dimension; those that cannot be
// (more failed than tried) are passed over. It keeps one candidate a
// dimension, is pure and does not block.
func (a Attributor) Attribute(total Part, parts iter.Seq[Part]) (Attribution, bool) {
	place, fault := a.read(total, parts)
	named := cmp.Or(place, fault)
	return named, named != Attribution{}
}

// Faults names the fault that the failures have, to be told beside the place;
// false when none has enough of them. It reads parts once, and passes over
// those that are no fault.
func (a Attributor) Faults(total Part, parts iter.Seq[Part]) (Attribution, bool) {
	_, fault := a.read(total, parts)
	return fault, fault != Attribution{}
}

// read returns the best place and the best fault; each zero when there is none.
func (a Attributor) read(total Part, parts iter.Seq[Part]) (place, fault Attribution) {
	total.Dimension = ""
	excess := total.excess()
	if !total.sound() || a.Least <= 0 || excess < float64(max(a.LeastExcess, 1)) {
		return place, fault
	}
	order := Dimensions()
	best := make([]Attribution, len(order))
	for p := range parts {
		i := slices.Index(order, p.Dimension)
		if i < 0 || !p.sound() || !a.mayExplain(p, total, excess) {
			continue
		}
		if c := attribution(p, total, excess); c.before(best[i]) {
			best[i] = c
		}
	}
	last := len(order) - 1
	return choose(best[:last]), best[last]
}

// mayExplain reports whether p explains enough, and more than its size does.
func (a Attributor) mayExplain(p, total Part, excess float64) bool {
	if p.Dimension == DimensionFault {
		return p.K >= a.LeastExcess && float64(p.K) >= float64(a.Least)*float64(total.K)
	}
	if p.excess() < float64(a.Least)*excess || p.N >= total.N || p.K > total.K {
		return false
	}
	size := float64(p.N) / float64(total.N)
	return betaShare(size, 1-size, float64(p.K), float64(total.K-p.K+1)) < byChance
}

func attribution(p, total Part, excess float64) Attribution {
	c := Attribution{Dimension: p.Dimension, Value: p.Value, N: p.N, K: p.K, Usual: p.Usual}
	if p.Dimension == DimensionFault {
		c.Usual = 0
		c.Share = Ratio(min(float64(p.K)/float64(max(total.K, 1)), 1))
		return c
	}
	c.Share = Ratio(min(p.excess()/excess, 1))
	return c
}

// score is how well a explains, and how purely.
func (a Attribution) score() float64 {
	if a.Dimension == DimensionFault {
		return float64(a.Share)
	}
	return float64(a.Share) * float64(a.ratio())
}

// before orders by score; equals by what failed more often, then by name, so
// that the order of the parts does not decide.
func (a Attribution) before(b Attribution) bool {
	return cmp.Or(cmp.Compare(b.score(), a.score()), b.K-a.K, cmp.Compare(a.Value, b.Value)) < 0
}

// choose returns the best of the best of each dimension, and its part when
// that explains about the same.
func choose(best []Attribution) Attribution {
	var chosen Attribution
	for _, c := range best {
		if c != (Attribution{}) && c.score() > chosen.score() {
			chosen = c
		}
	}
	for _, c := range best { // the smaller dimensions come first
		if c.within(chosen) && c.Share >= alike*chosen.Share {
			return c
		}
	}
	return chosen
}

// within reports whether a is a part of whole as far as can be seen: each
// endpoint has one merchant, each channel one product.
func (a Attribution) within(whole Attribution) bool {
	if a.N > whole.N || a.K > whole.K {
		return false
	}
	switch whole.Dimension {
	case DimensionMerchant, DimensionIssuer, DimensionNetwork:
		return a.Dimension == DimensionEndpoint
	case DimensionProduct:
		return a.Dimension == DimensionChannel
	default:
		return false
	}
}
