package rules_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/rules"
)

// The bounds were computed with 40 digits from binomial sums and from the
// incomplete beta function (mpmath 1.3); the small ones agree with R's
// binom.test.
func TestExactIntervalAgreesWithKnownValues(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failed, attempts int
		confidence       float64
		low, high        float64
	}{
		"none of one":              {0, 1, 0.95, 0, 0.975},
		"one of one":               {1, 1, 0.95, 0.025, 1},
		"none of ten":              {0, 10, 0.95, 0, 0.3084971078187608},
		"one of ten":               {1, 10, 0.95, 0.002528578544461785, 0.4450161170281954},
		"five of ten":              {5, 10, 0.95, 0.1870860284473985, 0.8129139715526015},
		"all of ten":               {10, 10, 0.95, 0.6915028921812392, 1},
		"one of a hundred":         {1, 100, 0.95, 0.0002531460329774206, 0.05445938539208066},
		"four of a hundred":        {4, 100, 0.95, 0.0110044939861882, 0.09925715671265992},
		"the same at 90 %":         {4, 100, 0.90, 0.01377661246485638, 0.08919625015887989},
		"the same at 99 %":         {4, 100, 0.99, 0.006801693760314672, 0.1206326992968989},
		"all but one of a hundred": {99, 100, 0.95, 0.9455406146079193, 0.9997468539670226},
		"4 % of 300":               {12, 300, 0.95, 0.02083657630641371, 0.06882898818949611},
		"6.1 % of 360":             {22, 360, 0.95, 0.0386906259746114, 0.09106377419785265},
		"the seed's incident":      {118, 2517, 0.95, 0.03895603354693643, 0.05588063925633299},
		"three of a thousand":      {3, 1000, 0.95, 0.0006190999316495713, 0.008742023238478304},
		"an ordinary hour":         {300, 100_000, 0.95, 0.002670520215350194, 0.003358807177794285},
		"one of a million":         {1, 1_000_000, 0.95, 2.531780766379418e-8, 5.571630655172244e-6},
		"all but one of a million": {999_999, 1_000_000, 0.95, 0.9999944283693448, 0.9999999746821923},
		"4 % of a million":         {40_000, 1_000_000, 0.95, 0.03961675983615701, 0.04038590751903365},
		"half of a million":        {500_000, 1_000_000, 0.95, 0.4990195191953118, 0.5009804808046882},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			low, high := rules.ExactInterval(tt.failed, tt.attempts, tt.confidence)
			if math.Abs(float64(low)-tt.low) > 1e-9 || math.Abs(float64(high)-tt.high) > 1e-9 {
				t.Errorf("%d of %d: [%.15g, %.15g], want [%.15g, %.15g]", tt.failed, tt.attempts, float64(low), float64(high), tt.low, tt.high)
			}
		})
	}
}

func TestExactIntervalKnowsNothingOfWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failed, attempts int
		confidence       float64
	}{
		"no attempts":            {0, 0, 0.95},
		"negative attempts":      {0, -1, 0.95},
		"negative failures":      {-1, 10, 0.95},
		"more failures than all": {11, 10, 0.95},
		"certainty":              {1, 10, 1},
		"no confidence":          {1, 10, 0},
		"no number":              {1, 10, math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if low, high := rules.ExactInterval(tt.failed, tt.attempts, tt.confidence); low != 0 || high != 1 {
				t.Errorf("[%v, %v], want [0, 1]", float64(low), float64(high))
			}
		})
	}
}

func TestExactIntervalMovesAsItShould(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200_000).Draw(t, "attempts")
		k := rapid.IntRange(0, n).Draw(t, "failed")
		c := rapid.Float64Range(0.5, 0.999).Draw(t, "confidence")
		low, high := rules.ExactInterval(k, n, c)
		if ratio := rules.Ratio(float64(k) / float64(n)); low < 0 || low > ratio || high < ratio || high > 1 || low >= high {
			t.Fatalf("[%v, %v] around %v", float64(low), float64(high), float64(ratio))
		}
		if k < n {
			if l, h := rules.ExactInterval(k+1, n, c); l <= low || h <= high {
				t.Fatalf("one failure more: [%v, %v] after [%v, %v], want higher", float64(l), float64(h), float64(low), float64(high))
			}
		}
		if l, h := rules.ExactInterval(k, n+1, c); l > low || h >= high && k > 0 {
			t.Fatalf("one success more: [%v, %v] after [%v, %v], want lower", float64(l), float64(h), float64(low), float64(high))
		}
		if l, h := rules.ExactInterval(k, n, c+0.0005); l > low || h < high {
			t.Fatalf("more confidence: [%v, %v] in [%v, %v], want wider", float64(l), float64(h), float64(low), float64(high))
		}
		if l, h := rules.ExactInterval(n-k, n, c); math.Abs(float64(l+high-1)) > 1e-9 || math.Abs(float64(h+low-1)) > 1e-9 {
			t.Fatalf("mirrored: [%v, %v], want 1 less [%v, %v]", float64(l), float64(h), float64(low), float64(high))
		}
	})
}

// The bound is where the binomial tail, summed term by term, is half of what
// the confidence leaves.
func TestExactIntervalIsWhereTheTailSaysSo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 400).Draw(t, "attempts")
		k := rapid.IntRange(0, n).Draw(t, "failed")
		low, high := rules.ExactInterval(k, n, 0.95)
		if k > 0 {
			if got := tail(k, n, n, float64(low)); math.Abs(got-0.025) > 1e-9 {
				t.Fatalf("%d or more of %d at %v: %v, want 0.025", k, n, float64(low), got)
			}
		}
		if k < n {
			if got := tail(0, k, n, float64(high)); math.Abs(got-0.025) > 1e-9 {
				t.Fatalf("at most %d of %d at %v: %v, want 0.025", k, n, float64(high), got)
			}
		}
	})
}

// tail is the chance of from to to failures in n attempts at ratio p.
func tail(from, to, n int, p float64) float64 {
	sum := 0.0
	all, _ := math.Lgamma(float64(n) + 1)
	for x := from; x <= to; x++ {
		a, _ := math.Lgamma(float64(x) + 1)
		b, _ := math.Lgamma(float64(n-x) + 1)
		sum += math.Exp(all - a - b + float64(x)*math.Log(p) + float64(n-x)*math.Log1p(-p))
	}
	return sum
}
