package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

// helperDir names the data directory when this binary was started again by a
// test, as a process that can be killed.
const helperDir = "STORE_TEST_HELPER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		commitForEver(dir)
	}
	os.Exit(m.Run())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), dir, quiet())
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() { shut(tb, s) })
	return s
}

func shut(tb testing.TB, s *store.Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Errorf("Close: %v", err)
	}
}

func commit(tb testing.TB, s *store.Store, d registry.Delta) {
	tb.Helper()
	if err := s.CommitRegistry(tb.Context(), d); err != nil {
		tb.Fatal(err)
	}
}

func records(tb testing.TB, s *store.Store) registry.Records {
	tb.Helper()
	rec, err := s.Registry(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return rec
}

// edit runs q on a file as another program would; the store must be closed.
func edit(tb testing.TB, path, q string) {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(tb.Context(), q); err != nil {
		tb.Fatal(err)
	}
}

// some returns n endpoints of one merchant; batch tells such sets apart.
func some(batch string, n int, origin registry.Origin) registry.Delta {
	m := registry.Merchant{ID: "m-" + batch, Name: "Toko " + batch, Timezone: "Asia/Jakarta", Origin: origin}
	d := registry.Delta{Actor: "importer", PutMerchants: []registry.Merchant{m}}
	interval := registry.Duration(2 * time.Minute)
	for i := range n {
		id := fmt.Sprintf("ep-%s-%d", batch, i)
		d.PutEndpoints = append(d.PutEndpoints, registry.Endpoint{
			ID: id, Merchant: m.ID, URL: "https://hooks.example.com/" + id, Products: []string{"PAYOUT"},
			Probe: registry.ProbeSpec{Interval: &interval}, Origin: origin,
		})
	}
	return d
}

// leave lets a process that is to be killed go so many steps: without it, it
// runs ahead of who reads what it says, as far as that one is slow.
func leave(tb testing.TB, cmd *exec.Cmd, steps int) {
	tb.Helper()
	in, err := cmd.StdinPipe()
	if err == nil {
		_, err = in.Write(make([]byte, steps))
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// awaitLeave waits for the leave to go one step further, or to be killed.
func awaitLeave(tb testing.TB) {
	tb.Helper()
	if _, err := io.ReadFull(os.Stdin, make([]byte, 1)); err != nil {
		tb.Fatal(err)
	}
}

// copyFile copies src into dir.
func copyFile(tb testing.TB, src, dir string) {
	tb.Helper()
	b, err := os.ReadFile(src)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(src)), b, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// commitForEver commits one set after the other and says so, until it is
// killed.
func commitForEver(dir string) {
	ctx := context.Background()
	s, err := store.Open(ctx, dir, quiet())
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	rec, err := s.Registry(ctx)
	for n := len(rec.Merchants); err == nil; n++ {
		if err = s.CommitRegistry(ctx, some(fmt.Sprint(n), setSize, registry.OriginAPI)); err == nil {
			fmt.Println("committed")
		}
	}
	fmt.Println("commit:", err)
	os.Exit(1)
}
