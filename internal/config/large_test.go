package config_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
)

// large writes a configuration with n endpoints, two a merchant, of which bad
// have a fault.
func large(tb testing.TB, n, bad int) string {
	tb.Helper()
	dir := tb.TempDir()
	f, err := os.Create(filepath.Join(dir, "merchants.ndjson"))
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range n / 2 {
		interval := "1m"
		if i < bad {
			interval = "0s"
		}
		fmt.Fprintf(w, `{"id":"m%d","name":"Merchant %d","timezone":"Asia/Jakarta","endpoints":[`+
			`{"id":"m%d-a","url":"https://hooks.m%d.example/payout","products":["PAYOUT"],"token":"token-of-%d","probe":{"level":"ping","interval":"%s"}},`+
			`{"id":"m%d-b","url":"https://hooks.m%d.example/invoice","products":["INVOICE"]}]}`+"\n", i, i, i, i, i, interval, i, i)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(f.Name(), 0o600); err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, "hookvigil.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nmerchants_file: merchants.ndjson\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestMerchantsFileOf10000Endpoints(t *testing.T) {
	t.Parallel()
	cfg, faults := config.Load(large(t, 10_000, 0))
	if len(faults) > 0 || len(cfg.Records.Merchants) != 5_000 || len(cfg.Records.Endpoints) != 10_000 {
		t.Errorf("%d merchants, %d endpoints, %v", len(cfg.Records.Merchants), len(cfg.Records.Endpoints), faults)
	}
}

// TestManyFaultsAreCounted: all are there for a program, 100 for a person.
func TestManyFaultsAreCounted(t *testing.T) {
	t.Parallel()
	path := large(t, 2_000, 900)
	_, faults := config.Load(path)
	if len(faults) != 900 {
		t.Errorf("%d faults, want 900", len(faults))
	}
	text := printed(t, faults)
	if got := strings.Count(text, "probe.interval: 0s is outside"); got != 100 {
		t.Errorf("%d are printed, want 100", got)
	}
	if want := "merchants.ndjson: and 800 more faults like these\n\n900 errors\n"; !strings.HasSuffix(text, want) {
		t.Errorf("got the end %q, want %q", text[len(text)-len(want):], want)
	}
}

func TestLineTooLong(t *testing.T) {
	t.Parallel()
	path := large(t, 2, 0)
	file := filepath.Join(filepath.Dir(path), "merchants.ndjson")
	put(t, file, `{"id":"a"}`+"\n"+`{"id":"`+strings.Repeat("x", 5<<20)+"\"}\n{\"id\":\"b\"}\n", 0o600)
	cfg, faults := config.Load(path)
	if len(faults) != 1 || faults[0].Line != 2 || faults[0].Message != "longer than 4 MiB" || len(cfg.Records.Merchants) != 1 {
		t.Errorf("got %v", faults)
	}
}

func BenchmarkLoad100000Endpoints(b *testing.B) {
	path := large(b, 100_000, 0)
	for b.Loop() {
		if cfg, faults := config.Load(path); len(faults) > 0 || len(cfg.Records.Endpoints) != 100_000 {
			b.Fatal(faults)
		}
	}
}

func BenchmarkDecodeEntry(b *testing.B) {
	line := []byte(`{"id":"m","name":"Merchant","digest":{"to":["ops@m.example"]},"endpoints":[{"id":"m-a","url":"https://hooks.m.example/payout","products":["PAYOUT"],"probe":{"level":"ping","interval":"1m"}}]}`)
	for b.Loop() {
		if _, _, err := config.DecodeEntry(line, false); err != nil {
			b.Fatal(err)
		}
	}
}
