package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// TestTheCauseIsShown follows deliveries that are refused to the API and the
// page of their endpoint.
func TestTheCauseIsShown(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{})
	d := start(t, t.TempDir(), head+merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 1h}}", r.URL())))
	d.probeNow("x")
	began := time.Now().UTC().Add(-30 * time.Second).Truncate(time.Second)
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf(`{"source":"core","endpoint":"x","event":"evt-%d","attempt":1,"started_at":%q,"status":403}`+"\n", i, began.Add(time.Duration(i)*time.Millisecond).Format(time.RFC3339Nano)))
	}
	d.told(strings.Join(lines, ""), 30)
	const path = "/api/v1/endpoints/x"
	want := fmt.Sprintf("403 since %s: was a token rotated, or a firewall rule added?", began.Format("2006-01-02 15:04:05 UTC"))
	d.until("the cause is told", func() bool {
		_, body := d.call(http.MethodGet, path, "")
		return strings.Contains(body, `"cause":"auth_changed"`) && strings.Contains(body, want)
	})
	if _, page := d.call(http.MethodGet, "/endpoints/x", ""); !strings.Contains(page, "<code>auth_changed</code>") || !strings.Contains(page, want) {
		t.Errorf("the page does not say %q:\n%s", want, page)
	}
	if err := r.Set(hooktest.Status(503)); err != nil {
		t.Fatal(err)
	}
	d.probeNow("x")
	if _, body := d.call(http.MethodGet, path, ""); !strings.Contains(body, `"cause":"endpoint_down"`) {
		t.Errorf("%s, want endpoint_down once the probe fails as well", body)
	}
}
