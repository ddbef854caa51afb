package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// TestCanariesAreShown: who stands in the configuration is looked at, and shown
// at /metrics with our own listener.
func TestCanariesAreShown(t *testing.T) {
	t.Parallel()
	far := hooktest.Start(t, hooktest.Options{})
	d := start(t, t.TempDir(), head+fmt.Sprintf("canaries: [{id: outside-1, url: %q}]\n", far.URL()))
	shows := func(line string) func() bool {
		return func() bool {
			_, body := d.call(http.MethodGet, "/metrics", "")
			return strings.Contains(body, line+"\n")
		}
	}
	for _, line := range []string{`hookvigil_canary_up{canary="outside-1"} 1`, `hookvigil_canary_up{canary="loopback"} 1`, "hookvigil_ourside_active 0"} {
		d.until(line, shows(line))
	}
}
