package conditions_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// traffic plays a steady flow over 55 merchants, one of them large, each with
// two endpoints, over two products and two types; of those that bad says all fail.
func traffic(c *conditions.Conditions, p *tape, from time.Time, long time.Duration, bad func(merchant, endpoint string, i int) bool) time.Time {
	end := from.Add(long)
	i := 0
	for at := from; at.Before(end); at = at.Add(250 * time.Millisecond) {
		i++
		shop := i % 61
		if shop >= 55 {
			shop = 3 // the large one
		}
		merchant := fmt.Sprint("shop-", shop)
		endpoint := fmt.Sprint(merchant, "-", i/61%2)
		e := p.add(fmt.Sprint("ch-", i%3), at, at, bad != nil && bad(merchant, endpoint, i))
		e.Attempt.Merchant, e.Attempt.Endpoint = merchant, endpoint
		e.Attempt.Product, e.Attempt.Type = fmt.Sprint("product-", i/3%2), fmt.Sprint("type-", i/6%2)
		if len(p.entries) >= 400 {
			p.play(c)
		}
	}
	p.play(c)
	c.Idle(context.Background(), end.Add(2*time.Minute))
	return end
}

func opened(c *conditions.Conditions) map[string]rules.Standing {
	all := map[string]rules.Standing{}
	for _, s := range c.Standing() {
		all[string(s.Rule)+" "+string(s.Scope)] = s
	}
	return all
}

func owner(endpoint string) (merchant, host string) {
	return endpoint[:strings.LastIndex(endpoint, "-")], endpoint + ".example"
}

// One dead endpoint is found at the endpoint and at its merchant, and neither is
// told to anybody unless the merchant is named; then it pages.
func TestADeadEndpointIsForPagesAndDigests(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		paging []string
		want   rules.Severity
	}{
		"a merchant like any other": {nil, rules.Low},
		"one that is named":         {[]string{"shop-7"}, rules.Critical},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, p := conditions.New(conditions.Config{Paging: tt.paging, Owner: owner}, newMemory(), quiet()), &tape{}
			begin := traffic(c, p, day, 3*time.Hour, nil)
			if open := opened(c); len(open) != 0 {
				t.Fatalf("in good health stands %v", open)
			}
			end := traffic(c, p, begin.Add(3*time.Minute), 40*time.Minute, func(_, endpoint string, _ int) bool { return endpoint == "shop-7-1" })
			open := opened(c)
			ep, merchant := open["endpoint_failing endpoint:shop-7-1"], open["merchant_error_ratio merchant:shop-7"]
			if ep.Episode.Worst != rules.Low || ep.Merchant != "shop-7" || ep.Host != "shop-7-1.example" {
				t.Errorf("endpoint: %+v", ep)
			}
			if merchant.Episode.Worst != tt.want || merchant.Merchant != "shop-7" {
				t.Errorf("merchant: %+v, want %s", merchant, tt.want)
			}
			if _, other := open["endpoint_failing endpoint:shop-7-0"]; other || len(open) > 3 {
				t.Errorf("stands %v", open)
			}
			traffic(c, p, end.Add(3*time.Minute), 40*time.Minute, nil)
			if open := opened(c); len(open) != 0 {
				t.Errorf("in good health again stands %v", open)
			}
		})
	}
}

// An endpoint that is found down raises its ratio, once, and it clears with the
// ratio.
func TestTheProbeAgreesWithARatio(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c, p := conditions.New(conditions.Config{Owner: owner}, store, quiet()), &tape{}
	begin := traffic(c, p, day, time.Hour, nil)
	end := traffic(c, p, begin.Add(3*time.Minute), 40*time.Minute, func(_, endpoint string, _ int) bool { return endpoint == "shop-7-1" })
	var memory probes.Memory
	probe := func(v probes.Verdict, at time.Time) {
		r := probes.Result{At: at, Level: probes.LevelReach, Verdict: v}
		if v == probes.Down {
			r.Fault = probes.FaultHTTP5xx
		}
		memory, _ = memory.Step(r, probes.DefaultPolicy())
		c.Probed(rules.DownFact{
			Endpoint: "shop-7-1", Merchant: "shop-7", Host: "shop-7-1.example", Memory: memory, Policy: probes.DefaultPolicy(),
		}, at)
	}
	standing := func() rules.Standing { return opened(c)["endpoint_failing endpoint:shop-7-1"] }
	probe(probes.Healthy, end)
	probe(probes.Down, end.Add(time.Minute))
	if s := standing(); s.Episode.Worst != rules.Low {
		t.Fatalf("after one probe that failed %+v, want low", s)
	}
	for i := range 6 {
		probe(probes.Down, end.Add(time.Duration(i+2)*time.Minute))
	}
	s := standing()
	if s.Episode.Worst != rules.High || s.Episode.Changes != 2 || !strings.Contains(s.Evidence.Text, "first attempts failed") ||
		!strings.Contains(s.Evidence.Text, "it is down too: http_5xx") {
		t.Fatalf("once it is down %+v, want high, once", s)
	}
	for i := range 2 {
		probe(probes.Healthy, end.Add(time.Duration(i+9)*time.Minute))
	}
	traffic(c, p, end.Add(12*time.Minute), 40*time.Minute, nil)
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, ch := range store.told() {
		if ch.Key.Rule == rules.RuleEndpointFailing {
			numbers = append(numbers, ch.Number)
		}
	}
	if fmt.Sprint(numbers) != "[1 2 3]" || len(opened(c)) != 0 {
		t.Errorf("changes %v, stands %v; want opened, raised, cleared", numbers, opened(c))
	}
}

// The platform's alarm says where failures come from, and how most failed.
func TestThePlatformsAlarmNamesItsCause(t *testing.T) {
	t.Parallel()
	place := func(endpoint string) (issuer, network string) {
		if strings.HasSuffix(endpoint, "-1") {
			return "Old CA", "203.0.113.0/24"
		}
		return "New CA", "198.51.100.0/24"
	}
	for want, bad := range map[string]func(merchant, endpoint string, i int) bool{
		"channel ch-2":         func(_, _ string, i int) bool { return i%3 == 2 && i%2 == 0 },
		"product product-1":    func(_, _ string, i int) bool { return i/3%2 == 1 && i%5 == 0 },
		"type type-0":          func(_, _ string, i int) bool { return i/6%2 == 0 && i%5 == 0 },
		"merchant shop-3":      func(merchant, _ string, _ int) bool { return merchant == "shop-3" },
		"endpoint shop-3-0":    func(_, endpoint string, _ int) bool { return endpoint == "shop-3-0" },
		"issuer Old CA":        func(_, endpoint string, i int) bool { return strings.HasSuffix(endpoint, "-1") && i%7 == 0 },
		"fault http_5xx: 100%": func(_, _ string, i int) bool { return i%7 == 0 },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c, p := conditions.New(conditions.Config{Place: place}, newMemory(), quiet()), &tape{}
			begin := traffic(c, p, day, time.Hour, nil)
			traffic(c, p, begin.Add(3*time.Minute), 30*time.Minute, bad)
			s := opened(c)["platform_error_ratio platform"]
			if !strings.Contains(s.Evidence.Text, want) || !strings.HasPrefix(s.Evidence.Where.String(), want) || s.Evidence.How.Value != "http_5xx" {
				t.Errorf("evidence %q", s.Evidence.Text)
			}
		})
	}
}

// What never fails has no series, and costs nothing; what failed goes a day
// later, with its row.
func TestSeriesOfEndpointsAreSparse(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c, p := conditions.New(conditions.Config{}, store, quiet()), &tape{}
	begin := traffic(c, p, day, time.Hour, nil)
	stored := func() (n int) {
		t.Helper()
		if err := running(t, c)(); err != nil {
			t.Fatal(err)
		}
		for name := range store.series {
			if strings.HasPrefix(name, "endpoint_failing/") || strings.HasPrefix(name, "merchant_error_ratio/") {
				n++
			}
		}
		return n
	}
	if n := stored(); n != 0 {
		t.Errorf("%d series of what never failed, want none", n)
	}
	end := traffic(c, p, begin.Add(3*time.Minute), time.Minute, func(merchant, _ string, _ int) bool { return merchant == "shop-5" })
	if n := stored(); n != 3 {
		t.Errorf("%d series, want those of a merchant and its two endpoints", n)
	}
	traffic(c, p, end.Add(3*time.Minute), 27*time.Hour, nil)
	if n := stored(); n != 0 {
		t.Errorf("%d series a day after the last failure, want none", n)
	}
}

// More series than are saved at once are saved in turn, and none twice.
func TestSparseSeriesAreSavedInTurn(t *testing.T) {
	t.Parallel()
	const endpoints = 1200
	store := newMemory()
	c, p := conditions.New(conditions.Config{}, store, quiet()), &tape{}
	for i := range endpoints {
		e := p.add("", day, day, true)
		e.Attempt.Endpoint = fmt.Sprint("ep-", i)
	}
	p.play(c)
	for turn, want := range []int{500, 1000, endpoints, endpoints} {
		if err := running(t, c)(); err != nil {
			t.Fatal(err)
		}
		n := 0
		for name := range store.series {
			if strings.HasPrefix(name, "endpoint_failing/") {
				n++
			}
		}
		if n != want {
			t.Errorf("after turn %d %d are saved, want %d", turn+1, n, want)
		}
	}
}
