package main

import (
	"testing"
	"time"
)

func TestTookIsReadableAtEverySize(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d    time.Duration
		want string
	}{
		"nothing":             {0, "0 ms"},
		"less than nothing":   {-time.Second, "0 ms"},
		"a microsecond":       {time.Microsecond, "under 0.1 ms"},
		"a tenth of a ms":     {100 * time.Microsecond, "0.1 ms"},
		"some milliseconds":   {9540 * time.Microsecond, "9.5 ms"},
		"many milliseconds":   {999 * time.Millisecond, "999 ms"},
		"a second":            {time.Second, "1.00 s"},
		"a sender's patience": {30 * time.Second, "30.00 s"},
	} {
		if got := took(c.d); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLeftSaysHowLongAndOnWhichSide(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 11, 14, 48, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		end  time.Duration
		want string
	}{
		"the last second":       {time.Second, "0 minutes left"},
		"the second after":      {-time.Second, "expired 0 minutes ago"},
		"the end itself":        {0, "expired 0 minutes ago"},
		"a minute":              {time.Minute, "1 minute left"},
		"an hour ago":           {-time.Hour, "expired 1 hour ago"},
		"just under two days":   {48*time.Hour - time.Second, "47 hours left"},
		"two days":              {48 * time.Hour, "2 days left"},
		"two months and a half": {75 * 24 * time.Hour, "75 days left"},
	} {
		if got := left(now, now.Add(c.end)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestShownArgHidesWhatMayBeSecret(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ arg, want string }{
		"plain":              {"good.example", `"good.example"`},
		"a query":            {"https://a.example/?token=x", `"https://a.example/..."`},
		"a fragment":         {"a.example#x", `"a.example..."`},
		"a password":         {"https://me:x@a.example/", `"...@a.example/"`},
		"an at in the query": {"a.example/?m=me@x", `"a.example/..."`},
		"control characters": {"a\x1b[31m\nb", `"a\x1b[31m\nb"`},
		"not UTF-8":          {"a\xff", `"a\xff"`},
	} {
		if got := shownArg(c.arg); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	long := make([]byte, 1000)
	for i := range long {
		long[i] = 'a'
	}
	if got := shownArg(string(long)); len(got) > maxShownArg+5 {
		t.Errorf("a long argument is shown with %d bytes", len(got))
	}
}
