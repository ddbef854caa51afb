package rules_test

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/hookvigil/hookvigil/rules"
)

// The world of the simulation: 2,000 endpoints with Zipf traffic, two to a
// merchant; 10 products of 6 channels; 5 types of event.
var blameDims = [5]rules.Dimension{
	rules.DimensionEndpoint, rules.DimensionMerchant, rules.DimensionProduct, rules.DimensionChannel, rules.DimensionType,
}

// blameSizes is how many values each dimension has.
var blameSizes = [5]int{2000, 1000, 10, 60, 5}

const blameUsual = 0.003

type blameWorld struct {
	r    *rand.Rand
	zipf *rand.Zipf
}

func newBlameWorld(seed uint64) blameWorld {
	r := rand.New(rand.NewPCG(seed, 11))
	return blameWorld{r, rand.NewZipf(r, 1.1, 5, 1999)}
}

// draw returns the values of one attempt, by dimension.
func (w blameWorld) draw() [5]int {
	e := int(w.zipf.Uint64())
	product := min(int(w.r.ExpFloat64()*2.5), 9)
	channel := product*6 + min(int(w.r.ExpFloat64()*1.5), 5)
	return [5]int{e, e / 2, product, channel, w.r.IntN(5)}
}

// blameCount is what the values of each dimension got.
type blameCount struct {
	n, k [5][]int
	total,
	failed int
}

func newBlameCount() *blameCount {
	c := &blameCount{}
	for d, size := range blameSizes {
		c.n[d], c.k[d] = make([]int, size), make([]int, size)
	}
	return c
}

func (c *blameCount) add(values [5]int, failed bool) {
	k := 0
	if failed {
		k = 1
	}
	c.total, c.failed = c.total+1, c.failed+k
	for d, v := range values {
		c.n[d][v]++
		c.k[d][v] += k
	}
}

// blameHistory is what was seen before: 30,000 attempts in ordinary times.
func blameHistory(seed uint64) *blameCount {
	w, c := newBlameWorld(seed), newBlameCount()
	for range 30_000 {
		c.add(w.draw(), w.r.Float64() < blameUsual)
	}
	return c
}

// usual is a value's ordinary ratio, drawn towards that of all.
func (c *blameCount) usual(d, v int) rules.Ratio {
	return rules.Ratio(float64(c.k[d][v]+1) / float64(c.n[d][v]+300))
}

// blameIncident is one incident: the value of one dimension that fails, and an
// endpoint that fails beside it, or -1.
type blameIncident struct {
	dim, value int
	ratio      float64
	noisy      int
}

// incident picks a cause of a dimension that carries 2 % to 60 % of the
// traffic, and lifts the whole to about 4 %.
func (w blameWorld) incident(dim int, history *blameCount, noise bool) blameIncident {
	in := blameIncident{dim: dim, noisy: -1}
	share := 0.0
	for share < 0.02 || share > 0.6 {
		in.value = w.draw()[dim]
		share = float64(history.n[dim][in.value]) / float64(history.total)
	}
	in.ratio = min(0.037/share, 0.95)
	for noise && in.noisy < 0 {
		in.noisy = 8 + w.r.IntN(30)
		if dim == 0 && in.noisy == in.value || dim == 1 && in.noisy/2 == in.value {
			in.noisy = -1
		}
	}
	return in
}

// play returns what is seen in a window of n attempts.
func (w blameWorld) play(in blameIncident, n int) *blameCount {
	c := newBlameCount()
	for range n {
		values, p := w.draw(), blameUsual
		if values[in.dim] == in.value {
			p = in.ratio
		}
		if values[0] == in.noisy {
			p = 0.9
		}
		c.add(values, w.r.Float64() < p)
	}
	return c
}

// evenly returns what is seen in a window of n attempts of which k fail
// wherever they are.
func (w blameWorld) evenly(n, k int) *blameCount {
	c := newBlameCount()
	for i := range n { // each attempt fails as likely as those that are left
		c.add(w.draw(), w.r.IntN(n-i) < k-c.failed)
	}
	return c
}

// parts yields what was seen, with the ordinary ratios of the history.
func (c *blameCount) parts(history *blameCount) iter.Seq[rules.Part] {
	return func(yield func(rules.Part) bool) {
		for d := range blameDims {
			for v, n := range c.n[d] {
				if n > 0 && !yield(rules.Part{Dimension: blameDims[d], Value: blameName(d, v), N: n, K: c.k[d][v], Usual: history.usual(d, v)}) {
					return
				}
			}
		}
	}
}

func (c *blameCount) whole(history *blameCount) rules.Part {
	return rules.Part{N: c.total, K: c.failed, Usual: rules.Ratio(float64(history.failed) / float64(history.total))}
}

func blameName(d, v int) string {
	return string(blameDims[d]) + "-" + string(rune('A'+v/100)) + string(rune('0'+v/10%10)) + string(rune('0'+v%10))
}

// blameMethod names one cause.
type blameMethod struct {
	name  string
	named func(total rules.Part, parts iter.Seq[rules.Part]) (rules.Dimension, string)
}

// blameMethods are the four of the reference's table; the last is ours.
func blameMethods() []blameMethod {
	best := func(score func(total, p rules.Part) float64) func(rules.Part, iter.Seq[rules.Part]) (rules.Dimension, string) {
		return func(total rules.Part, parts iter.Seq[rules.Part]) (rules.Dimension, string) {
			var named rules.Part
			most := math.Inf(-1)
			for p := range parts {
				if s := score(total, p); p.K >= 3 && (s > most || s == most && cmp.Or(cmp.Compare(p.Dimension, named.Dimension), cmp.Compare(p.Value, named.Value)) < 0) {
					named, most = p, s
				}
			}
			return named.Dimension, named.Value
		}
	}
	excess := func(p rules.Part) float64 { return float64(p.K) - float64(p.Usual)*float64(p.N) }
	return []blameMethod{
		{"most failures", best(func(_, p rules.Part) float64 { return float64(p.K) })},
		{"highest ratio of 20 attempts or more", best(func(_, p rules.Part) float64 {
			if p.N < 20 {
				return 0
			}
			return float64(p.K) / float64(p.N)
		})},
		{"share of the excess failures", best(func(total, p rules.Part) float64 { return excess(p) / excess(total) })},
		{"purest that explains 60%", func(total rules.Part, parts iter.Seq[rules.Part]) (rules.Dimension, string) {
			a, _ := rules.DefaultAttributor().Attribute(total, parts)
			return a.Dimension, a.Value
		}},
	}
}
