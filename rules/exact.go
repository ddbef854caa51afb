package rules

import "math"

// exactSteps bounds the continued fraction. It needs about the square root of
// the greater argument, so this serves 10^12 attempts.
const exactSteps = 1_000_000

// ExactInterval gives the exact (Clopper-Pearson) interval of a ratio of which
// failed in attempts were seen, at a confidence such as 0.95: half of what is
// left lies on either side. Unlike Wilson's it stays honest for tiny counts
// (one failure in one attempt is 2.5 % to 100 %). The error is below 1e-9.
// Without attempts, and for counts or a confidence that cannot be, it knows
// nothing: 0 to 1.
func ExactInterval(failed, attempts int, confidence float64) (low, high Ratio) {
	if !countable(failed, attempts, confidence) {
		return 0, 1
	}
	k, n, rest := float64(failed), float64(attempts), (1-confidence)/2
	low, high = 0, 1
	if failed > 0 {
		low = Ratio(crossing(0, k/n, func(p float64) bool { return betaShare(p, 1-p, k, n-k+1) >= rest }))
	}
	if failed < attempts {
		high = Ratio(crossing(k/n, 1, func(p float64) bool { return betaShare(1-p, p, n-k, k+1) <= rest }))
	}
	return low, high
}

// exactReaches reports whether the upper end of [ExactInterval] is at or over
// limit, without looking for that end: it is, exactly when so few failures
// are no surprise at that ratio.
func exactReaches(failed, attempts int, confidence float64, limit Ratio) bool {
	if !countable(failed, attempts, confidence) || failed == attempts || limit <= 0 {
		return true
	}
	if limit >= 1 {
		return false
	}
	k, n, p := float64(failed), float64(attempts), float64(limit)
	return betaShare(1-p, p, n-k, k+1) >= (1-confidence)/2
}

func countable(failed, attempts int, confidence float64) bool {
	return attempts > 0 && failed >= 0 && failed <= attempts && confidence > 0 && confidence < 1
}

// crossing returns where met, false at from and true at to, turns true: to
// the last bit, by halving.
func crossing(from, to float64, met func(float64) bool) float64 {
	for {
		mid := from + (to-from)/2
		if mid <= from || mid >= to {
			return mid
		}
		if met(mid) {
			to = mid
		} else {
			from = mid
		}
	}
}

// betaShare is the regularised incomplete beta function I_x(a, b), with y the
// complement 1-x. For whole numbers it is a binomial tail: I_p(k, n-k+1) is
// the chance of k or more failures in n attempts at ratio p
// (NIST DLMF 8.17.5).
func betaShare(x, y, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case y <= 0:
		return 1
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*logOf(x, y) + b*logOf(y, x))
	if x < (a+1)/(a+b+2) { // where the fraction converges fast
		return front / a * betaFraction(x, a, b)
	}
	return 1 - front/b*betaFraction(y, b, a)
}

// logOf is log(x), from the complement when x is near 1.
func logOf(x, complement float64) float64 {
	if x > 0.5 {
		return math.Log1p(-complement)
	}
	return math.Log(x)
}

// betaFraction is the continued fraction of the incomplete beta function
// (NIST DLMF 8.17.22), evaluated from the front by Lentz's method.
func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300 // instead of a zero divisor
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	sum := d
	for i := 1.0; i <= exactSteps; i++ {
		even := i * (b - i) * x / ((a + 2*i - 1) * (a + 2*i))
		d, c = 1/away(1+even*d), away(1+even/c)
		sum *= c * d
		odd := -(a + i) * (a + b + i) * x / ((a + 2*i) * (a + 2*i + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		sum *= c * d
		if math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return sum
}
