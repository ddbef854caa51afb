package deliveries

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// agree holds the two ways to read a record together: whatever scan reads,
// encoding/json reads alike; and whatever encoding/json refuses, scan does.
func agree(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, text []byte) (fast bool) {
	t.Helper()
	var hand, oracle record
	fast = hand.scan(text)
	reason, broken := oracle.unmarshal(text)
	if (broken >= 0) == json.Valid(text) && !strings.HasPrefix(reason, "nested deeper") {
		t.Fatalf("%q: %q, broken at %d, is valid JSON: %t", text, reason, broken, json.Valid(text))
	}
	if !fast {
		return false
	}
	if reason != "" {
		t.Fatalf("%q: read by hand, refused by encoding/json: %s", text, reason)
	}
	for f := range fieldCount {
		if hand[f].shape != oracle[f].shape || !bytes.Equal(hand[f].text, oracle[f].text) {
			t.Fatalf("%q: %s: by hand %s %q, by encoding/json %s %q", text, f, hand[f].shape, hand[f].text, oracle[f].shape, oracle[f].text)
		}
	}
	return true
}

// TestUsualRecordsTakeTheFastPath, or nobody would notice that it is not
// taken.
func TestUsualRecordsTakeTheFastPath(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/replay.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		for name, l := range map[string][]byte{
			"as it is":          line,
			"slashes escaped":   bytes.ReplaceAll(line, []byte("/"), []byte(`\/`)),
			"with a body":       bytes.Replace(line, []byte("{"), []byte(`{"body":"{\"a\":[1]}","headers":{"A":["b"]},`), 1),
			"in other scripts":  bytes.ReplaceAll(line, []byte(`"QR"`), []byte(`"コード"`)),
			"with nulls, blank": bytes.ReplaceAll(line, []byte(`"":`), []byte("\" : \tnull ,\n")),
		} {
			if !agree(t, l) {
				t.Fatalf("%s: %s is not read by hand", name, l)
			}
		}
	}
}

func TestRejectedRecordsAgree(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/rejections.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		agree(t, line)
	}
}

// anyRecord draws a record: known, unknown and misspelt names, some twice;
// values of every shape; blanks anywhere; and often a byte that is wrong.
func anyRecord(rt *rapid.T) []byte {
	blank := rapid.SampledFrom([]string{"", "", "", " ", "\t", "\r\n", " \n "})
	name := rapid.OneOf(rapid.SampledFrom(fieldNames[:]), rapid.SampledFrom([]string{
		"", "Event", "STATUS", "v ", `\u0076`, `event\u0000`, "body", "headers", "é", "\xff", "started_at\x7f", `\"`,
	}))
	scalar := rapid.OneOf(
		rapid.SampledFrom([]string{
			"null", "true", "false", "nul", "True", `""`, `"x"`, `"a\"b"`, `"\\"`, `"\u00e9\/\n"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\x"`,
			"\"\xff\"", "\"\x01\"", `"日本"`, `"2023-11-11T13:00:00Z"`, `"{]"`, "0", "-0", "01", "1.", ".5", "1e", "1e+5", "-", "- 1", "1.50", "+1", "NaN", "",
		}),
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,9})?(e[+-]?[0-9]{1,2})?`),
		rapid.Map(rapid.String(), func(s string) string { b, _ := json.Marshal(s); return string(b) }),
	)
	nested := rapid.OneOf(scalar, rapid.SampledFrom([]string{
		"[]", "{}", "[1,2]", `{"a":{"b":[{}]}}`, `{"a":1,"a":2}`, "[1,]", "{,}", "[}", `{"a"}`, `["]"]`, "[[[[",
		strings.Repeat("[", 31) + strings.Repeat("]", 31), strings.Repeat("[", 32) + strings.Repeat("]", 32),
	}))
	var b strings.Builder
	b.WriteString(blank.Draw(rt, "before") + "{" + blank.Draw(rt, "in"))
	for i := range rapid.IntRange(0, 8).Draw(rt, "fields") {
		if i > 0 {
			b.WriteString("," + blank.Draw(rt, "b1"))
		}
		b.WriteString(`"` + name.Draw(rt, "name") + `"` + blank.Draw(rt, "b2") + ":" + blank.Draw(rt, "b3") + nested.Draw(rt, "value") + blank.Draw(rt, "b4"))
	}
	b.WriteString("}" + blank.Draw(rt, "after"))
	text := []byte(b.String())
	if rapid.IntRange(0, 3).Draw(rt, "spoil") == 0 {
		i := rapid.IntRange(0, len(text)-1).Draw(rt, "at")
		text[i] = rapid.Byte().Draw(rt, "byte")
		text = text[:rapid.IntRange(i, len(text)).Draw(rt, "cut")]
	}
	return text
}

// TestBothWaysAgree runs both on drawn records. A third or so must pass by
// hand, or the test would say little.
func TestBothWaysAgree(t *testing.T) {
	t.Parallel()
	fast, all := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		for range 20 {
			all++
			if agree(rt, anyRecord(rt)) {
				fast++
			}
		}
	})
	if fast*10 < all {
		t.Errorf("only %d of %d records were read by hand", fast, all)
	}
}

type yielded struct {
	a   Attempt
	bad Rejection
}

func collectAll(next func(yield func(Attempt, *Rejection) bool)) (list []yielded) {
	next(func(a Attempt, bad *Rejection) bool {
		y := yielded{a: a}
		if bad != nil {
			y.bad = *bad
		}
		list = append(list, y)
		return true
	})
	return list
}

// slowly reads one record with encoding/json alone.
func slowly(text []byte, now time.Time) (a Attempt, reason string) {
	var r record
	if reason, _ = r.unmarshal(text); reason != "" {
		return a, reason
	}
	return r.attempt(now)
}

// byLines is Decode for one record a line, written with bufio and
// encoding/json alone.
func byLines(input []byte, now time.Time) (list []yielded) {
	input = bytes.TrimPrefix(input, []byte("\ufeff"))
	in := bufio.NewReader(bytes.NewReader(input))
	for at := 1; ; at++ {
		line, err := in.ReadBytes('\n')
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		switch reason := tooLong("line"); {
		case len(line) > maxRecordBytes:
			list = append(list, yielded{bad: Rejection{Line: at, Reason: reason}})
		case len(bytes.Trim(line, " \t\r\n")) > 0:
			var a Attempt
			if a, reason = slowly(line, now); reason != "" {
				list = append(list, yielded{bad: Rejection{Line: at, Reason: reason}})
			} else {
				list = append(list, yielded{a: a})
			}
		}
		if err != nil {
			return list
		}
	}
}

// spreads reports whether the input begins with an object over several lines,
// as encoding/json sees it.
func spreads(input []byte) bool {
	input = bytes.TrimLeft(bytes.TrimPrefix(input, []byte("\ufeff")), " \t\r\n")
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(input)).Decode(&first) != nil {
		return false
	}
	return bytes.IndexByte(first, '\n') >= 0
}

// items reads an array with encoding/json alone: its items up to where it
// breaks, and whether it is whole.
func items(input []byte) (list []json.RawMessage, whole bool) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(input, []byte("\ufeff"))))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	for d.More() {
		var item json.RawMessage
		if d.Decode(&item) != nil {
			return list, false
		}
		list = append(list, item)
	}
	return list, json.Valid(bytes.TrimPrefix(input, []byte("\ufeff")))
}

// FuzzDecode: whatever comes in, Decode does not panic, does not depend on how
// the bytes arrive, agrees with encoding/json, and yields only what keeps the
// bounds.
func FuzzDecode(f *testing.F) {
	for _, path := range []string{"testdata/replay.ndjson", "testdata/rejections.ndjson"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 4000)])
		for line := range bytes.Lines(text) {
			f.Add(line)
			f.Add([]byte("[" + string(line) + ",\n" + string(line) + "]"))
		}
	}
	f.Add([]byte("\ufeff{\n\"event\":\"e\"\n}\n{\n}\n{}"))
	f.Add([]byte(`[{"event":"e"},12 , "x",null,[1]]x`))
	f.Add([]byte(`{"event":"e","event":null,"error":"token=x authorization: y ://a@b?c","status":200,"started_at":1e9,"endpoint":"p"}`))
	f.Add([]byte(strings.Repeat("[", 20000)))
	now := time.Date(2023, 11, 11, 13, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, input []byte) {
		got := collectAll(Decode(bytes.NewReader(input), now))
		same(t, collectAll(Decode(iotest.OneByteReader(bytes.NewReader(input)), now)), got)
		for _, y := range got {
			checkBounds(t, y, now)
		}
		agree(t, input)
		for line := range bytes.Lines(input) {
			agree(t, line)
		}
		switch trimmed := bytes.TrimLeft(bytes.TrimPrefix(input, []byte("\ufeff")), " \t\r\n"); {
		case len(trimmed) == 0:
			same(t, got, nil)
		case trimmed[0] == '[':
			checkArray(t, input, got, now)
		case !spreads(input):
			same(t, got, byLines(input, now))
		}
	})
}

func same(t *testing.T, got, want []yielded) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("item %d:\ngot  %+v\nwant %+v", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
}

// checkArray holds what came of an array against its items.
func checkArray(t *testing.T, input []byte, got []yielded, now time.Time) {
	t.Helper()
	list, whole := items(input)
	if depthOf(input) > 1000 || len(input) > maxRecordBytes {
		return // encoding/json has bounds of its own
	}
	if whole && len(got) != len(list) || !whole && (len(got) < len(list) || len(got) > len(list)+1) {
		t.Fatalf("%d items, whole %t; got %+v", len(list), whole, got)
	}
	if !whole {
		if last := got[len(got)-1]; last.bad.Reason == "" {
			t.Fatalf("a broken array is not told: %+v", got)
		}
		got = got[:len(got)-1]
	}
	for i, y := range got {
		a, reason := slowly(list[i], now)
		if a != y.a && reason == "" || (reason == "") != (y.bad.Reason == "") || !strings.HasSuffix(y.bad.Reason, reason) {
			t.Fatalf("item %d: got %+v, want %+v, %s", i, y, a, reason)
		}
	}
}

// checkBounds holds what Decode promises of everything that it yields.
func checkBounds(t *testing.T, y yielded, now time.Time) {
	t.Helper()
	if y.bad.Reason != "" {
		if y.a != (Attempt{}) || y.bad.Line < 1 || len(y.bad.Reason) > 300 || strings.ContainsFunc(y.bad.Reason, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Fatalf("%+v", y)
		}
		return
	}
	a := y.a
	switch {
	case a.Event == "", a.Endpoint == "" && (a.Merchant == "" || a.URL == ""), a.Status == 0 && a.Error == "":
		t.Fatalf("lacks something: %+v", a)
	case a.Number < 0 || a.Number > maxNumber, a.Status < 0 || a.Status > 999, a.Duration < 0 || a.Duration > maxDuration:
		t.Fatalf("out of bounds: %+v", a)
	case a.StartedAt.Year() < 2000 || a.Completed().Sub(now) > maxAhead || a.StartedAt.Location() != time.UTC:
		t.Fatalf("at no time: %+v", a)
	case a.Trigger != Automatic && a.Trigger != Manual, a.Mode != Live && a.Mode != Test:
		t.Fatalf("unknown word: %+v", a)
	case !a.Outcome(0).Known():
		t.Fatalf("unknown outcome: %+v", a)
	}
	for _, s := range []string{a.Source, a.ID, a.Merchant, a.Endpoint, a.Event, a.Type, a.Product, a.Channel, a.Key, a.Actor, a.Error} {
		if len(s) > maxTextBytes || !utf8.ValidString(s) || checkText([]byte(s), maxTextBytes) != "" {
			t.Fatalf("text %q: %+v", s, a)
		}
	}
	_, _, _ = a.Identity(), a.ContentHash(), a.Kind()
}
