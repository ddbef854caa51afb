package merchants

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

func TestEveryFaultOfARequestHasItsTrouble(t *testing.T) {
	t.Parallel()
	for _, f := range probes.Faults() {
		got := troubleOf(rules.RuleEndpointDown, string(f))
		switch f {
		case probes.FaultNone, probes.FaultBlocked, probes.FaultInvalidURL, probes.FaultSenderError, probes.FaultCanceled,
			probes.FaultInternal, probes.FaultUnknown, probes.FaultAcceptsUnauthenticated:
			if got != troubleOther {
				t.Errorf("%s: got %d, want what is not known", f, got)
			}
		default:
			if got == troubleOther || got.mild() {
				t.Errorf("%s: got %d, want a trouble of its own", f, got)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// Both languages say all, and with the same places.
func TestTheLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	en, id := reflect.ValueOf(english()), reflect.ValueOf(indonesian())
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		a, b := texts(en.Field(i)), texts(id.Field(i))
		for j := range a {
			if a[j] == "" || b[j] == "" {
				t.Errorf("%s %d: got %q and %q, want both", name, j, a[j], b[j])
			}
			if got, want := placeholder.FindAllString(b[j], -1), placeholder.FindAllString(a[j], -1); !samePlaces(got, want) {
				t.Errorf("%s %d: got the places %v in Indonesian, %v in English", name, j, got, want)
			}
		}
	}
}

func texts(v reflect.Value) []string {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Array:
		var list []string
		for i := range v.Len() {
			list = append(list, texts(v.Index(i))...)
		}
		return list
	default:
		return nil
	}
}

func samePlaces(a, b []string) bool {
	for _, p := range []string{"{name}", "{n}", "{since}", "{until}", "{when}", "{length}", "{text}", "{number}"} {
		if strings.Contains(strings.Join(a, " "), p) != strings.Contains(strings.Join(b, " "), p) {
			return false
		}
	}
	return true
}

// No place of a sentence is left open, in any phase and trouble.
func TestNoPlaceIsLeftOpen(t *testing.T) {
	t.Parallel()
	for _, w := range []words{english(), indonesian()} {
		for tr := range troubles {
			for _, n := range []int{1, 2} {
				for _, ph := range []phase{phaseOpen, phaseWell, phaseOver} {
					s := story{phase: ph}
					for range n {
						s.endpoints = append(s.endpoints, endpoint{id: "x", trouble: tr})
					}
					v := voice{words: w}
					if h := v.headline(s); placeholder.MatchString(h) || h == "" {
						t.Errorf("got the headline %q", h)
					}
				}
			}
		}
	}
}
