package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

const attemptsPath = "/api/v1/attempts"

// taken is the answer to attempts, good or a problem.
type taken struct {
	Accepted, Duplicate int
	Rejected            []struct {
		Line   int
		Reason string
	}
	RejectedCount int `json:"rejected_count"`
}

func (t taken) lines() []int {
	list := []int{}
	for _, r := range t.Rejected {
		list = append(list, r.Line)
	}
	return list
}

// line makes a record of an attempt that ended just now; more goes before the
// rest of its fields.
func line(event int, more string) string {
	return fmt.Sprintf(`{%s"event":"evt-%d","attempt":1,"started_at":%q,"status":200}`, more, event, time.Now().UTC().Format(time.RFC3339Nano))
}

// lines makes n good records of own-pay.
func lines(n int) string { return linesWith(n, `"channel":"QR",`) }

// fatLines makes n good records of some 2.5 KB in memory: 3,300 are a chunk.
func fatLines(n int) string {
	return linesWith(n, `"url":"https://own.example/`+strings.Repeat("x", 2000)+`",`)
}

func linesWith(n int, more string) string {
	var b strings.Builder
	rest := strings.Replace(line(0, `"endpoint":"own-pay",`+more), `"event":"evt-0",`, "", 1)
	for i := range n {
		b.WriteString(`{"event":"evt-` + strconv.Itoa(i) + `",` + rest[1:] + "\n")
	}
	return b.String()
}

func zstdOf(t *testing.T, s string, opts ...zstd.EOption) string {
	t.Helper()
	var buf bytes.Buffer
	z, err := zstd.NewWriter(&buf, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil { // the size is not told beforehand: the window counts
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func encoding(name string) func(*http.Request) { return header("Content-Encoding", name) }

func TestAttemptsAreTakenInEveryForm(t *testing.T) {
	t.Parallel()
	one, two := line(1, `"endpoint":"own-pay",`), line(2, `"endpoint":"rival-pay",`)
	pretty := strings.ReplaceAll(one, ",", ",\n ")
	for name, tt := range map[string]struct {
		body, encoding string
		want           int
	}{
		"nothing at all":             {"", "", 0},
		"an empty body called gzip":  {"", "gzip", 0},
		"an empty body called zstd":  {"", "zstd", 0},
		"blank lines":                {"\n \n", "", 0},
		"an empty array":             {"[]", "", 0},
		"one object":                 {one, "", 1},
		"one object, several lines":  {pretty, "", 1},
		"a line each":                {one + "\n" + two + "\n", "", 2},
		"an array":                   {"[" + one + ",\n" + two + "]", "", 2},
		"gzip":                       {zipped(t, one+"\n"+two), "gzip", 2},
		"gzip by its old name":       {zipped(t, one), "x-GZIP", 1},
		"two members of gzip":        {zipped(t, one+"\n") + zipped(t, two), "gzip", 2},
		"zstd":                       {zstdOf(t, one+"\n"+two), "zstd", 2},
		"two frames of zstd":         {zstdOf(t, one+"\n") + zstdOf(t, two), "zstd", 2},
		"no compression, said aloud": {one, "identity", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got taken
			w.ask(t, http.MethodPost, attemptsPath, ingestToken, tt.body, encoding(tt.encoding)).into(t, 200, &got)
			if got.Accepted != tt.want || got.Rejected == nil || got.RejectedCount != 0 {
				t.Errorf("got %+v, want %d accepted and an empty list", got, tt.want)
			}
			w.ask(t, http.MethodPost, attemptsPath, ingestToken, tt.body, encoding(tt.encoding)).into(t, 200, &got)
			if got.Accepted != 0 || got.Duplicate != tt.want {
				t.Errorf("repeated: %+v, want %d duplicates", got, tt.want)
			}
			if n := len(w.attempts.all()); n != tt.want {
				t.Errorf("%d were taken, want %d", n, tt.want)
			}
		})
	}
}

func TestAttemptsAreSettledByCallerAndRegistry(t *testing.T) {
	t.Parallel()
	url := `"url":"https://own.example/hook?key=` + storedQuery + `",`
	for name, tt := range map[string]struct {
		token, record              string
		source, endpoint, merchant string // none: rejected
		reason                     string
	}{
		"the token says the source":              {ingestToken, `"endpoint":"own-pay",`, "core", "own-pay", "own", ""},
		"the record says the same":               {ingestToken, `"source":"core","endpoint":"own-pay",`, "core", "own-pay", "own", ""},
		"the record says another":                {ingestToken, `"source":"billing","endpoint":"own-pay",`, "", "", "", `source "billing" is not the token's`},
		"no token for a source":                  {adminToken, `"source":"billing","endpoint":"own-pay",`, "billing", "own-pay", "own", ""},
		"nobody says the source":                 {adminToken, `"endpoint":"own-pay",`, "default", "own-pay", "own", ""},
		"a source that is not taken":             {adminToken, `"source":"closed","endpoint":"own-pay",`, "", "", "", `source "closed" is not configured here`},
		"the registry knows whose it is":         {ingestToken, `"merchant":"rival","endpoint":"own-pay",`, "core", "own-pay", "own", ""},
		"an endpoint that nobody knows":          {ingestToken, `"merchant":"m","endpoint":"new",`, "core", "new", "m", ""},
		"found by merchant and URL":              {ingestToken, `"merchant":"own",` + url, "core", "own-pay", "own", ""},
		"the URL of another merchant":            {ingestToken, `"merchant":"rival",` + url, "core", "", "rival", ""},
		"another URL":                            {ingestToken, `"merchant":"own","url":"https://own.example/hook",`, "core", "", "own", ""},
		"too old":                                {ingestToken, `"endpoint":"own-pay","started_at":"2020-01-01T00:00:00Z",`, "", "", "", "started_at"},
		"a token for the merchant":               {ownAdmin, `"endpoint":"own-pay",`, "default", "own-pay", "own", ""},
		"a token for it, unknown endpoint":       {ownAdmin, `"merchant":"own","endpoint":"new",`, "default", "new", "own", ""},
		"a token for another":                    {ownAdmin, `"endpoint":"rival-pay",`, "", "", "", "the token is not for the merchant"},
		"a token for another, which lies":        {ownAdmin, `"merchant":"own","endpoint":"rival-pay",`, "", "", "", "the token is not for the merchant"},
		"a token for some, a record of nobody":   {ownAdmin, `"endpoint":"new",`, "", "", "", "the token is not for the merchant"},
		"a hostile source is quoted":             {ingestToken, `"source":"<b>\"x","endpoint":"own-pay",`, "", "", "", `source "\u003cb\u003e\"x" is not the token's`},
		"a source that cannot be shown is wrong": {ingestToken, `"source":"a\u202eb","endpoint":"own-pay",`, "", "", "", "cannot be shown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			record := line(1, tt.record)
			if strings.Contains(tt.record, "started_at") {
				record = `{` + tt.record + `"event":"e","status":200}`
			}
			var got taken
			w.ask(t, http.MethodPost, attemptsPath, tt.token, "\n"+record).into(t, 200, &got)
			if tt.reason != "" {
				if got.Accepted != 0 || got.RejectedCount != 1 || !slices.Equal(got.lines(), []int{2}) || !strings.Contains(got.Rejected[0].Reason, tt.reason) {
					t.Errorf("got %+v, want line 2 rejected: %s", got, tt.reason)
				}
				if len(w.attempts.calls()) != 0 {
					t.Error("nothing was to take, and Take was called")
				}
				return
			}
			all := w.attempts.all()
			if got.Accepted != 1 || len(all) != 1 {
				t.Fatalf("got %+v, want one accepted", got)
			}
			if a := all[0]; a.Source != tt.source || a.Endpoint != tt.endpoint || a.Merchant != tt.merchant {
				t.Errorf("source %q, endpoint %q, merchant %q; want %q, %q, %q", a.Source, a.Endpoint, a.Merchant, tt.source, tt.endpoint, tt.merchant)
			}
		})
	}
}

// A record that names no source is of the usual one; where there is none, its
// sender is told what to write.
func TestARecordWithoutASource(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ token, usual, source string }{
		"the only one":               {adminToken, "core", "core"},
		"several, none is usual":     {adminToken, "", ""},
		"the token's goes first":     {ingestToken, "billing", "core"},
		"the token's needs no other": {ingestToken, "", "core"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			w.usual = func() string { return tt.usual }
			var got taken
			w.ask(t, http.MethodPost, attemptsPath, tt.token, line(1, `"endpoint":"own-pay",`)).into(t, 200, &got)
			all := w.attempts.all()
			if tt.source == "" {
				if len(all) != 0 || got.RejectedCount != 1 || !strings.Contains(got.Rejected[0].Reason, `put "source" into the record`) {
					t.Errorf("got %+v, want it refused, and what to write", got)
				}
				return
			}
			if len(all) != 1 || all[0].Source != tt.source {
				t.Errorf("got %+v, taken %+v; want one of %q", got, all, tt.source)
			}
		})
	}
}

func TestRejectedRecordsAreNamedByLine(t *testing.T) {
	t.Parallel()
	good, bad := line(1, `"endpoint":"own-pay",`), line(2, `"source":"other","endpoint":"own-pay",`)
	indented := func(s string) string {
		var buf bytes.Buffer
		if err := json.Indent(&buf, []byte(s), "", "  "); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}
	for name, tt := range map[string]struct {
		body string
		want []int
		good int
	}{
		"a line each":                            {good + "\n" + bad + "\n\nrubbish\n" + bad + "\n" + good, []int{2, 4, 5}, 2},
		"the last line without an end":           {good + "\r\n" + bad, []int{2}, 1},
		"after a byte order mark":                {"\ufeff" + bad, []int{1}, 0},
		"an array in one line":                   {"[" + bad + "," + good + "," + bad + "]", []int{1, 1}, 1},
		"an array, a line each":                  {"[\n" + good + ",\n" + bad + ",\n" + bad + "]", []int{3, 4}, 1},
		"an array, commas in front":              {"[" + good + "\n," + bad + "\n," + bad + "]", []int{2, 3}, 1},
		"an indented array begins at the brace":  {indented("[" + good + "," + bad + "]"), []int{9}, 1},
		"an indented array, brace behind brace":  {strings.ReplaceAll(indented("["+good+","+bad+"]"), "},\n  {", "}, {"), []int{8}, 1},
		"objects over several lines":             {indented(good) + "\n" + indented(bad), []int{8}, 1},
		"a record with a body, and one after it": {`{"x":"` + strings.Repeat("y", 70<<10) + "\"}\n" + bad, []int{1, 2}, 0},
		"an array that breaks":                   {"[" + good + ",\n" + bad + ",\n?", []int{2, 3}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got taken
			w.ask(t, http.MethodPost, attemptsPath, ingestToken, tt.body).into(t, 200, &got)
			if !slices.Equal(got.lines(), tt.want) || got.RejectedCount != len(tt.want) || got.Accepted+got.Duplicate != tt.good {
				t.Errorf("got %+v, want lines %v rejected and %d good", got, tt.want, tt.good)
			}
		})
	}
}

func TestAtMostAThousandRejectionsAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got taken
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, strings.Repeat("rubbish\n", 2500)+line(1, `"endpoint":"own-pay",`)).into(t, 200, &got)
	if got.Accepted != 1 || got.RejectedCount != 2500 || len(got.Rejected) != 1000 || got.Rejected[999].Line != 1000 {
		t.Errorf("accepted %d, rejected %d, listed %d; want 1, 2500, 1000", got.Accepted, got.RejectedCount, len(got.Rejected))
	}
}

func TestRubbishIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	body := zipped(t, line(1, `"endpoint":"own-pay",`)+"\n"+strings.Repeat("x\n", 100_001))
	a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, body, encoding("gzip"))
	p := a.problem(t, 422)
	var got taken
	a.into(t, 422, &got)
	if got.Accepted != 1 || len(w.attempts.all()) != 1 || !strings.Contains(p.Detail, "the first is line 2: not JSON") {
		t.Errorf("got %+v, %q, want one accepted and the first bad line", got, p.Detail)
	}
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, strings.Repeat("x\n", 100_000)).into(t, 200, &got)
	if got.RejectedCount != 100_000 {
		t.Errorf("got %d rejected, want 100000", got.RejectedCount)
	}
}

func TestManyAttemptsAreTakenInChunks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		many, batches  int
		body, encoding string
	}{
		"100,000 in gzip": {100_000, 5, zipped(t, lines(100_000)), "gzip"}, "21,000 in zstd": {21_000, 2, zstdOf(t, lines(21_000)), "zstd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got taken
			w.ask(t, http.MethodPost, attemptsPath, ingestToken, tt.body, encoding(tt.encoding)).into(t, 200, &got)
			if got.Accepted != tt.many || got.RejectedCount != 0 {
				t.Errorf("got %+v, want %d accepted", got, tt.many)
			}
			if calls := w.attempts.calls(); len(calls) < tt.batches || slices.Max(calls) > 20_000 {
				t.Errorf("batches of %v, want at most 20,000 each", calls)
			}
		})
	}
}

func TestBodiesOfAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	good := line(1, `"endpoint":"own-pay",`) + "\n"
	blanks := strings.Repeat(strings.Repeat(" ", 1023)+"\n", 1<<10) // 1 MiB
	for name, tt := range map[string]struct {
		body, encoding string
		want           int
		words          string
	}{
		"a bomb in gzip":                {zipped(t, good) + strings.Repeat(zipped(t, blanks), 33), "gzip", 413, "32 MiB inflated"},
		"a bomb in zstd":                {zstdOf(t, good) + strings.Repeat(zstdOf(t, blanks), 33), "zstd", 413, "32 MiB inflated"},
		"a window over 8 MiB":           {zstdOf(t, good, zstd.WithWindowSize(16<<20)), "zstd", 413, "window"},
		"another compression":           {good, "br", 415, "gzip, zstd"},
		"two compressions":              {good, "gzip, zstd", 415, "gzip, zstd"},
		"no gzip at all":                {strings.Repeat("{}", 100), "gzip", 400, "Content-Encoding"},
		"no zstd at all":                {strings.Repeat("{}", 100), "zstd", 400, "Content-Encoding"},
		"gzip with a wrong checksum":    {brokenAt(zipped(t, good), -6), "gzip", 400, "damaged"},
		"zstd with a wrong checksum":    {brokenAt(zstdOf(t, good), -1), "zstd", 400, "damaged"},
		"rubbish behind gzip":           {zipped(t, good) + strings.Repeat("x", 20), "gzip", 400, "damaged"},
		"gzip that is cut at its end":   {cut(zipped(t, good), 3), "gzip", 400, "broke off"},
		"zstd that is cut at its end":   {cut(zstdOf(t, good), 3), "zstd", 400, "broke off"},
		"gzip that is cut in its head":  {zipped(t, good)[:5], "gzip", 400, "broke off"},
		"zstd that is cut in its head":  {zstdOf(t, good)[:5], "zstd", 400, "broke off"},
		"10 MB of zeros in 10 KB":       {zipped(t, strings.Repeat("\x00", 10_000_000)), "gzip", 200, `"line":1`},
		"10 MB of zeros in zstd":        {zstdOf(t, strings.Repeat("\x00", 10_000_000)), "zstd", 200, `"line":1`},
		"braces as deep as they can be": {strings.Repeat("{", 60<<10), "", 200, `"line":1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens()) // of its own: one caller has a few places
			a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, tt.body, encoding(tt.encoding))
			if tt.want == 200 {
				a.into(t, 200, new(taken))
			} else {
				a.problem(t, tt.want)
			}
			if !strings.Contains(a.body, tt.words) {
				t.Errorf("answer %s, want %q in it", a.body, tt.words)
			}
			if tt.want == 415 && a.header.Get("Accept-Encoding") != "gzip, zstd" {
				t.Errorf("Accept-Encoding %q, want gzip, zstd", a.header.Get("Accept-Encoding"))
			}
		})
	}
}

func cut(s string, n int) string { return s[:len(s)-n] }

// brokenAt changes one byte, counted from the end.
func brokenAt(s string, at int) string {
	b := []byte(s)
	b[len(b)+at] ^= 0xff
	return string(b)
}

func TestWhatStandsBeforeABreakIsDurableAndSaid(t *testing.T) {
	t.Parallel()
	const many = 3_600 // more than a chunk
	whole := fatLines(many)
	blanks := zipped(t, strings.Repeat(strings.Repeat(" ", 1023)+"\n", 1<<10))
	packed := zipped(t, whole)
	damaged := []byte(packed)
	damaged[len(damaged)-6] ^= 0xff
	for name, tt := range map[string]struct {
		body        string
		want        int
		least, most int
	}{
		"a body that is cut":                    {packed[:len(packed)-3], 400, many, many}, // the records are whole
		"a body that is cut in half":            {packed[:len(packed)/2], 400, many / 4, many - 1},
		"a body that inflates to too much":      {packed + strings.Repeat(blanks, 33), 413, many, many},
		"a damaged one, without its last chunk": {string(damaged), 400, 1, many - 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, tt.body, encoding("gzip"))
			p := a.problem(t, tt.want)
			var got taken
			a.into(t, tt.want, &got)
			if got.Accepted != len(w.attempts.all()) || got.Accepted < tt.least || got.Accepted > tt.most {
				t.Errorf("says %d are durable, %d are; want %d to %d", got.Accepted, len(w.attempts.all()), tt.least, tt.most)
			}
			if !strings.Contains(p.Detail, strconv.Itoa(got.Accepted)+" of its records are durable") {
				t.Errorf("detail %q, want how many are durable", p.Detail)
			}
			if got.Accepted > many/2+many/4 {
				return // the repeat of one is enough
			}
			var again taken
			w.ask(t, http.MethodPost, attemptsPath, ingestToken, packed, encoding("gzip")).into(t, 200, &again)
			if again.Duplicate != got.Accepted || again.Accepted != many-got.Accepted {
				t.Errorf("repeated: %+v, want %d duplicates and the rest accepted", again, got.Accepted)
			}
		})
	}
}

func TestRefusalsOfTheLogAreToldWithWhatIsDurable(t *testing.T) {
	t.Parallel()
	small, large := zipped(t, lines(10)), zipped(t, fatLines(3_600)) // more than a chunk
	for name, tt := range map[string]struct {
		err   error
		call  int // that fails; from 1
		want  int
		after string
	}{
		"busy at once":       {ingest.ErrBusy, 1, 429, "1"},
		"busy in the middle": {ingest.ErrBusy, 2, 429, "1"},
		"full":               {ingest.ErrFull, 2, 503, "10"},
		"closed":             {ingest.ErrClosed, 1, 503, "10"},
		"too large":          {ingest.ErrTooLarge, 1, 413, ""},
		"anything else":      {errors.New("MARKER-cause"), 2, 503, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			body := small
			if tt.call > 1 {
				body = large
			}
			w.attempts.fail = func(call int) error {
				if call == tt.call {
					return tt.err
				}
				return nil
			}
			a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, body, encoding("gzip"))
			p := a.problem(t, tt.want)
			var got taken
			a.into(t, tt.want, &got)
			if a.header.Get("Retry-After") != tt.after || strings.Contains(a.body, "MARKER") {
				t.Errorf("Retry-After %q, want %q: %s", a.header.Get("Retry-After"), tt.after, a.body)
			}
			if n := len(w.attempts.all()); got.Accepted != n || (n > 0) != (tt.call > 1) || (n > 0) != strings.Contains(p.Detail, "durable already") {
				t.Errorf("%d are durable, the answer says %+v, %q", n, got, p.Detail)
			}
			if len(w.attempts.calls()) != tt.call {
				t.Errorf("Take was called %d times, want none after the one that failed", len(w.attempts.calls()))
			}
		})
	}
}

func TestWithoutTokensRecordsSayTheirSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var got taken
	w.ask(t, http.MethodPost, attemptsPath, "", line(1, `"source":"billing","endpoint":"own-pay",`)).into(t, 200, &got)
	if all := w.attempts.all(); got.Accepted != 1 || all[0].Source != "billing" {
		t.Errorf("got %+v of %+v, want one of billing", got, all)
	}
}

func TestATokenOfIngestForAMerchantIsBoundToIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []api.Token{{Name: "shop", Role: api.RoleIngest, Source: "shop", Merchants: []string{"own"}, Secret: "MARKER-shop"}})
	var got taken
	w.ask(t, http.MethodPost, attemptsPath, "MARKER-shop", line(1, `"endpoint":"own-pay",`)+"\n"+line(1, `"endpoint":"rival-pay",`)).into(t, 200, &got)
	if got.Accepted != 1 || !slices.Equal(got.lines(), []int{2}) {
		t.Errorf("got %+v, want line 2 rejected", got)
	}
}

// TestOfSeveralEndpointsWithOneURLTheProductDecides also changes what is
// watched in between: an index of before would not do.
func TestOfSeveralEndpointsWithOneURLTheProductDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	hand := func(product, want string) {
		t.Helper()
		record := line(len(w.attempts.all()), `"merchant":"own","product":"`+product+`","url":"https://own.example/void",`)
		w.ask(t, http.MethodPost, attemptsPath, ingestToken, record).into(t, 200, new(taken))
		if all := w.attempts.all(); all[len(all)-1].Endpoint != want {
			t.Errorf("product %q: endpoint %q, want %q", product, all[len(all)-1].Endpoint, want)
		}
	}
	hand("", "own-void")
	hand("VA", "own-void")
	w.ask(t, http.MethodPut, "/api/v1/endpoints/own-new", operatorToken, `{"merchant":"own","url":"https://own.example/void","products":["VA"]}`).into(t, 201, &struct{}{})
	hand("VA", "own-new")
	hand("QR", "")
	hand("", "")
	w.ask(t, http.MethodPut, "/api/v1/endpoints/own-newer", operatorToken, `{"merchant":"own","url":"https://own.example/void","products":["VA"]}`).into(t, 201, &struct{}{})
	hand("VA", "")
}

// What started in a time that is not kept any more is said to be so: a repeat
// could not be told from a new one.
func TestAttemptsOfADayThatWasDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.attempts.floor = time.Now().Add(-48 * time.Hour)
	body := fmt.Sprintf(`{"event":"a","endpoint":"own-pay","started_at":%q,"status":200}`+"\n"+`{"event":"b","endpoint":"own-pay","started_at":%q,"status":200}`,
		time.Now().Add(-72*time.Hour).Format(time.RFC3339), time.Now().Add(-time.Hour).Format(time.RFC3339))
	var got taken
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, body).into(t, 200, &got)
	if got.Accepted != 1 || len(got.Rejected) != 1 || got.Rejected[0].Line != 1 || !strings.Contains(got.Rejected[0].Reason, "no longer kept") {
		t.Errorf("got %+v; want one taken, and why the other is not", got)
	}
}
