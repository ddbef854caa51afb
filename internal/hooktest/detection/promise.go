package main

import (
	"fmt"
	"time"
)

// promise is a figure that has to hold.
type promise struct {
	what, wanted, measured string
	holds                  bool
}

// promises holds what was measured against what is wanted. A rate or ratio
// that was not measured has no promise.
func promises(d document) (all []promise) {
	for _, m := range d.rates {
		if m.rate == 1 {
			all = append(all, delayPromises(d.settings, m)...)
		}
	}
	for _, m := range d.rates {
		alarms := float64(m.quiet.ours) / float64(d.settings.months)
		all = append(all, promise{
			fmt.Sprintf("alarms in 30 rough days at %v/s", m.rate), "≤ 1", perMonth(alarms), alarms <= 1,
		})
	}
	for _, x := range d.bases {
		for i, rate := range d.settings.rates {
			if rate == 1 && !x.rough {
				all = append(all, promise{
					fmt.Sprintf("alarms in 30 days at 1/s, healthy ratio %s", percent(x.healthy)), "≤ 3", perMonth(x.alarms[i]), x.alarms[i] <= 3,
				})
			}
		}
	}
	for _, r := range d.replays {
		all = append(all, replayPromises(r)...)
	}
	return all
}

func delayPromises(s settings, m atRate) (all []promise) {
	for _, p := range []struct{ ratio, share, minutes float64 }{
		{0.04, 0.5, 8}, {0.04, 0.9, 35}, {0.1, 0.5, 3}, {0.5, 0.9, 2},
	} {
		for i, ratio := range s.ratios {
			if ratio != p.ratio {
				continue
			}
			got := quantile(m.delays[i][0], p.share)
			word := "median"
			if p.share > 0.5 {
				word = "p90"
			}
			all = append(all, promise{
				fmt.Sprintf("%s at 1/s, rough: %s", percent(ratio), word), fmt.Sprintf("≤ %vm", p.minutes), short(got), got.Minutes() <= p.minutes,
			})
		}
	}
	return all
}

// replayPromises: at 2 a second, where chance has more room, nine in ten have
// to be resolved in time.
func replayPromises(r replaysAt) []promise {
	name, found := fmt.Sprintf("seed 000 at %v/s: ", r.rate), r.found()
	before := r.count(func(x replay) bool { return x.before > 0 })
	mild := len(r.all) - r.count(func(x replay) bool { return x.critical })
	timely := r.count(func(x replay) bool { return x.cleared > 0 && x.cleared < 20*time.Minute })
	wanted := len(r.all)
	if r.rate < 20 {
		wanted = (9*len(r.all) + 9) / 10
	}
	all := []promise{
		{name + "alarmed before 21:48", "0", fmt.Sprint(before), before == 0},
		{name + "not critical", "0", fmt.Sprint(mild), mild == 0},
		{name + "resolved after 23:10 and before 23:30", fmt.Sprintf("%d of %d", wanted, len(r.all)), fmt.Sprint(timely), timely >= wanted},
	}
	if r.rate >= 20 {
		worst := found[len(found)-1]
		return append(all, promise{name + "all found, grace included", "≤ 5m", exact(worst), worst <= 5*time.Minute})
	}
	median, p90 := quantile(found, 0.5), quantile(found, 0.9)
	return append(all,
		promise{name + "found, grace included: median", "≤ 6m", exact(median), median <= 6*time.Minute},
		promise{name + "found, grace included: p90", "≤ 12m", exact(p90), p90 <= 12*time.Minute})
}
