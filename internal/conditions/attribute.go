package conditions

import (
	"iter"

	"github.com/hookvigil/hookvigil/rules"
)

// attribute adds to the evidence of the platform's condition where the failures
// of the last window come from, and how most of them failed. All series have
// stepped to the end of it.
func (r *ratios) attribute(s *series, ch *rules.Change) {
	e := s.family.detector.Lately(s.detector)
	total := rules.Part{N: e.Denominator, K: e.Numerator, Usual: e.Baseline}
	parts := r.parts(e.From.UnixNano(), e.To.UnixNano(), e.Baseline)
	a := rules.DefaultAttributor()
	where, named := a.Attribute(total, parts)
	how, _ := a.Faults(total, parts)
	ch.Evidence.Where, ch.Evidence.How = where, how
	if named {
		ch.Evidence.Text += "; " + where.String()
	}
	if how != where && how != (rules.Attribution{}) {
		ch.Evidence.Text += "; " + how.String()
	}
}

// parts tells what each value of each dimension got in a window.
func (r *ratios) parts(from, to int64, usual rules.Ratio) iter.Seq[rules.Part] {
	return func(yield func(rules.Part) bool) {
		for _, f := range r.families {
			if f.of == nil {
				continue // all of it
			}
			for id, s := range f.series {
				n, k, _, end, own := f.detector.Counts(&s.detector)
				if k == 0 || end.UnixNano() <= from {
					continue
				}
				if !yield(rules.Part{Dimension: rules.Dimension(f.kind), Value: id, N: n, K: k, Usual: own}) {
					return
				}
			}
		}
		for p := range r.census.parts(from, to, usual) {
			if !yield(p) {
				return
			}
		}
	}
}
