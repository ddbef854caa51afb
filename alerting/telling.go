package alerting

import (
	"encoding/json"
	"fmt"
	"time"
)

// telling says who hears of something that happened.
type telling int

const (
	tellRoot   telling = iota // the root message is brought up to date
	tellThread                // and a reply says it
	tellAll                   // and everybody who was told of the incident by mail hears it
)

// happened writes a line into the timeline, and the notices that follow from
// it: recorded together, so that nothing is told that was not recorded.
func (t *turn) happened(in *Incident, kind EntryKind, text string, to telling) {
	in.Version++
	in.Entries++
	t.touched[in.ID] = true
	t.entries = append(t.entries, Entry{Incident: in.ID, Seq: in.Entries, At: t.now, Kind: kind, Text: text})
	t.notices = append(t.notices, t.desk.notices(*in, kind, text, to, t.now)...)
}

// notices words nothing: it says which message goes to which lane.
func (d Desk) notices(in Incident, kind EntryKind, text string, to telling, now time.Time) []Notice {
	if d.Routes == nil {
		return nil
	}
	facts, err := json.Marshal(in.Facts(text, now, d.BaseURL))
	if err != nil {
		panic(err) // plain data: a bug in this program
	}
	var list []Notice
	add := func(dest Destination, k Kind, f Flow) {
		n := Notice{
			Lane: dest.Lane, Recipient: dest.Recipient, Subject: in.ID, Version: in.Version, Kind: k, Flow: f,
			Severity: in.Severity, Facts: facts, Created: now, Due: now,
		}
		// Rises within lane and subject; the root comes before what hangs on it.
		n.ID = fmt.Sprintf("%s-%06d-%d-%s", in.ID, in.Version, len(list), dest.Lane)
		n.IdemKey = fmt.Sprintf("%s:%d:%s:%d:%s", in.GroupKey, in.Generation, k, in.Version, dest.Lane)
		list = append(list, n)
	}
	for _, dest := range d.Routes(in.Severity) {
		switch {
		case dest.Threads:
			add(dest, KindRoot, FlowState)
			if to >= tellThread && kind != EntryOpened {
				add(dest, threadKind(kind), FlowEvent)
			}
		case to == tellAll:
			add(dest, mailKind(kind), FlowEvent)
		}
	}
	return list
}

func threadKind(kind EntryKind) Kind {
	if kind == EntryResolved {
		return KindResolve
	}
	return KindUpdate
}

func mailKind(kind EntryKind) Kind {
	if kind == EntryResolved {
		return KindResolve
	}
	return KindMail
}
