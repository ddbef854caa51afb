package daemon

import (
	"fmt"
	"sync"
	"time"
)

// lateShare counts first attempts of the last one to two minutes: those that
// were in time for their tick, and those that came too late for any rule.
type lateShare struct {
	mu sync.Mutex
	// guarded by mu
	minute       time.Time
	late, inTime [2]int // of the present and the last minute
}

// Bounds of when late attempts are a problem worth telling.
const (
	lateAtLeast = 20
	lateMost    = 0.5
)

func (l *lateShare) saw(late, inTime int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch since := now.Sub(l.minute); {
	case since >= 2*time.Minute:
		l.minute, l.late, l.inTime = now, [2]int{}, [2]int{}
	case since >= time.Minute:
		l.minute, l.late, l.inTime = now, [2]int{0, l.late[0]}, [2]int{0, l.inTime[0]}
	}
	l.late[0] += late
	l.inTime[0] += inTime
}

// problem says that most attempts come too late to raise an alarm; empty when
// they do not.
func (l *lateShare) problem() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	late, all := l.late[0]+l.late[1], l.late[0]+l.late[1]+l.inTime[0]+l.inTime[1]
	if late < lateAtLeast || float64(late) < lateMost*float64(all) {
		return ""
	}
	return fmt.Sprintf("attempts: %d of %d in the last two minutes came too late for the ratio rules: their sender delays them, or its clock is wrong; send them sooner, or raise rules.error_ratio.grace", late, all)
}
