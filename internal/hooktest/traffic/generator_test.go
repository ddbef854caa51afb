package traffic_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

// made gives all attempts of a configuration.
func made(t *testing.T, c traffic.Config) []deliveries.Attempt {
	t.Helper()
	g := traffic.New(c)
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(g.Attempts())
}

// small is forty minutes at 20 a second on a platform of 200 endpoints.
func small(seed uint64) traffic.Config {
	c := traffic.DefaultConfig(seed)
	c.Length, c.Rate = 40*time.Minute, 20
	c.Platform.Merchants, c.Platform.Endpoints = 100, 200
	return c
}

func failed(a deliveries.Attempt) bool { return a.Outcome(0) != "none" }

// tally counts attempts that a condition picks, and their failures.
func tally(all []deliveries.Attempt, pick func(deliveries.Attempt) bool) (n, k int) {
	for _, a := range all {
		if pick(a) {
			n++
			if failed(a) {
				k++
			}
		}
	}
	return n, k
}

// wantShare fails when k of n is no likely draw of a ratio: five sigmas of the
// binomial, once in 1.7 million.
func wantShare(t *testing.T, what string, k, n int, ratio float64) {
	t.Helper()
	mean, sigma := ratio*float64(n), math.Sqrt(float64(n)*ratio*(1-ratio))
	if n == 0 || math.Abs(float64(k)-mean) > 5*sigma+1 {
		t.Errorf("%s: %d of %d; want %.1f within %.1f", what, k, n, mean, 5*sigma+1)
	}
}

func isFirst(a deliveries.Attempt) bool { return a.Kind() == deliveries.KindFirst }

func TestTheSameSeedMakesTheSameAttempts(t *testing.T) {
	t.Parallel()
	c := small(7)
	c.Length = 10 * time.Minute
	c.Rough, c.Repeated, c.Duplicated = traffic.RoughBaseline(), 0.01, 0.01
	g := traffic.New(c)
	one, two := slices.Collect(g.Attempts()), slices.Collect(g.Attempts())
	if len(one) < 1000 || !slices.Equal(one, two) || !slices.Equal(one, made(t, c)) {
		t.Errorf("%d, %d attempts of one configuration differ", len(one), len(two))
	}
	c.Seed++
	if other := made(t, c); slices.Equal(one[:100], other[:100]) {
		t.Error("another seed makes the same attempts")
	}
}

func TestStoppingEarlyIsNoTrouble(t *testing.T) {
	t.Parallel()
	c := small(7)
	c.Repeated = 1
	n := 0
	for range traffic.New(c).Attempts() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
}

func TestAttemptsComeInTheOrderOfTheirCompletion(t *testing.T) {
	t.Parallel()
	c := small(1)
	c.Length = 20 * time.Minute
	c.Incidents = []traffic.Incident{traffic.Steady(c.Start.Add(10*time.Minute), c.Start.Add(20*time.Minute), 0.5)}
	c.Repeated = 0.1
	all := made(t, c)
	if !slices.IsSortedFunc(all, func(a, b deliveries.Attempt) int { return a.Completed().Compare(b.Completed()) }) {
		t.Error("not in the order of completion")
	}
	if slices.IsSortedFunc(all, func(a, b deliveries.Attempt) int { return a.StartedAt.Compare(b.StartedAt) }) {
		t.Error("in the order of their starts too: then nothing was proven")
	}
	if g := traffic.New(c); !g.Received(all[0]).Equal(all[0].Completed().Add(200 * time.Millisecond)) {
		t.Errorf("received at %s, completed at %s; want 200 ms between", g.Received(all[0]), all[0].Completed())
	}
	for _, a := range all {
		if a.StartedAt.Before(c.Start) || !a.StartedAt.Before(c.Start.Add(c.Length)) {
			t.Fatalf("started at %s, outside of the run", a.StartedAt)
		}
	}
}

func TestRatiosAreAsConfigured(t *testing.T) {
	t.Parallel()
	c := small(2)
	c.Healthy = 0.01
	from, to := c.Start.Add(10*time.Minute), c.Start.Add(30*time.Minute)
	during := func(a deliveries.Attempt) bool { return !a.StartedAt.Before(from) && a.StartedAt.Before(to) }
	for name, tt := range map[string]struct {
		where traffic.Where
		in    func(deliveries.Attempt) bool
	}{
		"everywhere":      {traffic.Where{}, func(deliveries.Attempt) bool { return true }},
		"in a channel":    {traffic.Where{Dimension: traffic.ByChannel, Value: "ID_BNI"}, func(a deliveries.Attempt) bool { return a.Channel == "ID_BNI" }},
		"in a product":    {traffic.Where{Dimension: traffic.ByProduct, Value: "QR"}, func(a deliveries.Attempt) bool { return a.Product == "QR" }},
		"in a type":       {traffic.Where{Dimension: traffic.ByType, Value: "invoice.paid"}, func(a deliveries.Attempt) bool { return a.Type == "invoice.paid" }},
		"at a merchant":   {traffic.Where{Dimension: traffic.ByMerchant, Value: "m-0002"}, func(a deliveries.Attempt) bool { return a.Merchant == "m-0002" }},
		"at an endpoint":  {traffic.Where{Dimension: traffic.ByEndpoint, Value: "ep-00003"}, func(a deliveries.Attempt) bool { return a.Endpoint == "ep-00003" }},
		"at one of a few": {traffic.Where{Dimension: traffic.ByEndpoint, Value: "ep-00090"}, func(a deliveries.Attempt) bool { return a.Endpoint == "ep-00090" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := c
			in := traffic.Steady(from, to, 0.3)
			in.Where = tt.where
			c.Incidents = []traffic.Incident{in}
			all := made(t, c)
			n, k := tally(all, func(a deliveries.Attempt) bool { return during(a) && tt.in(a) })
			wantShare(t, "in the incident", k, n, 0.3)
			n, k = tally(all, func(a deliveries.Attempt) bool { return !during(a) || !tt.in(a) })
			wantShare(t, "outside of it", k, n, 0.01)
		})
	}
}

func TestTheIncidentOfTheSeed(t *testing.T) {
	t.Parallel()
	c := traffic.Seed000(1, 5)
	all := made(t, c)
	begin, fixed, healed := traffic.Seed000Times()
	if zone := time.FixedZone("WIB", 7*3600); begin.In(zone).Format("15:04")+fixed.In(zone).Format(" 15:04")+healed.In(zone).Format(" 15:04") != "21:48 22:31 23:10" {
		t.Errorf("times %s %s %s", begin, fixed, healed)
	}
	for name, tt := range map[string]struct {
		from, to time.Time
		want     float64
	}{
		"six hours before":    {begin.Add(-6 * time.Hour), begin, 0.003},
		"until the first fix": {begin, fixed, 0.04},
		"until the second":    {fixed, healed, 0.015},
		"an hour after":       {healed, healed.Add(time.Hour), 0.003},
	} {
		n, k := tally(all, func(a deliveries.Attempt) bool {
			return isFirst(a) && !a.StartedAt.Before(tt.from) && a.StartedAt.Before(tt.to)
		})
		wantShare(t, name, k, n, tt.want)
		if want := 5 * tt.to.Sub(tt.from).Seconds(); math.Abs(float64(n)-want) > 5*math.Sqrt(want) {
			t.Errorf("%s: %d first attempts, want about %.0f", name, n, want)
		}
	}
}

func TestRetriesFollowTheSchedule(t *testing.T) {
	t.Parallel()
	c := small(3)
	c.Length, c.Rate, c.Healthy = 30*time.Hour, 0.3, 0.3
	c.Dead = []string{"ep-00001"}
	events := map[string][]deliveries.Attempt{}
	for _, a := range made(t, c) {
		events[a.Event] = append(events[a.Event], a)
	}
	most := 0
	for id, tries := range events {
		most = max(most, len(tries))
		for i, a := range tries {
			if a.Number != i+1 || a.Endpoint != tries[0].Endpoint || a.Key != tries[0].Key || a.CreatedAt != tries[0].CreatedAt {
				t.Fatalf("event %s, try %d: number %d, endpoint %s; want the same event on", id, i+1, a.Number, a.Endpoint)
			}
			if i == 0 {
				continue
			}
			if late := a.StartedAt.Sub(tries[0].StartedAt) - c.Schedule.Offsets[i-1]; late < 0 || late >= time.Second {
				t.Fatalf("event %s, retry %d started %s after it was due; want less than 1 s", id, i, late)
			}
			if !failed(tries[i-1]) {
				t.Fatalf("event %s was delivered and tried again", id)
			}
		}
		last := tries[len(tries)-1]
		if due := len(tries) <= 6 && failed(last); due && tries[0].StartedAt.Add(c.Schedule.Offsets[len(tries)-1]).Before(c.Start.Add(c.Length-2*time.Second)) {
			t.Fatalf("event %s: no retry after its failed try %d", id, len(tries))
		}
	}
	if most != 7 {
		t.Errorf("at most %d tries of an event, want all 7 at a dead endpoint", most)
	}
}

func TestTheBusyAreTheFirst(t *testing.T) {
	t.Parallel()
	all := made(t, small(4))
	sum := 0.0
	for i := range 200 {
		sum += 1 / float64(i+1)
	}
	for id, rank := range map[string]float64{"ep-00001": 1, "ep-00002": 2, "ep-00010": 10, "ep-00200": 200} {
		n, _ := tally(all, func(a deliveries.Attempt) bool { return isFirst(a) && a.Endpoint == id })
		of, _ := tally(all, isFirst)
		wantShare(t, id, n, of, 1/rank/sum)
	}
	places := map[[2]string]bool{}
	for _, a := range all {
		places[[2]string{a.Product, a.Channel}] = true
		if want := "https://" + a.Merchant + ".merchants.example/hooks/" + a.Endpoint; a.URL != want {
			t.Fatalf("url %s, want %s", a.URL, want)
		}
	}
	if len(places) != 60 {
		t.Errorf("%d pairs of product and channel, want 60", len(places))
	}
}

func TestTroubleOfAllKinds(t *testing.T) {
	t.Parallel()
	start := small(5).Start
	span := traffic.Span{From: start.Add(20 * time.Minute), To: start.Add(30 * time.Minute)}
	for name, tt := range map[string]struct {
		change func(*traffic.Config)
		check  func(*testing.T, []deliveries.Attempt)
	}{
		"a dead endpoint refuses all": {
			func(c *traffic.Config) { c.Dead = []string{"ep-00005"} },
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				n, k := tally(all, func(a deliveries.Attempt) bool { return a.Endpoint == "ep-00005" })
				if n < 100 || k != n {
					t.Errorf("%d of %d failed, want all of many", k, n)
				}
			},
		},
		"a slow endpoint takes its time, and some of it too long": {
			func(c *traffic.Config) {
				c.Slow = []traffic.Slow{{Span: span, Endpoint: "ep-00001", Took: 20 * time.Second}}
			},
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				var took []time.Duration
				late := 0
				for _, a := range all {
					if a.Endpoint != "ep-00001" || !span.Has(a.StartedAt) || a.Error != "" && a.Error != "timeout_response" || a.Status >= 300 {
						continue
					}
					took = append(took, a.Duration)
					if a.Duration == 30*time.Second && a.Outcome(0) == "timeout_response" {
						late++
					}
				}
				slices.Sort(took)
				if median := took[len(took)/2]; median < 19*time.Second || median > 21*time.Second {
					t.Errorf("median %s, want about 20 s", median)
				}
				wantShare(t, "timeouts", late, len(took), 0.0525) // ln(30/20)/0.25 is 1.62 sigmas
			},
		},
		"a late channel is D1": {
			func(c *traffic.Config) {
				c.LateChannels = []traffic.Late{{Span: span, Channel: "ID_OVO", By: 20 * time.Minute}}
			},
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				n := 0
				for _, a := range all {
					lag := deliveries.Times{OccurredAt: a.OccurredAt, CreatedAt: a.CreatedAt, FirstAttemptAt: a.StartedAt}
					late := slices.Contains(deliveries.DefaultLagLimits().Classify(lag, 0), deliveries.LagChannel)
					if want := a.Channel == "ID_OVO" && span.Has(a.CreatedAt); late != want {
						t.Fatalf("channel %s, created %s: late %t, want %t", a.Channel, a.CreatedAt, late, want)
					} else if late {
						n++
					}
				}
				if n < 100 {
					t.Errorf("%d late events, want many", n)
				}
			},
		},
		"a burst of three": {
			func(c *traffic.Config) { c.Bursts = []traffic.Burst{{Span: span, By: 3}} },
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				in, _ := tally(all, func(a deliveries.Attempt) bool { return isFirst(a) && span.Has(a.StartedAt) })
				of, _ := tally(all, isFirst)
				wantShare(t, "in the burst", in, of, 0.5) // 3 of 3 + 3 times 1
			},
		},
		"a silent dispatcher starts nothing, and then what was due": {
			func(c *traffic.Config) { c.Silent, c.Healthy = []traffic.Span{span}, 0.1 },
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				n, _ := tally(all, func(a deliveries.Attempt) bool { return span.Has(a.StartedAt) })
				due, _ := tally(all, func(a deliveries.Attempt) bool { return a.Number == 2 && a.StartedAt.Equal(span.To) })
				if n != 0 || due < 50 {
					t.Errorf("%d started in the silence, %d retries at its end; want 0 and many", n, due)
				}
			},
		},
		"forgotten retries": {
			func(c *traffic.Config) { c.MissingRetries, c.Healthy = []traffic.Span{span}, 0.1 },
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				n, _ := tally(all, func(a deliveries.Attempt) bool { return a.Number > 1 && span.Has(a.StartedAt) })
				outside, _ := tally(all, func(a deliveries.Attempt) bool { return a.Number > 1 && !span.Has(a.StartedAt) })
				if n != 0 || outside < 100 {
					t.Errorf("%d retries in the span, %d outside; want 0 and many", n, outside)
				}
			},
		},
		"records that come twice": {
			func(c *traffic.Config) { c.Repeated = 0.05 },
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				seen, twice := map[[16]byte]deliveries.Attempt{}, 0
				for _, a := range all {
					if before, ok := seen[a.Identity()]; ok && before == a {
						twice++
					} else if ok {
						t.Fatalf("attempt %s twice with different fields", a.ID)
					}
					seen[a.Identity()] = a
				}
				wantShare(t, "repeated", twice, len(seen), 0.05)
			},
		},
		"delivered events that are sent again": {
			func(c *traffic.Config) { c.Duplicated = 0.05 },
			func(t *testing.T, all []deliveries.Attempt) {
				t.Helper()
				order, twice, delivered := deliveries.NewOrder(deliveries.OrderOptions{}), 0, 0
				for _, a := range all {
					if slices.Contains(order.Took(a, a.Outcome(0)), deliveries.DuplicateSuccess) {
						twice++
					}
					if isFirst(a) && !failed(a) && a.Completed().Before(start.Add(39*time.Minute)) {
						delivered++
					}
				}
				wantShare(t, "sent again", twice, delivered, 0.05)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(5)
			tt.change(&c)
			tt.check(t, made(t, c))
		})
	}
}

func TestEveryAttemptHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	c := small(6)
	c.Length = 10 * time.Minute
	all := made(t, c)
	ids := map[string]bool{}
	for _, a := range all {
		ids[a.ID] = true
		if created := a.StartedAt.Sub(a.CreatedAt); a.CreatedAt.Before(a.OccurredAt) || created < 0 {
			t.Fatalf("occurred %s, created %s, started %s: out of order", a.OccurredAt, a.CreatedAt, a.StartedAt)
		}
	}
	if len(ids) != len(all) {
		t.Errorf("%d ids of %d attempts", len(ids), len(all))
	}
	slices.SortFunc(all, func(a, b deliveries.Attempt) int { return cmp.Compare(a.ID, b.ID) })
	if all[0].ID != "att-6-000000001" {
		t.Errorf("first id %s", all[0].ID)
	}
}

// BenchmarkAttempts makes an hour of rough traffic at 100 a second; attempts/s
// is the figure.
func BenchmarkAttempts(b *testing.B) {
	c := traffic.DefaultConfig(1)
	c.Rate, c.Rough = 100, traffic.RoughBaseline()
	n := 0
	for b.Loop() {
		for range traffic.New(c).Attempts() {
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "attempts/s")
}
