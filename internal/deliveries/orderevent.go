package deliveries

import "github.com/hookvigil/hookvigil/probes"

// What is remembered of an event: when it was first delivered (the end of the
// attempt, in a), when the newest automatic attempt started (b), and the
// newest manual one (c); all in ms since 1970, valid when their flag is set.
const (
	eventDelivered uint32 = 1 << iota
	eventAutomatic
	eventManual
	eventSuspect // the newest automatic attempt may have arrived unacknowledged
)

// tookEvent notes an attempt of an event and returns what it brings to light.
func tookEvent(s *keySlot, a Attempt, fault probes.Fault) []DuplicateClass {
	start := a.StartedAt.UnixMilli()
	after := s.flags&eventDelivered != 0 && start >= s.a
	var classes []DuplicateClass
	if a.Trigger == Manual {
		if after {
			classes = append(classes, DuplicateManual)
		}
	} else {
		classes = tookAutomatic(s, a, fault, after)
	}
	if fault == probes.FaultNone {
		classes = append(classes, tookDelivery(s, a.Completed().UnixMilli())...)
	}
	switch {
	case a.Trigger == Manual && (s.flags&eventManual == 0 || start > s.c):
		s.c, s.flags = start, s.flags|eventManual
	case a.Trigger != Manual && (s.flags&eventAutomatic == 0 || start >= s.b):
		s.b, s.flags = start, s.flags&^eventSuspect|eventAutomatic
		if mayHaveArrived(fault) {
			s.flags |= eventSuspect
		}
	}
	return classes
}

// tookAutomatic: an attempt that may have arrived is a suspect once a later
// automatic one is known, whichever of the two comes first.
func tookAutomatic(s *keySlot, a Attempt, fault probes.Fault, after bool) []DuplicateClass {
	if after {
		return []DuplicateClass{DuplicateSuccess}
	}
	known := s.flags&eventAutomatic != 0
	var classes []DuplicateClass
	if a.Number > 1 || a.Number == 0 && known {
		classes = append(classes, DuplicateRetry)
	}
	newest := !known || a.StartedAt.UnixMilli() >= s.b
	if newest && s.flags&eventSuspect != 0 || !newest && mayHaveArrived(fault) {
		classes = append(classes, DuplicateAckLost)
	}
	return classes
}

// tookDelivery notes that the event was delivered at end. When that is news,
// attempts that are known already may turn out to be duplicates.
func tookDelivery(s *keySlot, end int64) []DuplicateClass {
	was := s.flags&eventDelivered != 0
	if was && end >= s.a {
		return nil
	}
	late := func(flag uint32, newest int64) bool {
		return s.flags&flag != 0 && newest >= end && (!was || newest < s.a)
	}
	var classes []DuplicateClass
	if late(eventAutomatic, s.b) {
		classes = append(classes, DuplicateSuccess)
	}
	if late(eventManual, s.c) {
		classes = append(classes, DuplicateManual)
	}
	s.a, s.flags = end, s.flags|eventDelivered
	return classes
}

// mayHaveArrived: the request was sent, the answer is missing.
func mayHaveArrived(fault probes.Fault) bool {
	return fault == probes.FaultTimeoutResponse || fault == probes.FaultReset || fault == probes.FaultClosed
}
