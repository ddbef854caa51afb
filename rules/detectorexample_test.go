package rules_test

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func ExampleDetector_Step() {
	d := rules.DefaultDetector()
	var state rules.DetectorState
	at := rules.TickOf(time.Date(2023, 11, 11, 14, 48, 3, 0, time.UTC), d.Tick)
	for range 20 { // 10 first attempts a second, 6 % of them fail
		var alarm *rules.Alarm
		state, alarm = d.Step(state, rules.Tick{At: at, N: 100, K: 6})
		if alarm != nil {
			fmt.Println(alarm.Kind, alarm.Severity, alarm.At.Format(time.TimeOnly))
			fmt.Println(alarm.Evidence.Text)
			fmt.Println("clears by", alarm.Evidence.Clears)
		}
		at = at.Add(d.Tick)
	}
	// Output:
	// opened critical 14:49:40
	// 60 of 1,000 first attempts failed (6%) since 2023-11-11 14:48:00 UTC, 4.6% to 7.7% with 95% confidence; 60 of 1,000 in the last 5m; ordinarily 0.3%
	// clears by a 5m ratio below 1% for 10m, or 10 delivered in a row when fewer come in 5m
}
