package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// An incident of planned work is no trouble of the platform either, and nothing
// broke in it.
func TestThePlatformKnowsPlannedWork(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	r := start(t, t.TempDir(), head+haste+midway(time.Now())+merchants(fmt.Sprintf("{id: x, url: %q}", receiver.URL())))
	r.until("x is healthy", func() bool { v, _ := r.endpoint("x"); return v.State == "healthy" })
	r.into(http.StatusCreated, nil, http.MethodPut, "/api/v1/maintenance/nights", fmt.Sprintf(`{"matcher":{"merchant":["shop"]},"zone":"UTC","start":%q,"length":"2h","reason":"backup"}`,
		time.Now().Add(-time.Minute).Format(time.RFC3339)))
	if err := receiver.Set(hooktest.Status(http.StatusServiceUnavailable)); err != nil {
		t.Fatal(err)
	}
	r.until("the incident is open", func() bool { return strings.Join(r.incidents(), " ") == "open" })
	var all digest.Facts
	r.into(http.StatusOK, &all, http.MethodGet, "/api/v1/digests/preview", "")
	if len(all.Incidents) != 1 || !all.Incidents[0].Maintenance || len(all.Platform.Broken) != 0 {
		t.Errorf("incidents %+v, broken %+v; want one of planned work, and none", all.Incidents, all.Platform.Broken)
	}
}

// An endpoint whose incident a person closed has not recovered while it fails.
func TestWhatIsClosedByHandHasNotRecovered(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	r := start(t, t.TempDir(), head+haste+midway(time.Now())+merchants(fmt.Sprintf("{id: x, url: %q}", receiver.URL())))
	r.until("x is healthy", func() bool { v, _ := r.endpoint("x"); return v.State == "healthy" })
	if err := receiver.Set(hooktest.Status(http.StatusServiceUnavailable)); err != nil {
		t.Fatal(err)
	}
	r.until("the incident is open", func() bool { return strings.Join(r.incidents(), " ") == "open" })
	var platform, shop digest.Facts
	r.into(http.StatusOK, &platform, http.MethodGet, "/api/v1/digests/preview", "")
	if len(platform.Incidents) != 1 || platform.Incidents[0].StillFails {
		t.Fatalf("incidents %+v, want one that nobody closed", platform.Incidents)
	}
	r.until("a person has closed it", func() bool {
		id := r.incident().ID
		status, _ := r.call(http.MethodPost, "/api/v1/incidents/"+id+"/resolve", fmt.Sprintf(`{"version":%d}`, r.version(id)))
		return status == http.StatusOK
	})
	look := func() (found bool) {
		platform, shop = digest.Facts{}, digest.Facts{}
		r.into(http.StatusOK, &platform, http.MethodGet, "/api/v1/digests/preview", "")
		r.into(http.StatusOK, &shop, http.MethodGet, "/api/v1/digests/preview?merchant=shop", "")
		return slices.ContainsFunc(platform.Incidents, func(i digest.Incident) bool { return !i.Resolved.IsZero() })
	}
	r.until("it is closed", look)
	for whose, list := range map[string][]digest.Incident{"the platform": platform.Incidents, "the merchant": shop.Incidents} {
		if len(list) != 1 || !list[0].StillFails {
			t.Errorf("%s: %+v, want one that still fails", whose, list)
		}
	}
	if p := platform.Platform; len(p.Recovered) != 0 || len(p.Broken) != 1 {
		t.Errorf("recovered %+v, broken %+v; want none, and x", p.Recovered, p.Broken)
	}
}

// A merchant whose endpoint is well again is among the worst no more: the
// platform's digest has its name beside what recovered, and what it was.
func TestThePlatformNamesWhoRecovered(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	file := strings.Replace(merchants(fmt.Sprintf("{id: x, url: %q}", receiver.URL())), "id: shop\n", "id: shop\n    name: Shop of Names\n", 1)
	r := start(t, t.TempDir(), head+haste+midway(time.Now())+file)
	r.until("x is healthy", func() bool { v, _ := r.endpoint("x"); return v.State == "healthy" })
	if err := receiver.Set(hooktest.Status(http.StatusServiceUnavailable)); err != nil {
		t.Fatal(err)
	}
	r.until("the incident is open", func() bool { return strings.Join(r.incidents(), " ") == "open" })
	var p digest.Facts
	r.into(http.StatusOK, &p, http.MethodGet, "/api/v1/digests/preview", "")
	want := []digest.Name{{ID: "shop", Name: "Shop of Names"}}
	if !slices.Equal(p.Platform.Names, want) || len(p.Platform.Broken) != 1 || p.Platform.Broken[0].Fault != "http_5xx" {
		t.Errorf("names %+v, broken %+v; want %+v, and x with http_5xx", p.Platform.Names, p.Platform.Broken, want)
	}
}

// A merchant is advised about what fails now, which the last probe says, and not
// about what was met most often before.
func TestADigestKnowsWhatFailsNow(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	r := start(t, t.TempDir(), head+haste+midway(time.Now())+merchants(fmt.Sprintf("{id: x, url: %q}", receiver.URL())))
	r.until("x is healthy", func() bool { v, _ := r.endpoint("x"); return v.State == "healthy" })
	if err := receiver.Set(hooktest.Status(http.StatusServiceUnavailable)); err != nil {
		t.Fatal(err)
	}
	r.until("x is down", func() bool { v, _ := r.endpoint("x"); return v.State == "down" && v.Probe.Failures > 3 })
	if err := receiver.Set(hooktest.CloseAfterAsk); err != nil {
		t.Fatal(err)
	}
	if v := r.probeNow("x"); v.Probe.Fault != "closed" {
		v = r.probeNow("x") // that probe was on its way
		if v.Probe.Fault != "closed" {
			t.Fatalf("the last probe met %s, want closed", v.Probe.Fault)
		}
	}
	var f digest.Facts
	r.into(http.StatusOK, &f, http.MethodGet, "/api/v1/digests/preview?merchant=shop", "")
	if len(f.Endpoints) != 1 || f.Endpoints[0].Now != "closed" || len(f.Actions) == 0 || f.Actions[0].Word != digest.AdviseBroken {
		t.Errorf("endpoints %+v, actions %+v; want closed now, and advice about it", f.Endpoints, f.Actions)
	}
}
