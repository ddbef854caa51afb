package hooktest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// quick are options that need no patience.
func quick(b hooktest.Behaviour) hooktest.Options {
	return hooktest.Options{Behaviour: b, Delay: 30 * time.Millisecond, Every: time.Millisecond}
}

func TestEachBehaviourIsSeenAsDescribed(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	for _, b := range hooktest.Behaviours() {
		for _, scheme := range []string{"http", "https"} {
			want := b.Describe()
			if scheme == "http" && want.TLS {
				continue
			}
			t.Run(fmt.Sprintf("%s over %s", b, scheme), func(t *testing.T) {
				t.Parallel()
				o := quick(b)
				if scheme == "https" {
					o.CA = ca
				}
				r := hooktest.Start(t, o)
				got := clientFor(o.CA, want.Fault, want.Notes).ask(t, http.MethodPost, r.URL())
				if b == hooktest.Slow && got.took >= o.Delay {
					got.notes |= probes.NoteSlow
				}
				if got.fault != want.Fault || got.notes != want.Notes {
					t.Errorf("got %s [%s] (status %d, %v), want %s [%s]", got.fault, got.notes, got.status, got.err, want.Fault, want.Notes)
				}
			})
		}
	}
}

func TestEachBehaviourIsReachedAsDescribed(t *testing.T) {
	t.Parallel()
	ca, _ := hooktest.StartCA(t, "root")
	for _, b := range hooktest.Behaviours() {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			want := b.Describe()
			o := quick(b)
			if want.TLS {
				o.CA = ca
			}
			r := hooktest.Start(t, o)
			got := clientFor(o.CA, want.Reach, want.Notes).ask(t, http.MethodOptions, r.URL())
			if got.status == http.StatusMethodNotAllowed || got.status == http.StatusNotImplemented {
				got = clientFor(o.CA, want.Reach, want.Notes).ask(t, http.MethodHead, r.URL())
			}
			if got.status/100 == 4 {
				got.fault = probes.FaultNone // reached
			}
			if got.fault != want.Reach {
				t.Errorf("got %s (status %d, %v), want %s", got.fault, got.status, got.err, want.Reach)
			}
		})
	}
}

func TestBehavioursAreDescribedOnce(t *testing.T) {
	t.Parallel()
	seen := map[hooktest.Behaviour]bool{}
	for _, b := range hooktest.Behaviours() {
		d := b.Describe()
		if seen[b] {
			t.Errorf("%s is listed twice", b)
		}
		seen[b] = true
		if d.Does == "" || !d.Fault.Known() || !d.Reach.Known() {
			t.Errorf("%s: got description %+v, want a sentence and known faults", b, d)
		}
		var again hooktest.Behaviour
		if err := again.UnmarshalText([]byte(b)); err != nil || again != b {
			t.Errorf("%s: got %q, %v back", b, again, err)
		}
	}
}

func TestUnknownBehavioursAreRefused(t *testing.T) {
	t.Parallel()
	for sentence, word := range map[string]string{
		"a word that nobody knows":        "polite",
		"a status that ends the head":     "status_100",
		"a status beyond the last class":  "status_600",
		"a status that is no number":      "status_teapot",
		"a status with a line break":      "status_200\r\n",
		"a status with something else":    "status_200 OK",
		"a word in the wrong case":        "OK",
		"a negative status":               "status_-200",
		"a status without the underscore": "status200",
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			var b hooktest.Behaviour
			err := b.UnmarshalText([]byte(word))
			if err == nil || !strings.Contains(err.Error(), "is not a behaviour") {
				t.Errorf("got %v, want an error that says so", err)
			}
			if d := hooktest.Behaviour(word).Describe(); d != (hooktest.Description{}) {
				t.Errorf("got %+v, want no description", d)
			}
			if _, err := hooktest.New(hooktest.Options{Behaviour: hooktest.Behaviour(word)}); err == nil {
				t.Error("New took it")
			}
		})
	}
}

func TestEveryFaultOfTheWireHasABehaviour(t *testing.T) {
	t.Parallel()
	elsewhere := []probes.Fault{ // by DNS, by Stop, by the guard, by the level, or not by a receiver at all
		probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultDNSFailed, probes.FaultTimeoutDNS,
		probes.FaultBlocked, probes.FaultInvalidURL, probes.FaultRefused, probes.FaultUnreachable, probes.FaultTimeoutConnect,
		probes.FaultAcceptsUnauthenticated, probes.FaultSenderError, probes.FaultCanceled, probes.FaultInternal, probes.FaultUnknown,
	}
	have := slices.Clone(elsewhere)
	for _, b := range hooktest.Behaviours() {
		have = append(have, b.Describe().Fault)
	}
	for _, f := range probes.Faults() {
		if !slices.Contains(have, f) {
			t.Errorf("no behaviour makes the fault %s", f)
		}
	}
}
