package deliveries_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

var startOfReplay = time.Date(2023, 11, 11, 13, 0, 0, 0, time.UTC)

func usual() deliveries.Attempt {
	return deliveries.Attempt{
		Source: "core", ID: "att_1", Merchant: "m_1", Endpoint: "ep_9", URL: "https://hooks.example.com/", Event: "evt_77",
		Number: 2, Trigger: deliveries.Automatic, Mode: deliveries.Live, StartedAt: startOfReplay, Status: 503,
	}
}

// TestIdentityIsStored pins the encoding, computed once by another program:
// these hashes lie in databases.
func TestIdentityIsStored(t *testing.T) {
	t.Parallel()
	unnumbered, moment := usual(), usual()
	unnumbered.Number = 0
	moment.Number, moment.ID = 0, ""
	for want, a := range map[string]deliveries.Attempt{
		"9ae82e9d65e0ab8f7bd35ddacba86cd3": usual(), "adf3797b3183cca87213187637477c45": unnumbered, "44bb495e5ef556f307df407d0edf88ce": moment,
	} {
		id := a.Identity()
		if got := hex.EncodeToString(id[:]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	sum := usual().ContentHash()
	if got, want := hex.EncodeToString(sum[:]), "e02076182fc7622d58b0a84de10c353e"; got != want {
		t.Errorf("content: got %s, want %s", got, want)
	}
}

// TestIdentity says for each way of telling attempts apart which changes make
// another attempt, and which do not.
func TestIdentity(t *testing.T) {
	t.Parallel()
	set := func(change func(a *deliveries.Attempt)) deliveries.Attempt {
		a := usual()
		change(&a)
		return a
	}
	numbered := usual()
	byID := set(func(a *deliveries.Attempt) { a.Trigger = deliveries.Manual })
	byStart := set(func(a *deliveries.Attempt) { a.Trigger, a.ID = deliveries.Manual, "" })
	changes := map[string]func(a *deliveries.Attempt){
		"source":   func(a *deliveries.Attempt) { a.Source = "other" },
		"id":       func(a *deliveries.Attempt) { a.ID = "att_2" },
		"event":    func(a *deliveries.Attempt) { a.Event = "evt_78" },
		"endpoint": func(a *deliveries.Attempt) { a.Endpoint = "ep_8" },
		"number":   func(a *deliveries.Attempt) { a.Number = 3 },
		"start":    func(a *deliveries.Attempt) { a.StartedAt = a.StartedAt.Add(1) },
		"zone":     func(a *deliveries.Attempt) { a.StartedAt = a.StartedAt.In(time.FixedZone("WIB", 7*3600)) },
		"merchant": func(a *deliveries.Attempt) { a.Merchant = "m_2" },
		"url":      func(a *deliveries.Attempt) { a.URL = "https://other.example.com/" },
		"status":   func(a *deliveries.Attempt) { a.Status = 200 },
		"error":    func(a *deliveries.Attempt) { a.Error = "timeout" },
		"duration": func(a *deliveries.Attempt) { a.Duration = time.Second },
		"type":     func(a *deliveries.Attempt) { a.Type = "payout.succeeded" },
		"mode":     func(a *deliveries.Attempt) { a.Mode = deliveries.Test },
		"created":  func(a *deliveries.Attempt) { a.CreatedAt = startOfReplay },
	}
	for name, tt := range map[string]struct {
		base  deliveries.Attempt
		other []string // what makes it another attempt
	}{
		"automatic with a number":           {numbered, []string{"source", "event", "endpoint", "number"}},
		"automatic, zero trigger":           {set(func(a *deliveries.Attempt) { a.Trigger = "" }), []string{"source", "event", "endpoint", "number"}},
		"manual with an id":                 {byID, []string{"source", "id"}},
		"automatic without number, with id": {set(func(a *deliveries.Attempt) { a.Number = 0 }), []string{"source", "id", "number"}},
		"manual without an id":              {byStart, []string{"source", "event", "endpoint", "start", "id"}},
		"endpoint known by merchant and url": {set(func(a *deliveries.Attempt) { a.Endpoint = "" }),
			[]string{"source", "event", "endpoint", "number", "merchant", "url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, change := range changes {
				a := tt.base
				change(&a)
				if differs, want := a.Identity() != tt.base.Identity(), slices.Contains(tt.other, what); differs != want {
					t.Errorf("another %s makes another attempt: %t, want %t", what, differs, want)
				}
			}
		})
	}
	if numbered.Identity() == byID.Identity() || byID.Identity() == byStart.Identity() || numbered.Identity() == byStart.Identity() {
		t.Error("two ways of telling attempts apart give one identity")
	}
}

// TestIdentityDoesNotConcatenate moves characters from one field to the next.
func TestIdentityDoesNotConcatenate(t *testing.T) {
	t.Parallel()
	whole := "aaaa\x00\x01\x02bbbb"
	seen := map[[16]byte]string{}
	for i := range len(whole) + 1 {
		for j := i; j <= len(whole); j++ {
			a := deliveries.Attempt{Source: whole[:i], Event: whole[i:j], Endpoint: whole[j:], Merchant: "m", URL: "u", Number: 1}
			cut := fmt.Sprintf("%d %d", i, j)
			if other, ok := seen[a.Identity()]; ok {
				t.Fatalf("cut at %s and at %s give one identity", cut, other)
			}
			seen[a.Identity()] = cut
		}
	}
}

// TestContentHashSeesEveryField changes each field of the struct, also one
// that is added later.
func TestContentHashSeesEveryField(t *testing.T) {
	t.Parallel()
	seen := map[[16]byte]string{usual().ContentHash(): "nothing"}
	for i := range reflect.TypeFor[deliveries.Attempt]().NumField() {
		a := usual()
		name := reflect.TypeFor[deliveries.Attempt]().Field(i).Name
		switch f := reflect.ValueOf(&a).Elem().Field(i); v := f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(v.Add(time.Nanosecond)))
		default:
			if f.Kind() == reflect.String {
				f.SetString(f.String() + "x")
			} else {
				f.SetInt(f.Int() + 1)
			}
		}
		if other, ok := seen[a.ContentHash()]; ok {
			t.Errorf("changing %s gives the hash of changing %s", name, other)
		}
		seen[a.ContentHash()] = name
	}
}

func TestCompareKeepsTheEarlier(t *testing.T) {
	t.Parallel()
	early, late, other := usual(), usual(), usual()
	late.StartedAt = late.StartedAt.Add(1)
	other.Status = 200
	if early.Compare(late) >= 0 || late.Compare(early) <= 0 {
		t.Error("the earlier start is not the lower")
	}
	if early.Compare(usual()) != 0 {
		t.Error("equal attempts are not equal")
	}
	if c := early.Compare(other); c == 0 || c != -other.Compare(early) {
		t.Errorf("the same start: %d and %d", c, other.Compare(early))
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b, c := anyAttempt(rt), anyAttempt(rt), anyAttempt(rt)
		list := []deliveries.Attempt{a, b, c}
		want := slices.MinFunc(list, deliveries.Attempt.Compare)
		for _, l := range [][]deliveries.Attempt{{a, c, b}, {b, a, c}, {b, c, a}, {c, a, b}, {c, b, a}} {
			if got := slices.MinFunc(l, deliveries.Attempt.Compare); got != want {
				rt.Fatalf("the order decides: %+v, %+v", got, want)
			}
		}
	})
}

// anyAttempt draws a valid attempt from few values, so that two drawn are
// often alike.
func anyAttempt(rt *rapid.T) deliveries.Attempt {
	word := rapid.SampledFrom([]string{"a", "b", "ab", "a b", "é", `"\`, strings.Repeat("x", 200)})
	maybe := rapid.SampledFrom([]string{"", "a", "ID_BCA", "日本"})
	moment := rapid.Map(rapid.Int64Range(0, 3), func(n int64) time.Time { return startOfReplay.Add(time.Duration(n) * 1001) })
	a := deliveries.Attempt{
		Source: maybe.Draw(rt, "source"), ID: maybe.Draw(rt, "id"), Merchant: maybe.Draw(rt, "merchant"),
		Endpoint: word.Draw(rt, "endpoint"), URL: maybe.Draw(rt, "url"), Event: word.Draw(rt, "event"),
		Type: maybe.Draw(rt, "type"), Key: maybe.Draw(rt, "key"), Actor: maybe.Draw(rt, "actor"),
		StartedAt: moment.Draw(rt, "start"), Number: rapid.IntRange(0, 1000).Draw(rt, "number"),
		Duration: time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(rt, "duration")),
		Status:   rapid.SampledFrom([]int{0, 100, 200, 503, 999}).Draw(rt, "status"),
		Trigger:  rapid.SampledFrom([]deliveries.Trigger{deliveries.Automatic, deliveries.Manual}).Draw(rt, "trigger"),
		Mode:     rapid.SampledFrom([]deliveries.Mode{deliveries.Live, deliveries.Test}).Draw(rt, "mode"),
	}
	if rapid.Bool().Draw(rt, "created") {
		a.CreatedAt = moment.Draw(rt, "created at")
	}
	if a.Status == 0 {
		a.Error = "timeout"
	}
	return a
}

// pairs writes an attempt as the names and values of a record.
func pairs(t interface{ Fatal(args ...any) }, a deliveries.Attempt) []string {
	list := []string{`"v":1`, fmt.Sprintf(`"duration_ms":%d.%06d`, a.Duration/time.Millisecond, a.Duration%time.Millisecond),
		fmt.Sprintf(`"attempt":%d`, a.Number), fmt.Sprintf(`"status":%d`, a.Status)}
	for name, v := range map[string]any{
		"source": a.Source, "id": a.ID, "merchant": a.Merchant, "endpoint": a.Endpoint, "url": a.URL, "event": a.Event,
		"type": a.Type, "product": a.Product, "channel": a.Channel, "key": a.Key, "actor": a.Actor, "error": a.Error,
		"trigger": a.Trigger, "mode": a.Mode,
		"occurred_at": a.OccurredAt, "created_at": a.CreatedAt, "expires_at": a.ExpiresAt, "started_at": a.StartedAt,
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%q:%s", name, text))
	}
	return list
}

// TestOrderOfFieldsDoesNotMatter also is the round trip: what an attempt says
// can be written and read.
func TestOrderOfFieldsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := anyAttempt(rt)
		fields := rapid.Permutation(pairs(rt, want)).Draw(rt, "fields")
		for got, bad := range deliveries.Decode(strings.NewReader("{"+strings.Join(fields, ",")+"}"), startOfReplay.Add(time.Hour)) {
			if bad != nil {
				rt.Fatal(bad.Reason)
			}
			if got != want || got.Identity() != want.Identity() || got.ContentHash() != want.ContentHash() {
				rt.Fatalf("got  %+v\nwant %+v", got, want)
			}
		}
	})
}

// TestIdentityFollowsItsFields: two attempts are one exactly when the fields
// that name them are equal.
func TestIdentityFollowsItsFields(t *testing.T) {
	t.Parallel()
	name := func(a deliveries.Attempt) [7]string {
		switch start := a.StartedAt.String(); {
		case a.Trigger != deliveries.Manual && a.Number > 0:
			return [7]string{"number", a.Source, a.Event, a.Endpoint, fmt.Sprint(a.Number)}
		case a.ID != "":
			return [7]string{"id", a.Source, a.ID}
		default:
			return [7]string{"start", a.Source, a.Event, a.Endpoint, start}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := anyAttempt(rt), anyAttempt(rt)
		if rapid.Bool().Draw(rt, "same name") {
			b.Source, b.Event, b.Endpoint, b.Number, b.ID = a.Source, a.Event, a.Endpoint, a.Number, a.ID
		}
		if got, want := a.Identity() == b.Identity(), name(a) == name(b); got != want {
			rt.Fatalf("one identity %t, want %t: %v and %v", got, want, name(a), name(b))
		}
	})
}
