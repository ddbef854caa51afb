package rules

import "strings"

// ErrorRatio opens when the failure ratio of first attempts in one scope has
// risen, as its [Detector] finds: one rule for the platform, for each product,
// channel, type of event, merchant and endpoint. It opens critical or high, gets worse at most once, and clears; the
// numbers are the detector's. It is a value and safe for concurrent use; the
// zero value has a Detector that takes no tick.
type ErrorRatio struct {
	Rule     Rule // RulePlatformErrorRatio, RuleChannelErrorRatio and so on
	Scope    Scope
	Detector Detector
	Loudest  Severity // how loud it may be; empty: as loud as the detector finds
}

// Series is what an [ErrorRatio] remembers. It is a comparable value; the zero
// value has seen nothing, and its JSON gives the same one back.
type Series struct {
	Detector DetectorState `json:"detector"`
	Episode  Episode       `json:"episode"`
}

// Step returns the series after a tick, and the change when there is one. It
// is pure: the same ticks give the same changes, with the same keys, so that a
// restart or a replay decides alike. What opens anew within the detector's
// Reopen is a further episode too: that it is the same incident is the desk's
// to say.
func (r ErrorRatio) Step(s Series, t Tick) (Series, *Change) {
	before := s.Detector
	state, a := r.Detector.Step(before, t)
	s.Detector = state
	if a == nil {
		return r.orphaned(s, t, before)
	}
	told := false
	if a.Kind == AlarmCleared {
		s.Episode, told = s.Episode.good(1)
	} else {
		s.Episode = s.Episode.pend(a.Evidence.From, "")
		s.Episode, told = s.Episode.open(a.At, r.capped(a.Severity))
	}
	if !told {
		return s, nil
	}
	c := s.Episode.change(r.Rule, r.Scope, a.At)
	c.Evidence = a.Evidence
	c.Evidence.Text = r.said(a.Kind, a.Evidence.Text)
	return s, &c
}

func (r ErrorRatio) capped(s Severity) Severity {
	if r.Loudest != "" && s.Worse(r.Loudest) {
		return r.Loudest
	}
	return s
}

// orphaned clears an episode that is open while the detector, whose state was
// lost, began anew: after as many quiet ticks with attempts as ClearFor has.
func (r ErrorRatio) orphaned(s Series, t Tick, before DetectorState) (Series, *Change) {
	if s.Episode.Phase != PhaseOpen || s.Detector.Open() || s.Detector == before {
		return s, nil
	}
	cleared := false
	s.Episode, cleared = s.Episode.good(max(1, int(r.Detector.ClearFor/r.Detector.Tick)))
	if !cleared {
		return s, nil
	}
	c := s.Episode.change(r.Rule, r.Scope, t.At.UTC().Add(r.Detector.Tick))
	c.Evidence = r.Detector.Lately(s.Detector)
	c.Evidence.Text = r.said(AlarmCleared, "quiet for "+short(r.Detector.ClearFor)+" since its counts began anew")
	return s, &c
}

// said begins the sentence with the scope: "channel ID_BCA: ...".
func (r ErrorRatio) said(kind AlarmKind, text string) string {
	where := strings.Replace(string(r.Scope), ":", " ", 1)
	if kind == AlarmCleared {
		return where + ": recovered; " + text
	}
	return where + ": " + text
}
