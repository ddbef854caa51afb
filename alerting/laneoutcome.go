package alerting

import "time"

// longestText bounds what is kept of a failure, in characters.
const longestText = 1000

// held returns the outcome of a notice that the storm cap holds back.
func held(limit StormCap, c Claimed, kind string, now time.Time) Outcome {
	w := c.Storm
	w.Held++
	extra := limit.summary(c, w)
	return Outcome{
		ID: c.ID, Fence: c.Fence, Lane: c.Lane, Kind: kind, Began: now, Ended: now,
		Result: ResultHeld, Storm: w, Reduced: c.Reduced, Extra: &extra,
	}
}

// sent returns o after the receiver has taken c.
func (o Outcome) sent(c Claimed, ref Ref) Outcome {
	o.Result, o.Ref = ResultSent, ref
	if c.counts() {
		o.Storm.Sent++
	}
	return o
}

// failed returns o after e: what becomes of n, and of its lane. It is pure.
func (o Outcome) failed(port Port, n Notice, e *SendError) Outcome {
	if e.Class == ClassWithheld {
		o.Result, o.Text = ResultHushed, bounded(e)
		return o
	}
	o.Class, o.Text = e.Class, bounded(e)
	o.Failing = e.Class != ClassMessage && e.Class != ClassDestination // one address, or one form, says nothing about the next
	o.Stop = e.Class == ClassAuth
	due, again := port.Pace.NextTry(n, e, o.Ended)
	switch {
	case again:
		o.Result, o.Due = ResultWaiting, due
		o.Reduced = o.Reduced || e.Class == ClassMessage
	case n.Kind == KindTest:
		o.Result = ResultDropped // whoever asked for it reads why: nobody has missed anything
	case n.Kind == KindPulse && isGone(port):
		o.Result = ResultDropped // nobody needs to know whether it works
	default:
		o.Result = ResultDead
	}
	if e.Class == ClassLimited && e.RetryAfter > 0 {
		o.PauseUntil = o.Ended.Add(asked(n, e))
	}
	o.Extra = alarm(port, n, o)
	return o
}

// alarm returns what is told through another receiver about a notice that is
// dead or a lane that has stopped; nil when there is nothing to tell, or
// nobody left to tell it.
func alarm(port Port, n Notice, o Outcome) *Notice {
	if n.Kind == KindTest || !o.Stop && o.Result != ResultDead {
		return nil
	}
	hop := 0
	if n.Kind == KindDead {
		hop = n.Version
	}
	to, next, ok := port.elsewhere(n.Lane, hop)
	if !ok {
		return nil
	}
	var extra Notice
	if o.Stop {
		extra = stopAlarm(n, to, next, o.Text, o.Ended)
	} else {
		extra = deadLetter(n, to, next, o.Text, o.Ended)
	}
	return &extra
}

// bounded returns e as one line of at most longestText characters.
func bounded(e *SendError) string {
	if e.Err == nil {
		return "no reason given"
	}
	return Line(e.Err.Error(), longestText)
}
