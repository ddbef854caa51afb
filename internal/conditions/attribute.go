package conditions

import (
	"iter"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// attribute adds to the evidence of a ratio where the failures of the platform
// come from since the change, and how most of them failed. All series have
// stepped to the end of the tick. A channel, a product or a type is where they
// come from itself: it says so of a merchant or an endpoint alone.
func (r *ratios) attribute(s *series, ch *rules.Change) {
	platform := r.families[0].series[""]
	if platform == nil {
		return
	}
	from := ch.Evidence.From
	if earliest := ch.Evidence.To.Add(-s.family.detector.Window); from.Before(earliest) {
		from = earliest
	}
	n, k, own := r.families[0].detector.CountsSince(&platform.detector, from)
	total, parts := rules.Part{N: n, K: k, Usual: own}, r.parts(from, ch.Evidence.To, own)
	a := rules.DefaultAttributor()
	where, named := a.Attribute(total, parts)
	how, _ := a.Faults(total, parts)
	whole := s.family.of == nil
	if !whole {
		named = named && (where.Dimension == rules.DimensionEndpoint || where.Dimension == rules.DimensionMerchant)
		how = rules.Attribution{} // of all traffic
	}
	if named {
		ch.Evidence.Where = where
		ch.Evidence.Text += "; " + where.String()
	}
	if ch.Evidence.How = how; how != where && how != (rules.Attribution{}) {
		ch.Evidence.Text += "; " + how.String()
	}
}

// parts tells what each value of each dimension got from one moment to another.
func (r *ratios) parts(from, to time.Time, usual rules.Ratio) iter.Seq[rules.Part] {
	return func(yield func(rules.Part) bool) {
		for _, f := range r.families {
			if f.of == nil {
				continue // all of it
			}
			for id, s := range f.series {
				n, k, own := f.detector.CountsSince(&s.detector, from)
				if k > 0 && !yield(rules.Part{Dimension: rules.Dimension(f.kind), Value: id, N: n, K: k, Usual: own}) {
					return
				}
			}
		}
		for p := range r.census.parts(from.UnixNano(), to.UnixNano(), usual) {
			if !yield(p) {
				return
			}
		}
	}
}
