package digest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

var (
	evening = Window{time.Date(2023, 11, 11, 11, 0, 0, 0, time.UTC), time.Date(2023, 11, 11, 17, 0, 0, 0, time.UTC)} // 18:00 to 00:00 in Jakarta
	quiet   = []Count{{12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}}
)

const watched = 5*time.Hour + 58*time.Minute

// healthy is an endpoint that nothing is wrong with.
func healthy(id string) Endpoint {
	return Endpoint{
		ID: id, URL: "https://hooks.toko-maju.example/" + id, State: rules.StateHealthy, Covered: watched,
		Answers: 358, P50: 180 * time.Millisecond, P95: 310 * time.Millisecond, P99: 1200 * time.Millisecond,
		First: Count{360, 0}, Before: Count{342, 1}, Strip: quiet,
		Certificate: &Certificate{Verdict: certificate.OK, NotBefore: evening.Start.AddDate(0, 0, -29), NotAfter: evening.End.AddDate(0, 0, 61)},
	}
}

// timingOut is one that answers too late.
func timingOut(id string) Endpoint {
	e := healthy(id)
	e.State, e.Down, e.First = rules.StateFailing, 52*time.Minute, Count{360, 22}
	e.Answers, e.P95, e.P99 = 339, 12*time.Second, 27*time.Second
	e.Faults = []Fault{{"http_5xx", 0, 1}, {"timeout_response", 9, 21}}
	e.Strip = []Count{{12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {12, 0}, {0, 0}, {12, 0}, {12, 7}, {12, 12}, {12, 3}}
	return e
}

func factsOf(endpoints ...Endpoint) Facts {
	return Facts{
		Version: Version, Kind: KindHealth, Merchant: "toko-maju", Name: "Toko Maju", Language: "en", Zone: "Asia/Jakarta", Window: evening,
		Covered: watched, Endpoints: endpoints, Incidents: []Incident{}, Footer: Footer{PublicURL: "https://hooks.example.com", Mode: ModeEvery},
	}
}

func oneProblem() Facts {
	f := factsOf(healthy("toko-maju-invoices"), timingOut("toko-maju-payouts"), healthy("toko-maju-refunds"))
	f.Incidents = []Incident{{ID: "inc_1", Title: "toko-maju-payouts is down: timeout_response", Severity: rules.High, Opened: evening.Start.Add(280 * time.Minute)}}
	return f
}

// past has failures that are over: one endpoint hung, the certificate of the
// other had expired and was renewed.
func past() Facts {
	hung, renewed := timingOut("toko-maju-payouts"), timingOut("toko-maju-refunds")
	hung.Strip = []Count{{12, 0}, {12, 0}, {12, 0}, {12, 7}, {12, 12}, {12, 3}, {12, 0}, {0, 0}, {12, 0}, {12, 0}, {12, 0}, {0, 0}}
	renewed.Strip, renewed.P95, renewed.P99 = hung.Strip, time.Second, time.Second
	renewed.Answers = 338
	renewed.State, renewed.Faults = rules.StateRecovering, []Fault{{"tls_expired", 9, 22}}
	f := factsOf(healthy("toko-maju-invoices"), hung, renewed)
	f.Incidents = []Incident{{ID: "inc_1", Title: "toko-maju-payouts is down: timeout_response", Severity: rules.High, Opened: evening.Start.Add(100 * time.Minute), Resolved: evening.Start.Add(152 * time.Minute)}}
	return f
}

// lossComing has events that will be lost, and others that only wait.
func lossComing() Facts {
	at := func(d time.Duration) time.Time { return evening.End.Add(d) }
	failing, waiting := timingOut("toko-maju-payouts"), healthy("toko-maju-refunds")
	failing.Backlog = &Backlog{
		Undelivered: 212, Oldest: at(-26 * time.Hour), AtRisk6h: 18, AtRisk24h: 43, Lost: 7, MissingRetries: 12,
		LossAt: at(190 * time.Minute), LossEvents: 18, NextRetryAt: at(3 * time.Minute), RecoveryMax: 6 * time.Hour,
	}
	waiting.State = rules.StateRecovering
	waiting.Backlog = &Backlog{
		Undelivered: 1, Oldest: at(-132 * time.Minute), AtRisk24h: 1, LossAt: at(1308 * time.Minute), LossEvents: 1, DigestsLeft: 3,
		NextRetryAt: at(-time.Minute), LowerBound: true,
	}
	return factsOf(healthy("toko-maju-invoices"), waiting, failing)
}

// manyProblems has one endpoint for each kind of trouble.
func manyProblems() Facts {
	expired, refused, slow, unseen, ending := healthy("invoices"), healthy("refunds"), healthy("virtual-accounts"), healthy("cards"), healthy("qr")
	expired.State, expired.First, expired.Down, expired.Answers = rules.StateDown, Count{200, 200}, watched, 0
	expired.Faults = []Fault{{"tls_expired", 358, 200}}
	expired.Certificate = &Certificate{Verdict: certificate.Fail, Fault: certificate.FaultExpiredLeaf, NotBefore: evening.Start.AddDate(0, 0, -90), NotAfter: evening.Start.Add(-time.Hour)}
	refused.State, refused.First, refused.Answers, refused.Faults = rules.StateFailing, Count{90, 45}, 90, []Fault{{"http_401", 0, 45}}
	slow.P95, slow.P99 = 11*time.Second, 14*time.Second
	unseen.State, unseen.Covered, unseen.First, unseen.Before, unseen.Answers, unseen.Strip, unseen.Certificate = rules.StateNoData, 0, Count{}, Count{}, 0, nil, nil
	ending.State, ending.Certificate.Verdict, ending.Certificate.Fault, ending.Certificate.NotAfter = rules.StateDegraded, certificate.Warn, certificate.FaultExpiring, evening.End.Add(12*day)
	f := factsOf(ending, healthy("ok-1"), unseen, slow, refused, timingOut("payouts"), expired, timingOut("payouts-2"))
	f.Covered = 5*time.Hour + 12*time.Minute
	f.Note = "Our own DNS was slow from 19:02 to 19:09 WIB; what failed in those minutes is not counted."
	f.Incidents = []Incident{
		{ID: "inc_1", Title: "DNS of the platform was slow", Severity: rules.Critical, Opened: evening.Start.Add(62 * time.Minute), Resolved: evening.Start.Add(69 * time.Minute), Ours: true},
		{ID: "inc_2", Title: "invoices is down: tls_expired", Severity: rules.High, Opened: evening.Start.Add(2 * time.Minute)},
	}
	return f
}

// otherwise is down with another fault than most of the window.
func otherwise() Facts {
	e := timingOut("toko-maju-payouts")
	e.State, e.Now = rules.StateDown, "tls_expired"
	e.Faults = []Fault{{"http_5xx", 31, 20}, {"tls_expired", 4, 2}}
	e.Certificate = nil
	return factsOf(healthy("toko-maju-invoices"), e)
}

func noData() Facts {
	e := healthy("toko-maju-payouts")
	e.State, e.Covered, e.Answers, e.First, e.Strip, e.Certificate = rules.StateNoData, 0, 0, Count{}, nil, nil
	f := factsOf(e)
	f.Covered = 0
	return f
}

// merged is the digest after the watcher was down for a day.
func merged() Facts {
	f := oneProblem()
	f.Window.Start = f.Window.End.Add(-day)
	f.Covered = 9 * time.Hour
	for i := range 4 {
		start := f.Window.Start.Add(time.Duration(i) * 6 * time.Hour)
		p := Part{Window: Window{start, start.Add(6 * time.Hour)}, Verdict: Attention}
		switch i {
		case 0:
			p.Covered, p.Verdict, p.First = 3*time.Hour, OK, Count{512, 0}
		case 3:
			p.Covered, p.Verdict, p.First, p.Failing = 6*time.Hour, Act, Count{1080, 22}, 1
		}
		f.Parts = append(f.Parts, p)
	}
	return f
}

// running is a preview eight minutes into an hour: one endpoint is well, another
// hung for two minutes.
func running() Facts {
	calm, hung := healthy("toko-maju-invoices"), healthy("toko-maju-payouts")
	calm.Covered, calm.First, calm.Answers, calm.Strip = 8*time.Minute, Count{8, 0}, 8, []Count{{12, 0}, {8, 0}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}
	hung.State, hung.Covered, hung.Down, hung.First, hung.Answers, hung.Before = rules.StateFailing, 8*time.Minute, 2*time.Minute, Count{43, 22}, 21, Count{1, 0}
	hung.Strip = []Count{{46, 41}, {13, 0}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}
	hung.Faults = []Fault{{"timeout_response", 19, 22}}
	hung.Backlog = &Backlog{Undelivered: 22, Oldest: evening.Start, LossAt: evening.Start.Add(50 * time.Minute), LossEvents: 22, AtRisk1h: 22}
	f := factsOf(calm, hung)
	f.Window.End = f.Window.Start.Add(time.Hour)
	f.Until, f.Covered = f.Window.Start.Add(8*time.Minute), 8*time.Minute
	return f
}

// firstMinutes is a preview before anything is known.
func firstMinutes() Facts {
	f := noData()
	f.Until = f.Window.Start.Add(2 * time.Minute)
	return f
}

// thin has data for five minutes of an hour.
func thin() Facts {
	e := healthy("toko-maju-payouts")
	e.Covered, e.First, e.Before, e.Answers = 5*time.Minute, Count{}, Count{}, 5
	f := factsOf(e)
	f.Window.End, f.Covered = f.Window.Start.Add(time.Hour), 5*time.Minute
	return f
}

// oddParts is a window of 140 s whose parts are no whole seconds.
func oddParts() Facts {
	e := past().Endpoints[1]
	e.Covered, e.Down = 2*time.Minute, 30*time.Second
	f := factsOf(e)
	f.Window = Window{evening.Start.Add(-140 * time.Second), evening.Start}
	f.Covered = f.Window.Length()
	return f
}

func platform() Facts {
	at := evening.Start
	return Facts{
		Version: Version, Kind: KindPlatform, Language: "en", Zone: "UTC", Window: Window{at.Add(time.Hour), at.Add(7 * time.Hour)}, Covered: 6 * time.Hour,
		Incidents: []Incident{{ID: "inc_9", Title: "webhook failures are up on channel ID_BCA", Severity: rules.Critical, Opened: at.Add(2 * time.Hour)}},
		Platform: &Platform{
			Merchants: 1204, Endpoints: 3310, First: Count{480_112, 2_310}, Probing: 6 * time.Hour,
			Worst:        []Merchant{{"toko-maju", "Toko Maju", Count{360, 22}, 1, 3}, {"warung", "", Count{40, 2}, 0, 1}},
			Broken:       []Turn{{"toko-maju-payouts", "toko-maju", "timeout_response", at.Add(100 * time.Minute)}},
			Recovered:    []Turn{{"kopi-1", "kopi", "refused", at.Add(3 * time.Hour)}},
			Certificates: []Expiring{{"ledger", "", at.Add(9 * day)}, {"far", "", at.Add(40 * day)}},
			Names:        []Name{{"toko-maju", "Toko Maju"}, {"kopi", "Kopi Ibu Sri"}},
			Channels:     []Channel{{"ID_BCA", Count{9_000, 144}}, {"QR", Count{9_000, 9}}},
			Digests:      Ledgered{Sent: 1101, Skipped: 98, Suppressed: 3, Dead: 2}, Dead: 2,
			Backlog: &Backlog{Undelivered: 318, AtRisk24h: 61, Lost: 7},
		},
		Footer: Footer{PublicURL: "https://hooks.example.com"},
	}
}

const nasty = "<!channel> <b>x</b> {{.}} \"'&</bdi><script>alert(1)</script>\r\nBcc: a@b.c\r\n\r\n\u202etxt.exe\u2028*bold* \x00\x1b[31m\xff {fault}%s"

func hostile() Facts {
	long := nasty + strings.Repeat("A☃", 5_000)
	e := timingOut(long)
	e.URL, e.State, e.Faults = "https://user:hidden-marker@hooks.example/"+strings.Repeat("x", 10_000)+"?token=hidden-marker", rules.Word(nasty), []Fault{{"timeout_response", 1, 2}, {nasty, 0, 1}}
	e.Certificate.Fault, e.Certificate.Verdict = nasty, certificate.Fail
	e.Backlog = &Backlog{
		Undelivered: math.MaxInt, AtRisk1h: -1, AtRisk6h: math.MaxInt, AtRisk24h: math.MinInt, Lost: math.MaxInt, MissingRetries: math.MaxInt, DigestsLeft: math.MinInt,
		Oldest: time.Unix(0, 0), LossAt: evening.End.Add(-1000 * day), LossEvents: 1, NextRetryAt: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
		RecoveryMax: math.MaxInt64, LowerBound: true,
	}
	f := factsOf(e)
	f.Name, f.Note, f.Language, f.Zone = long, long, nasty, nasty
	f.Incidents = []Incident{{ID: nasty, Title: long, Severity: nasty}}
	f.Footer = Footer{PublicURL: "javascript:alert(1)", Mode: nasty}
	return f
}

// hostilePlatform has strangers' names wherever the operators' digest has one.
func hostilePlatform() Facts {
	long := nasty + strings.Repeat("A☃", 5_000)
	f := platform()
	f.Incidents = []Incident{{ID: nasty, Title: long, Severity: nasty, Ours: true, Resolved: evening.End}}
	f.Parts = []Part{{Window: f.Window, Verdict: nasty}, {Window: f.Window, Verdict: Act, Failing: 1, First: Count{2, 1}}}
	f.Platform.Worst = []Merchant{{nasty, long, Count{10, 5}, 1, 2}}
	f.Platform.Broken = []Turn{{long, nasty, nasty, evening.End}, {long, long, "", time.Time{}}}
	f.Platform.Recovered = []Turn{{nasty, long, nasty, evening.End}, {"", long, "", time.Time{}}}
	f.Platform.Certificates = []Expiring{{long, nasty, evening.End}}
	f.Platform.Names = []Name{{long, long}, {long, "twice"}, {nasty, ""}}
	f.Platform.Channels = []Channel{{long, Count{10, 5}}}
	f.Platform.Backlog = &Backlog{Undelivered: math.MaxInt, AtRisk24h: math.MinInt, Lost: 1, LowerBound: true}
	return f
}

// crowd has n endpoints, all of them in trouble.
func crowd(n int) Facts {
	var list []Endpoint
	for i := range n {
		list = append(list, timingOut(fmt.Sprintf("endpoint-with-a-name-of-some-length-%04d", i)))
	}
	return factsOf(list...)
}
