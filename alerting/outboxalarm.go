package alerting

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Relays reports whether a lane to which the subject of n was told up to
// version known, -1 for not at all, must hear of n when n's own lane fails.
// What merely brings a thread up to date is not news in a lane that knows of
// the incident.
func Relays(n Notice, known int) bool {
	switch {
	case known < 0:
		return true
	case known >= n.Version:
		return false
	case n.Kind == KindRoot, n.Kind == KindUpdate, n.Kind == KindState:
		return !unpack(n).live()
	default:
		return true
	}
}

// live reports whether somebody still has to do something, as far as f knows.
func (f Facts) live() bool { return f.State == "" || f.State.Live() }

// Relay returns n as it is told in another lane because its own fails: under a
// key of its own that is the same each time, decided when n was. A thread's
// message becomes one that stands alone: it wakes somebody while the incident
// is live, and says that it is over when it is.
func Relay(n Notice, to Address, now time.Time) Notice {
	f := unpack(n)
	if n.Kind == KindRoot || n.Kind == KindUpdate || n.Kind == KindState || n.Kind == KindHook {
		n.Kind = KindPage
		if !f.live() {
			n.Kind = KindResolve
		}
	}
	f.Happened = join(fmt.Sprintf("told here because %q fails", ReceiverOf(n.Lane)), f.Happened)
	return Notice{
		ID:      n.ID + "-" + to.Lane, // keeps the order of the subject
		IdemKey: n.IdemKey + ":fallback:" + to.Lane, Subject: n.Subject, Lane: to.Lane, Recipient: to.Recipient,
		Kind: n.Kind, Flow: FlowEvent, Severity: n.Severity, Version: n.Version,
		Created: n.Created, Due: now, Facts: pack(f),
	}
}

// deadLetter returns the alarm that n will not arrive. hop counts the lanes
// that were asked to say so.
func deadLetter(n Notice, to Address, hop int, why string, now time.Time) Notice {
	f := unpack(n)
	f.Title = cmp.Or(f.Title, "A notice could not be delivered")
	f.Severity = loud(n)
	f.Happened = join(fmt.Sprintf("a notice (%s) through %q was not delivered: %s", n.Kind, ReceiverOf(n.Lane), why), f.Happened)
	f.At = now
	key := fmt.Sprintf("dead:%s:%d", n.IdemKey, n.Attempts)
	subject := key
	if _, stop := StoppedLane(n.Subject); stop {
		subject = n.Subject // it is over with what it tells of
	}
	return Notice{
		IdemKey: key, Subject: subject, Lane: to.Lane, Recipient: to.Recipient,
		Kind: KindDead, Flow: FlowEvent, Severity: loud(n), Version: hop,
		Created: now, Due: now, Facts: pack(f),
	}
}

// stopped begins the subject of all that tells of a lane that has stopped.
const stopped = "stopped:"

// StopSubjects returns the bounds between which the subjects of all alarms lie
// that a lane has stopped, in the order of bytes: from the first on, before the
// second. An empty lane stands for all of them. Those of a lane whose name goes
// on after a colon lie there as well: ask [StoppedLane].
func StopSubjects(lane string) (from, before string) {
	if lane == "" {
		return stopped, strings.TrimSuffix(stopped, ":") + ";" // what comes after a colon
	}
	return stopped + lane + ":", stopped + lane + ";"
}

// StoppedLane returns the lane of which an alarm with that subject tells that
// it has stopped, and false for any other subject.
func StoppedLane(subject string) (lane string, ok bool) {
	rest, ok := strings.CutPrefix(subject, stopped)
	at := strings.LastIndexByte(rest, ':')
	if !ok || at < 0 {
		return "", false
	}
	return rest[:at], true
}

// stopAlarm returns the alarm that the lane of n has stopped.
func stopAlarm(n Notice, to Address, hop int, why string, now time.Time) Notice {
	key := fmt.Sprintf("%s%s:%d", stopped, n.Lane, now.UnixMicro())
	return Notice{
		IdemKey: key, Subject: key, Lane: to.Lane, Recipient: to.Recipient,
		Kind: KindDead, Flow: FlowEvent, Severity: loud(n), Version: hop,
		Created: now, Due: now,
		Facts: pack(Facts{
			Title:    fmt.Sprintf("Receiver %q refuses our credentials", ReceiverOf(n.Lane)),
			Severity: loud(n),
			Happened: fmt.Sprintf("its lane has stopped: %s; notices are kept, and go after the credentials are mended and reloaded", why),
			At:       now,
		}),
	}
}

// AlarmOver returns what ends an alarm that a lane has stopped: it is told where
// the alarm was, under the alarm's key, so that a pager's alert ends too. gone:
// the lane's receiver is no longer configured; otherwise it works again. The
// same alarm gives the same key each time. What ends an alarm is not critical:
// it wakes nobody, and is not told anywhere else. It is pure.
func AlarmOver(alarm Notice, gone bool, now time.Time) Notice {
	f := unpack(alarm)
	lane, _ := StoppedLane(alarm.Subject)
	title, happened := "Receiver %q works again", "it takes our credentials again, and what was kept for it goes"
	if gone {
		title, happened = "Receiver %q is no longer configured", "nothing is sent through it any more"
	}
	return Notice{
		IdemKey: alarm.IdemKey + ":over", Subject: alarm.Subject, Lane: alarm.Lane, Recipient: alarm.Recipient,
		Kind: KindResolve, Flow: FlowEvent, Severity: rules.High, Version: alarm.Version + 1,
		Created: now, Due: now,
		Facts: pack(Facts{
			Key: alarm.IdemKey, Title: fmt.Sprintf(title, ReceiverOf(lane)), State: StateResolved, Severity: rules.High,
			StartedAt: f.At, ResolvedAt: now, Happened: happened, At: now,
		}),
	}
}

// loud is how loud an alarm about n is: at least high.
func loud(n Notice) rules.Severity {
	if n.critical() {
		return rules.Critical
	}
	return rules.High
}

func unpack(n Notice) Facts {
	var f Facts
	_ = json.Unmarshal(n.Facts, &f) // what is not Facts has nothing to tell here
	return f
}

func pack(f Facts) json.RawMessage {
	b, err := json.Marshal(f)
	if err != nil { // a ratio that is no number, a year beyond 9999: tell what can be told
		b, _ = json.Marshal(Facts{Title: f.Title, Happened: f.Happened, Severity: f.Severity})
	}
	return b
}

func join(why, happened string) string {
	if happened == "" {
		return why
	}
	return why + "; " + happened
}
