package certificate

import (
	"fmt"
	"slices"
)

// finding is one word with its sentence.
type finding struct {
	fault  Fault
	detail string
}

// findings collects what is wrong; of a word said twice the first stays.
type findings struct {
	list []finding
	page bool // something has less left than page_below
}

func (f *findings) add(fault Fault, format string, args ...any) {
	if f.has(fault) {
		return
	}
	f.list = append(f.list, finding{fault, clean(fmt.Sprintf(format, args...), maxDetail)})
}

func (f *findings) join(o findings) {
	for _, x := range o.list {
		if !f.has(x.fault) {
			f.list = append(f.list, x)
		}
	}
	f.page = f.page || o.page
}

func (f *findings) has(fault Fault) bool {
	return slices.ContainsFunc(f.list, func(x finding) bool { return x.fault == fault })
}

// failed reports whether a strict client would refuse.
func (f *findings) failed() bool {
	return slices.ContainsFunc(f.list, func(x finding) bool { return x.fault.Usual() == Fail })
}

// split gives faults and notes apart, worst first, and the sentence of the
// worst.
func (f *findings) split() (faults, notes []Fault, detail string) {
	list := slices.Clone(f.list)
	slices.SortStableFunc(list, func(a, b finding) int { return a.fault.rank() - b.fault.rank() })
	faults, notes = []Fault{}, []Fault{}
	for _, x := range list {
		if x.fault.Usual() == OK {
			notes = append(notes, x.fault)
		} else {
			faults = append(faults, x.fault)
		}
	}
	if len(list) > 0 {
		detail = list[0].detail
	}
	return faults, notes, detail
}

// worst returns what a set of findings says together. What is known of a
// certificate wins over not having been able to look.
func worst(faults []Fault) Verdict {
	verdicts := make([]Verdict, 0, len(faults))
	for _, f := range faults {
		verdicts = append(verdicts, f.Usual())
	}
	for _, v := range []Verdict{Fail, Warn, Unknown} {
		if slices.Contains(verdicts, v) {
			return v
		}
	}
	return OK
}
