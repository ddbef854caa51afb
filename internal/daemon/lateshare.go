package daemon

import (
	"fmt"
	"sync"
	"time"
)

// lateShare counts first attempts by the minute: those that were in time for
// their tick, and those that came too late for any rule.
type lateShare struct {
	mu sync.Mutex
	// guarded by mu
	begun   time.Time // of the present minute
	minutes [1 + lateFor]lateMinute
}

// lateMinute is what a minute counted.
type lateMinute struct{ late, inTime int }

// Bounds of when late attempts are a problem worth telling.
const (
	lateAtLeast = 20
	lateMost    = 0.5
	// Whole minutes running in which most must have come too late: a sender that
	// catches up with what it held back is late once, and nobody can mend that.
	lateFor = 2
)

func (l *lateShare) saw(late, inTime int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.begun) > (1+lateFor)*time.Minute {
		l.begun, l.minutes = now, [1 + lateFor]lateMinute{}
	}
	for now.Sub(l.begun) >= time.Minute {
		l.begun = l.begun.Add(time.Minute)
		copy(l.minutes[1:], l.minutes[:])
		l.minutes[0] = lateMinute{}
	}
	l.minutes[0].late += late
	l.minutes[0].inTime += inTime
}

// problem says that most attempts come too late to raise an alarm; empty when
// they do not.
func (l *lateShare) problem() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	late, all := 0, 0
	for _, m := range l.minutes[1:] {
		if !m.mostlyLate() {
			return ""
		}
		late, all = late+m.late, all+m.late+m.inTime
	}
	return fmt.Sprintf("attempts: %d of %d in %d minutes came too late for the ratio rules: their sender delays them, or its clock is wrong; send them sooner, or raise rules.error_ratio.grace", late, all, lateFor)
}

func (m lateMinute) mostlyLate() bool {
	return m.late >= lateAtLeast && float64(m.late) >= lateMost*float64(m.late+m.inTime)
}
