package web

import (
	"testing"
	"time"
)

func TestTextsSayNothingTwice(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 11, 18, 0, 650_000_000, time.UTC)
	platform := brevity{title: "failures are up", scope: "platform", since: start, now: start.Add(time.Minute)}
	endpoint := brevity{title: "acme is down: refused", scope: "endpoint:acme", since: start, now: start.Add(time.Minute)}
	for name, tt := range map[string]struct {
		b        brevity
		in, want string
	}{
		"the title, the scope and the start": {platform,
			"failures are up: platform: 41 of 1,040 first attempts failed (3.9%) since 2026-11-21 11:18:00 UTC, 2.7% to 5.3%", "41 of 1,040 first attempts failed (3.9%), 2.7% to 5.3%"},
		"a channel in two spellings": {platform, "channel:EWALLET: channel EWALLET: 19 of 200", "channel EWALLET: 19 of 200"},
		"a channel's own start": {platform,
			"channel:QR: channel QR: 19 of 200 since 2026-11-21 11:18:03 UTC, 2%", "channel QR: 19 of 200 since 11:18:03, 2%"},
		"a moment of another day keeps its date": {platform, "19 of 200 since 2026-11-20 23:59:59 UTC", "19 of 200 since 2026-11-20 23:59:59 UTC"},
		"the platform in two spellings":          {platform, "platform: platform: recovered; 6 of 1,600; 3 left", "recovered; 6 of 1,600; 3 left"},
		"that it recovered":                      {platform, "recovered after 1m48s: platform: recovered; 21 of 657", "recovered after 1m48s: 21 of 657"},
		"a channel that ends it":                 {platform, "recovered after 1m48s: channel QR: recovered; 21 of 657", "recovered after 1m48s: channel QR: 21 of 657"},
		"louder":                                 {platform, "now critical: platform: 96 of 1,400", "now critical: 96 of 1,400"},
		"an endpoint, its fault in the title":    {endpoint, "acme is down: refused: refused at level reach since 2026-11-21 11:18:00 UTC, 2 probes", "refused at level reach, 2 probes"},
		"an endpoint's other signal":             {endpoint, "endpoint:acme: leaf expires in 3 days", "leaf expires in 3 days"},
		"another endpoint":                       {platform, "endpoint:borneo: refused", "endpoint borneo: refused"},
		"a text that is a title alone":           {endpoint, "acme is down: refused", "acme is down: refused"},
		"a text that would be nothing":           {endpoint, " since 2026-11-21 11:18:00 UTC", " since 2026-11-21 11:18:00 UTC"},
		"a day that there is not":                {endpoint, "refused since 2026-13-45 11:18:00 UTC", "refused since 2026-13-45 11:18:00 UTC"},
		"no time stands beside it":               {brevity{scope: "platform"}, "platform: 1 of 2 since 2026-11-21 11:18:00 UTC", "1 of 2 since 2026-11-21 11:18:00 UTC"},
		"nothing stands beside it":               {brevity{}, "channel:QR: channel QR: 1 of 2", "channel QR: 1 of 2"},
		"a word that only looks like a scope":    {platform, "platforms: many; see https://status.example: now", "platforms: many; see https://status.example: now"},
		"nothing":                                {platform, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.b.shorten(tt.in); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
