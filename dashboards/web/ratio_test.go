package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/rules"
)

func TestDeliveriesStrip(t *testing.T) {
	t.Parallel()
	many := []web.Ratio{}
	for i := range 30 {
		many = append(many, web.Ratio{Scope: rules.ScopeOf(rules.ScopeChannel, fmt.Sprintf("c%02d", i)), First: 10, Window: time.Hour})
	}
	bca := rules.ScopeOf(rules.ScopeChannel, "ID_BCA")
	for name, tt := range map[string]struct {
		ratios []web.Ratio
		want   []string
		never  []string
	}{
		"no ratio":                            {nil, nil, []string{"first attempts that failed"}},
		"no data is not 0 %":                  {[]web.Ratio{{Scope: rules.ScopePlatform, Window: time.Hour}}, nil, []string{"first attempts that failed", ">0%<"}},
		"all delivered is 0 %":                {[]web.Ratio{{Scope: rules.ScopePlatform, First: 7, Window: time.Hour}}, []string{"<bdi>platform</bdi> <strong>0%</strong>", "0 of 7 in 1h"}, []string{"condition open"}},
		"one of very many is not 0 %":         {[]web.Ratio{{Scope: bca, First: 100_000, Failed: 1, Window: 5 * time.Minute}}, []string{"channel ID_BCA", "<strong>0.001%</strong>", "1 of 100,000 in 5m"}, []string{">0%<"}},
		"an open condition has a shape":       {[]web.Ratio{{Scope: bca, First: 100, Failed: 9, Window: time.Minute, Open: true}}, []string{`<li class="failing"><svg`, "condition open"}, nil},
		"more failed than there were":         {[]web.Ratio{{Scope: bca, First: 2, Failed: 3, Window: time.Minute}}, []string{"<strong>100%</strong>"}, nil},
		"a number that is none":               {[]web.Ratio{{Scope: bca, First: -2, Failed: -3}, {Scope: "x:y", First: 1, Failed: -1}}, []string{"<bdi>x y</bdi> <strong>0%</strong>"}, []string{"ID_BCA"}},
		"more than the overview has room for": {many, []string{"channel c00<", "channel c19<"}, []string{"channel c20<"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := source{ratios: tt.ratios}
			page := get(t, src, "/").Body.String()
			for _, want := range tt.want {
				if !strings.Contains(page, want) {
					t.Errorf("no %q", want)
				}
			}
			for _, bad := range tt.never {
				if strings.Contains(page, bad) {
					t.Errorf("says %q", bad)
				}
			}
		})
	}
}
