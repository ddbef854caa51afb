package deliveries_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

var update = flag.Bool("update", false, "rewrite golden files")

// decoded is everything that one call of Decode yields, in its order.
type decoded struct {
	good []deliveries.Attempt
	bad  []deliveries.Rejection
}

func decode(r io.Reader, now time.Time) (d decoded) {
	for a, bad := range deliveries.Decode(r, now) {
		if bad != nil {
			d.bad = append(d.bad, *bad)
		} else {
			d.good = append(d.good, a)
		}
	}
	return d
}

// clock is a now after everything in the tests.
var clock = startOfReplay.Add(24 * time.Hour)

// TestDecodeReadsTheReplay counts what the replay's lines say.
func TestDecodeReadsTheReplay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/replay.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	d := decode(bytes.NewReader(text), clock)
	if len(d.bad) > 0 {
		t.Fatal(d.bad)
	}
	outcomes, kinds := map[probes.Fault]int{}, map[deliveries.Kind]int{}
	for _, a := range d.good {
		outcomes[a.Outcome(0)]++
		kinds[a.Kind()]++
	}
	want := map[probes.Fault]int{"none": 139, "tls_handshake": 19, "timeout_response": 10, "http_5xx": 11, "http_404": 3, "reset": 2}
	if fmt.Sprint(outcomes) != fmt.Sprint(want) {
		t.Errorf("outcomes %v, want %v", outcomes, want)
	}
	if kinds[deliveries.KindFirst] != 146 || kinds[deliveries.KindRetry] != 38 || len(kinds) != 2 {
		t.Errorf("kinds %v, want 146 first, 38 retries", kinds)
	}
	first := deliveries.Attempt{
		Source: "core", ID: "att-11-000000001", Merchant: "m-0074", Endpoint: "ep-0074-1", URL: "https://m0074.merchant.test/hooks/1",
		Event: "evt-11-000000000", Type: "payment.succeeded", Channel: "QR", Number: 1, Status: 200,
		StartedAt: time.Date(2023, 11, 11, 13, 0, 0, 892237964, time.UTC), Duration: 55324 * time.Microsecond,
		Trigger: deliveries.Automatic, Mode: deliveries.Live,
	}
	if d.good[0] != first {
		t.Errorf("first\n%+v, want\n%+v", d.good[0], first)
	}
}

// rec makes a record of the usual fields; each change replaces the value of
// its field, or takes the field out when it ends in a colon.
func rec(changes ...string) string {
	names := []string{"event", "endpoint", "started_at", "status"}
	values := map[string]string{"event": `"e"`, "endpoint": `"p"`, "started_at": `"2023-11-11T13:00:00Z"`, "status": "200"}
	for _, c := range changes {
		name, v, _ := strings.Cut(c, ":")
		if _, known := values[name]; !known {
			names = append(names, name)
		}
		values[name] = v
	}
	var fields []string
	for _, n := range names {
		if values[n] != "" {
			fields = append(fields, fmt.Sprintf("%q:%s", n, values[n]))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// TestDecodeTakes is the good side of every boundary; the bad side is in
// testdata/rejections.golden.
func TestDecodeTakes(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	now := startOfReplay
	for name, tt := range map[string]struct {
		in   string
		want func(a *deliveries.Attempt)
	}{
		"the least there is":              {rec(), func(*deliveries.Attempt) {}},
		"merchant and url for endpoint":   {rec("endpoint:", `merchant:"m"`, `url:"https://h/"`), func(a *deliveries.Attempt) { a.Endpoint, a.Merchant, a.URL = "", "m", "https://h/" }},
		"an error for a status":           {rec("status:", `error:"timeout"`), func(a *deliveries.Attempt) { a.Status, a.Error = 0, "timeout" }},
		"status 0 and an error":           {rec("status:0", `error:"timeout"`), func(a *deliveries.Attempt) { a.Status, a.Error = 0, "timeout" }},
		"the lowest status":               {rec("status:100"), func(a *deliveries.Attempt) { a.Status = 100 }},
		"the highest status":              {rec("status:999"), func(a *deliveries.Attempt) { a.Status = 999 }},
		"a status with a fraction of 0":   {rec("status:200.00"), func(*deliveries.Attempt) {}},
		"a status with an exponent":       {rec("status:2e2"), func(*deliveries.Attempt) {}},
		"no number":                       {rec("attempt:0"), func(*deliveries.Attempt) {}},
		"a null number":                   {rec("attempt:null"), func(*deliveries.Attempt) {}},
		"the highest number":              {rec("attempt:1000"), func(a *deliveries.Attempt) { a.Number = 1000 }},
		"duration to the ns":              {rec("duration_ms:55.324001"), func(a *deliveries.Attempt) { a.Duration = 55324001 }},
		"duration below a ns":             {rec("duration_ms:0.0000009"), func(*deliveries.Attempt) {}},
		"duration minus nothing":          {rec("duration_ms:-0.0"), func(*deliveries.Attempt) {}},
		"the longest duration":            {rec(`started_at:"2023-11-10T13:00:00Z"`, "duration_ms:86400000"), func(a *deliveries.Attempt) { a.StartedAt, a.Duration = now.Add(-24*time.Hour), 24*time.Hour }},
		"an offset":                       {rec(`started_at:"2023-11-11T20:00:00.5+07:00"`), func(a *deliveries.Attempt) { a.StartedAt = now.Add(500 * time.Millisecond) }},
		"blanks around a time":            {rec(`started_at:" 2023-11-11T13:00:00Z "`), func(*deliveries.Attempt) {}},
		"seconds":                         {rec("started_at:1699707600"), func(*deliveries.Attempt) {}},
		"seconds with a fraction":         {rec("started_at:1699707600.000001"), func(a *deliveries.Attempt) { a.StartedAt = now.Add(time.Microsecond) }},
		"milliseconds":                    {rec("started_at:1699707600000"), func(*deliveries.Attempt) {}},
		"microseconds":                    {rec("started_at:1699707600000000"), func(*deliveries.Attempt) {}},
		"nanoseconds":                     {rec("started_at:1699707600000000001"), func(a *deliveries.Attempt) { a.StartedAt = now.Add(1) }},
		"five minutes ahead":              {rec(`started_at:"2023-11-11T13:05:00Z"`), func(a *deliveries.Attempt) { a.StartedAt = now.Add(5 * time.Minute) }},
		"ending five minutes ahead":       {rec("duration_ms:300000"), func(a *deliveries.Attempt) { a.Duration = 5 * time.Minute }},
		"the first second of 2000":        {rec(`started_at:"2000-01-01T00:00:00Z"`), func(a *deliveries.Attempt) { a.StartedAt = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"other times may lie ahead":       {rec(`expires_at:"2030-01-01T00:00:00Z"`), func(a *deliveries.Attempt) { a.ExpiresAt = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"all other times":                 {rec("occurred_at:1699707600", "created_at:1699707600000"), func(a *deliveries.Attempt) { a.OccurredAt, a.CreatedAt = now, now }},
		"times that mean none":            {rec(`occurred_at:"0001-01-01T00:00:00Z"`, `created_at:""`, `expires_at:"9999-12-31T23:59:59Z"`), func(*deliveries.Attempt) {}},
		"numbers that mean no time":       {rec("occurred_at:0", "created_at:null", "expires_at:0.0"), func(*deliveries.Attempt) {}},
		"a manual attempt":                {rec(`trigger:"manual"`, `actor:"ops@example.com"`), func(a *deliveries.Attempt) { a.Trigger, a.Actor = deliveries.Manual, "ops@example.com" }},
		"test mode":                       {rec(`mode:"test"`), func(a *deliveries.Attempt) { a.Mode = deliveries.Test }},
		"words that are empty":            {rec(`mode:""`, `trigger:null`), func(*deliveries.Attempt) {}},
		"version 1":                       {rec("v:1"), func(*deliveries.Attempt) {}},
		"version 1.0":                     {rec("v:1.0"), func(*deliveries.Attempt) {}},
		"no version":                      {rec("v:null"), func(*deliveries.Attempt) {}},
		"the longest event":               {rec("event:" + long(256)), func(a *deliveries.Attempt) { a.Event = strings.Repeat("x", 256) }},
		"the longest url":                 {rec("url:" + long(2048)), func(a *deliveries.Attempt) { a.URL = strings.Repeat("x", 2048) }},
		"the longest error":               {rec("error:" + long(256)), func(a *deliveries.Attempt) { a.Error = strings.Repeat("x", 256) }},
		"an error that is cut":            {rec("error:" + long(257)), func(a *deliveries.Attempt) { a.Error = strings.Repeat("x", 256) }},
		"an error cut before a character": {rec(`error:"` + strings.Repeat("x", 255) + `é"`), func(a *deliveries.Attempt) { a.Error = strings.Repeat("x", 255) }},
		"an error with rubbish":           {rec(`error:"a\u0000b\tc\ufffd\u202ed"`), func(a *deliveries.Attempt) { a.Error = "a?b?c??d" }},
		"an error with a secret":          {rec(`error:"Post \"https://h/x?token=s3cr3t\": EOF"`), func(a *deliveries.Attempt) { a.Error = `Post "https://h/x": EOF` }},
		"an actor that is cut":            {rec("actor:" + long(60000)), func(a *deliveries.Attempt) { a.Actor = strings.Repeat("x", 256) }},
		"blanks around texts":             {rec(`event:" e "`, `endpoint:"\tp\n"`), func(*deliveries.Attempt) {}},
		"escapes":                         {rec(`event:"\u0065"`, `url:"https:\/\/h\/?a=1\u0026b=2"`), func(a *deliveries.Attempt) { a.URL = "https://h/?a=1&b=2" }},
		"other scripts":                   {rec(`key:"注文-1"`, `product:"café"`), func(a *deliveries.Attempt) { a.Key, a.Product = "注文-1", "café" }},
		"all other texts": {rec(`source:"s"`, `id:"i"`, `type:"t"`, `product:"P"`, `channel:"C"`, `key:"k"`), func(a *deliveries.Attempt) {
			a.Source, a.ID, a.Type, a.Product, a.Channel, a.Key = "s", "i", "t", "P", "C", "k"
		}},
		"fields that nobody knows": {rec(`headers:{"a":["b",{}]}`, `body:"{\"a\":1}"`, `x:[]`, `y:-1.5e3`, `z:true`), func(*deliveries.Attempt) {}},
		"a name in another case":   {rec(`Event:"other"`, `EVENT:17`), func(*deliveries.Attempt) {}},
		"the last of two":          {`{"event":"x","status":500,` + rec()[1:], func(*deliveries.Attempt) {}},
		"a null after a value":     {rec(`mode:"test"`)[:len(rec(`mode:"test"`))-1] + `,"mode":null}`, func(*deliveries.Attempt) {}},
		"as deep as may be":        {rec("x:" + strings.Repeat("[", 31) + strings.Repeat("]", 31)), func(*deliveries.Attempt) {}},
		"blanks everywhere":        {" \t{ \"event\" :\r\"e\"\t, \"endpoint\":\"p\" ,\"started_at\": 1699707600 , \"status\" : 200 } \t\r", func(*deliveries.Attempt) {}},
		"brackets in strings":      {rec(`x:"}{]["`, `y:"\\\""`), func(*deliveries.Attempt) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := deliveries.Attempt{
				Event: "e", Endpoint: "p", StartedAt: startOfReplay, Status: 200, Trigger: deliveries.Automatic, Mode: deliveries.Live,
			}
			tt.want(&want)
			for form, in := range map[string]string{"line": tt.in + "\n", "array": "[" + tt.in + "]"} {
				got := decode(strings.NewReader(in), now)
				if len(got.bad) > 0 || len(got.good) != 1 || got.good[0] != want {
					t.Errorf("%s %s:\ngot  %+v\nwant %+v", form, tt.in, got, want)
				}
			}
		})
	}
}

// TestDecodeForms reads the same two records however they are wrapped.
func TestDecodeForms(t *testing.T) {
	t.Parallel()
	one, two := rec(`id:"1"`), rec(`id:"2"`)
	pretty := "{\n  \"x\": {\n},\n" + one[1:len(one)-1] + "\n}"
	for name, tt := range map[string]struct {
		in   string
		want string // ids
	}{
		"nothing":                            {"", ""},
		"blanks":                             {" \r\n\t\n", ""},
		"a byte order mark":                  {"\ufeff", ""},
		"an empty array":                     {" [ \n ] \n", ""},
		"lines":                              {one + "\n" + two + "\n", "12"},
		"without a last newline":             {one + "\n" + two, "12"},
		"CRLF":                               {one + "\r\n" + two + "\r\n", "12"},
		"blank lines":                        {"\n \n" + one + "\n\r\n\t\n" + two + "\n\n", "12"},
		"a byte order mark, then lines":      {"\ufeff" + one + "\n" + two, "12"},
		"a single object":                    {one, "1"},
		"a single object over several lines": {pretty + "\n", "1"},
		"several over several lines":         {pretty + "\n" + pretty + pretty + "\n", "111"},
		"over several lines, then lines":     {pretty + "\n" + two + "\n" + one, "121"},
		"an array":                           {"[" + one + "," + two + "]", "12"},
		"an array over lines":                {"\ufeff\n[\n" + one + "\n,\r\n" + two + "\n]\n\n", "12"},
		"an array of spread objects":         {"[" + pretty + ",\n" + pretty + "]", "11"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way, r := range map[string]io.Reader{
				"at once":         strings.NewReader(tt.in),
				"byte by byte":    iotest.OneByteReader(strings.NewReader(tt.in)),
				"data with error": iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				d := decode(r, clock)
				ids := ""
				for _, a := range d.good {
					ids += a.ID
				}
				if len(d.bad) > 0 || ids != tt.want {
					t.Errorf("%s: got %q, %+v; want %q", way, ids, d.bad, tt.want)
				}
			}
		})
	}
}

// TestRejections reads each line of the input alone and within the whole, and
// holds the reasons against the golden file: they are for people.
func TestRejections(t *testing.T) {
	t.Parallel()
	input, err := os.ReadFile("testdata/rejections.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	d := decode(bytes.NewReader(input), startOfReplay)
	var got strings.Builder
	reasons := map[int]string{}
	for _, bad := range d.bad {
		fmt.Fprintf(&got, "%d: %s\n", bad.Line, bad.Reason)
		reasons[bad.Line] = bad.Reason
	}
	golden(t, "testdata/rejections.golden", got.String())
	if len(d.good) != 2 || d.good[0].ID != "first" || d.good[1].ID != "last" {
		t.Errorf("the good lines around the bad: %+v", d.good)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(input), "\n"), "\n") {
		alone := decode(strings.NewReader(line), startOfReplay)
		switch reason, bad := reasons[i+1]; {
		case !bad && len(alone.bad) > 0:
			t.Errorf("line %d is bad only alone: %+v", i+1, alone.bad)
		case bad && !strings.HasPrefix(strings.TrimSpace(line), "[") && (len(alone.bad) != 1 || alone.bad[0].Reason != reason):
			t.Errorf("line %d alone: got %+v, want %s", i+1, alone.bad, reason)
		}
	}
}

// TestBrokenArrays: what came before stands, what is wrong is told where it is.
func TestBrokenArrays(t *testing.T) {
	t.Parallel()
	one := rec(`id:"1"`)
	var got strings.Builder
	for _, in := range []string{
		"[", "[\n\n", "[" + one, "[" + one + ",", "[\n" + one + ",\n]", "[,", "[\n" + one + "\n" + one + "]", "[" + one + ":" + one + "]",
		"[" + one + "]\n\nx", "[" + one + "]]", "[" + one + ",{\"event\":\n\n}," + one + "]", "[" + one + ",nul," + one + "]",
		"[" + one + ",12,\"text\",null,true,[],{}\n," + one + "]", "[" + one + ",\n" + rec("status:99") + "," + one + "]",
		"[" + one + ",{\"event\":\"e", "[" + one + ",{\"event\":]," + one + "]", "[" + one + ",12", "[" + one + ",\x00]", "[" + one + "\x01",
		"[" + one + ",\n" + rec(`x:"`+strings.Repeat("\n", 3)+strings.Repeat("x", 64<<10)+`"`) + ",\n" + one + ",7]",
		"[" + one + ",{\"x\":\"" + strings.Repeat("x", 200<<10),
		"[" + one + "," + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "," + one + "]",
	} {
		d := decode(iotest.OneByteReader(strings.NewReader(in)), clock)
		if at := decode(strings.NewReader(in), clock); fmt.Sprint(at) != fmt.Sprint(d) {
			t.Errorf("%.60q: at once %+v, byte by byte %+v", in, at, d)
		}
		fmt.Fprintf(&got, "%.120q\n  good: %d\n", strings.ReplaceAll(in, one, "<good>"), len(d.good))
		for _, bad := range d.bad {
			fmt.Fprintf(&got, "  %d: %s\n", bad.Line, bad.Reason)
		}
	}
	golden(t, "testdata/arrays.golden", got.String())
}

// TestLongLines is both sides of 64 KiB, with every kind of line's end.
func TestLongLines(t *testing.T) {
	t.Parallel()
	line := func(n int) string { return rec(`x:"` + strings.Repeat("x", n-len(rec(`x:""`))) + `"`) }
	short := rec()
	for _, end := range []string{"\n", "\r\n"} {
		for n, want := range map[int]int{64<<10 - 1: 3, 64 << 10: 3, 64<<10 + 1: 2, 64<<10 + 2: 2, 64<<10 + 3: 2, 1 << 20: 2} {
			for way, in := range map[string]string{
				"first":  line(n) + end + short + end + short + end,
				"middle": short + end + line(n) + end + short + end,
				"last":   short + end + short + end + line(n),
				"ended":  short + end + short + end + line(n) + end,
			} {
				d := decode(strings.NewReader(in), clock)
				if len(d.good) != want || len(d.bad) != 3-want {
					t.Errorf("%s, %d bytes, end %q: %d good, %+v; want %d good", way, n, end, len(d.good), d.bad, want)
				}
			}
		}
	}
	for n, want := range map[int]int{64 << 10: 2, 64<<10 + 1: 1} {
		spread := "{\n" + line(n - 1)[1:]
		for form, in := range map[string]string{"item": "[" + line(n) + "," + short + "]", "spread item": "[" + spread + "," + short + "]", "spread": spread + "\n" + short} {
			if d := decode(strings.NewReader(in), clock); len(d.good) != want || len(d.bad) == 0 != (want == 2) {
				t.Errorf("%s of %d bytes: %d good, %+v; want %d good", form, n, len(d.good), d.bad, want)
			}
		}
	}
	d := decode(strings.NewReader(short+"\n\n"+line(1<<20)+"\n"+line(65537)), clock)
	if len(d.bad) != 2 || d.bad[0].Line != 3 || d.bad[1].Line != 4 || !strings.Contains(d.bad[0].Reason, "longer than 65536 bytes") {
		t.Errorf("got %+v", d.bad)
	}
}

// TestReaderFails: what was complete stands, what was cut is dropped, and the
// error comes back.
func TestReaderFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("gzip: invalid checksum")
	for name, tt := range map[string]struct {
		in   string
		good int
		line int
	}{
		"at once":                {"", 0, 1},
		"between lines":          {rec() + "\n" + rec() + "\n", 2, 3},
		"within a line":          {rec() + "\n" + rec()[:20], 1, 2},
		"behind a complete line": {rec() + "\n" + rec(), 1, 2},
		"within a long line":     {rec() + "\n" + strings.Repeat("x", 1<<20), 1, 2},
		"within an array":        {"[" + rec() + ",\n" + rec() + ",", 2, 2},
		"within an item":         {"[" + rec() + ",\n" + rec()[:20], 1, 2},
		"behind an item":         {"[" + rec(), 1, 1},
		"behind an array":        {"[" + rec() + "]\n", 1, 2},
		"in blanks":              {"\n\n", 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := decode(io.MultiReader(strings.NewReader(tt.in), iotest.ErrReader(broken)), clock)
			if len(d.good) != tt.good || len(d.bad) != 1 || d.bad[0].Line != tt.line || !errors.Is(d.bad[0].Err, broken) {
				t.Fatalf("got %d good and %+v; want %d, line %d", len(d.good), d.bad, tt.good, tt.line)
			}
			if want := `the input could not be read further: "gzip: invalid checksum"`; d.bad[0].Reason != want {
				t.Errorf("got %s, want %s", d.bad[0].Reason, want)
			}
		})
	}
	if d := decode(idle{}, clock); len(d.bad) != 1 || !errors.Is(d.bad[0].Err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %+v", d)
	}
}

// idle reads nothing, for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestDecodeStopsWhenAsked: nothing is read or yielded after a break, wherever
// it comes.
func TestDecodeStopsWhenAsked(t *testing.T) {
	t.Parallel()
	pretty := strings.Replace(rec(), ",", ",\n", 1)
	for _, in := range []string{
		rec() + "\n" + rec() + "\nx\n" + rec(), "x\n" + rec(), pretty + "\n" + pretty + "\n" + rec() + "\n" + rec(),
		"[" + rec() + ",7," + rec() + "]x", strings.Repeat("x", 70000) + "\n" + rec(), "[" + rec() + "x",
	} {
		total := len(decode(strings.NewReader(in), clock).good) + len(decode(strings.NewReader(in), clock).bad)
		for stop := 1; stop <= total; stop++ {
			n := 0
			for range deliveries.Decode(strings.NewReader(in), clock) {
				if n++; n == stop {
					break
				}
			}
			if n != stop {
				t.Errorf("%.40q: stopped after %d, want %d", in, n, stop)
			}
		}
	}
}

// TestDecodeAllocates: one allocation holds the texts of a record.
func TestDecodeAllocates(t *testing.T) {
	text, err := os.ReadFile("testdata/replay.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	records := float64(bytes.Count(text, []byte("\n")))
	allocs := testing.AllocsPerRun(20, func() { count(text) })
	if perRecord := (allocs - 20) / records; perRecord > 1 {
		t.Errorf("%.2f allocations a record (%.0f in all), want at most 1 beside 20", perRecord, allocs)
	}
}

func count(text []byte) (n int) {
	for range deliveries.Decode(bytes.NewReader(text), clock) {
		n++
	}
	return n
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it):\n%s", path, got)
	}
}
