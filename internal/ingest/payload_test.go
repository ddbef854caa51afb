package ingest_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"pgregory.net/rapid"
)

// anyAttempt fills every field there is, by its kind: one that is added to
// Attempt and not to the encoding fails the round trip.
func anyAttempt(rt *rapid.T) (a deliveries.Attempt) {
	v := reflect.ValueOf(&a).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if !rapid.Bool().Draw(rt, name+" is there") {
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(rapid.String().Draw(rt, name))
		case reflect.Int, reflect.Int64:
			f.SetInt(rapid.Int64().Draw(rt, name))
		default:
			f.Set(reflect.ValueOf(anyTime(rt, name)))
		}
	}
	return a
}

func anyTime(rt *rapid.T, name string) time.Time {
	const year1, year9999 = -62135596800, 253402300799
	return time.Unix(rapid.Int64Range(year1, year9999).Draw(rt, name), rapid.Int64Range(0, 999_999_999).Draw(rt, name+" ns")).UTC()
}

func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		received := anyTime(rt, "received")
		want := rapid.SliceOfN(rapid.Custom(anyAttempt), 0, 5).Draw(rt, "attempts")
		b := ingest.AppendPayload(nil, received, want)
		gotReceived, got, err := ingest.DecodePayload(b)
		if err != nil || gotReceived != received || !slices.Equal(got, want) {
			rt.Fatalf("got %v, %+v, %v; want %v, %+v", gotReceived, got, err, received, want)
		}
		for n := range len(b) {
			if _, _, err := ingest.DecodePayload(b[:n]); err == nil {
				rt.Fatalf("the first %d of %d bytes were taken for a payload", n, len(b))
			}
		}
	})
}

func TestPayloadOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	b := ingest.AppendPayload(nil, day, usual("evt", 1))
	b[0] = 2
	if _, _, err := ingest.DecodePayload(b); !is(err, ingest.ErrNewer) {
		t.Errorf("got %v, want ErrNewer", err)
	}
}

func FuzzDecodePayload(f *testing.F) {
	f.Add(ingest.AppendPayload(nil, day, nil))
	f.Add(ingest.AppendPayload(nil, day, usual("evt_1", 1)))
	f.Add(ingest.AppendPayload(nil, time.Time{}, append(usual("evt_2", 2), deliveries.Attempt{})))
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		received, attempts, err := ingest.DecodePayload(b)
		if err != nil {
			if attempts != nil {
				t.Fatalf("%d attempts beside the error %v", len(attempts), err)
			}
			return
		}
		again := ingest.AppendPayload(nil, received, attempts)
		receivedAgain, attemptsAgain, err := ingest.DecodePayload(again)
		if err != nil || receivedAgain != received || !slices.Equal(attemptsAgain, attempts) {
			t.Fatalf("got %v, %+v, %v; want %v, %+v", receivedAgain, attemptsAgain, err, received, attempts)
		}
	})
}
