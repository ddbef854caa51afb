package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// takeFunc takes attempts.
type takeFunc func([]deliveries.Attempt) ingest.Taken

func (takeFunc) Floor() time.Time { return time.Time{} }

func (f takeFunc) Take(_ context.Context, _ time.Time, attempts []deliveries.Attempt) (ingest.Taken, error) {
	return f(attempts), nil
}

// BenchmarkAttempts hands in bodies of usual records, without a network and a
// disk. "records/cpu-s" is what one second of a processor decodes and settles.
func BenchmarkAttempts(b *testing.B) {
	snap, _ := registry.Build(testRecords(), registry.DefaultDefaults())
	server := api.New(api.Config{}, api.Deps{
		Registry: &fakeRegistry{records: testRecords(), snap: snap}, Looks: testLooks(), Duties: &fakeDuties{},
		Sources:  func(name string) bool { return name == "core" },
		Attempts: takeFunc(func(list []deliveries.Attempt) ingest.Taken { return ingest.Taken{Accepted: len(list)} }),
	}, slog.New(slog.DiscardHandler))
	for _, many := range []int{100, 1000} {
		var text strings.Builder
		for i := range many {
			fmt.Fprintf(&text, `{"attempt":1,"channel":"QR","duration_ms":238.428,"endpoint":"own-pay","error":"","event":"evt-11-%09d","id":"att-11-%09d",`+
				`"merchant":"own","source":"core","started_at":%q,"status":200,"trigger":"automatic","type":"payment.succeeded",`+
				`"url":"https://own.example/hook","v":1}`+"\n", i, i, time.Now().UTC().Format(time.RFC3339Nano))
		}
		body := text.String()
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			before := cpu(b)
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "http://localhost"+attemptsPath, strings.NewReader(body))
				r.RemoteAddr = "127.0.0.1:5000"
				rec := httptest.NewRecorder()
				server.Handler().ServeHTTP(rec, r)
				if want := fmt.Sprintf(`{"accepted":%d,`, many); rec.Code != http.StatusOK || !strings.HasPrefix(rec.Body.String(), want) {
					b.Fatalf("%d %s, want %s", rec.Code, rec.Body, want)
				}
			}
			b.ReportMetric(float64(many*b.N)/(cpu(b)-before).Seconds(), "records/cpu-s")
		})
	}
}

// cpu is how long this process has computed so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
