package registry

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/hookvigil/hookvigil/probes"
)

// fingerprint tells whether a record, its defaults or its files changed. It
// holds a hash, so that no secret can be read from it.
type fingerprint [16]byte

func printOf(record any, token probes.Secret, files string, resolved ...any) fingerprint {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(record); err != nil {
		// Records are plain data: this cannot happen, and a changed text is
		// the safe answer (the endpoint is set up again).
		fmt.Fprintf(h, "%v", err)
	}
	fmt.Fprintf(h, "%q %q", token.Reveal(), files)
	for _, v := range resolved {
		if w, ok := v.(*Watch); ok {
			if w == nil {
				continue
			}
			v = *w
		}
		if w, ok := v.(Watch); ok {
			v = []any{w.Interval, w.Target.Host, w.Target.Port, w.Target.ServerName, w.Target.Timeout,
				w.Policy.WarnBelow.Share, w.Policy.WarnBelow.Cap, w.Policy.PageBelow.Share, w.Policy.PageBelow.Cap, w.Policy.Pins}
		}
		fmt.Fprintf(h, " %v", v)
	}
	return fingerprint(h.Sum(nil)[:16])
}
