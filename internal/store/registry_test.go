package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// full uses every field that an endpoint can have.
func full() registry.Endpoint {
	level, confirm, keep := probes.LevelPing, 0, true
	interval, deadline := registry.Duration(90*time.Second), registry.Duration(10*time.Second)
	return registry.Endpoint{
		ID: "ep-full", Merchant: "m-full", URL: "https://hooks.example.com/a?k=v", Products: []string{"PAYOUT", "QR"},
		Token: "tok-SECRET-1", TokenHeader: "x-token", Signature: probes.SchemeToken,
		Probe: registry.ProbeSpec{Level: &level, Interval: &interval, Confirm: &confirm, KeepAlive: &keep, Body: json.RawMessage(`{"a":[1,2]}`)},
		Certificate: registry.CertificateSpec{WarnBelow: &certificate.Threshold{Share: 0.25}, PageBelow: &certificate.Threshold{Cap: 7 * 24 * time.Hour},
			CAFile: "ca.pem", Pins: []string{"ab"}},
		Schedule: "xendit", Deadline: &deadline, Suspended: true, Origin: registry.OriginAPI,
	}
}

func fullMerchant() registry.Merchant {
	return registry.Merchant{ID: "m-full", Name: "Toko \u202fMaju\x00", Timezone: "Asia/Jakarta", Language: "id",
		Digest: registry.Digest{To: []string{"ops@example.com"}, Mode: "daily"}, Incidents: registry.Contacts{To: []string{"sre@example.com"}}, Origin: registry.OriginSeen}
}

func TestRegistryGivesBackWhatWasStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	m, ep := fullMerchant(), full()
	commit(t, s, registry.Delta{Actor: "admin", PutMerchants: []registry.Merchant{m}, PutEndpoints: []registry.Endpoint{ep}})
	shut(t, s)
	got := records(t, open(t, dir))
	want := registry.Records{Merchants: []registry.Merchant{m}, Endpoints: []registry.Endpoint{ep}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Endpoints[0].Token.Reveal() != "tok-SECRET-1" {
		t.Error("the token is not the one that was given")
	}
}

func TestTokensOfFilesAreNotStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	d := some("f", 1, registry.OriginFile)
	d.PutEndpoints[0].Token = "tok-SECRET-2"
	commit(t, s, d)
	if got := records(t, s).Endpoints[0].Token.Reveal(); got != "" {
		t.Errorf("token %q, want none", got)
	}
	d.PutEndpoints[0].Origin = registry.OriginAPI // it moves from the file to the API, and back
	commit(t, s, d)
	if got := records(t, s).Endpoints[0].Token.Reveal(); got != "tok-SECRET-2" {
		t.Errorf("token %q, want that of the API", got)
	}
	d.PutEndpoints[0].Origin = registry.OriginFile
	commit(t, s, d)
	if got := records(t, s).Endpoints[0].Token.Reveal(); got != "" {
		t.Errorf("token %q, want none again", got)
	}
}

func TestTokensStayInTheirColumn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	ep := full()
	put := func(token probes.Secret) {
		ep.Token = token
		commit(t, s, registry.Delta{Actor: "admin", PutMerchants: []registry.Merchant{fullMerchant()}, PutEndpoints: []registry.Endpoint{ep}})
	}
	put("tok-SECRET-1")
	put("tok-SECRET-3")
	rows, err := s.Audit(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprintf("%+v", rows), "SECRET") {
		t.Errorf("the audit holds a token: %+v", rows)
	}
	if r := rows[0]; r.Action != "update" || r.Detail != "token changed" || r.Before != r.After || r.Before == "" {
		t.Errorf("audit of a new token: %+v", r)
	}
	shut(t, s)
	edit(t, filepath.Join(dir, "state.db"), `UPDATE endpoint SET token = NULL`)
	edit(t, filepath.Join(dir, "state.db"), `VACUUM`)
	b, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("tok-SECRET")) {
		t.Error("a token stands somewhere else than in its column")
	}
}

func TestUnchangedRecordsWriteNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	d := some("a", 550, registry.OriginFile) // more than one chunk
	commit(t, s, d)
	before, err := s.Audit(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	size := walSize(t, dir)
	commit(t, s, d)
	if got := walSize(t, dir); got != size {
		t.Errorf("the write-ahead log grew from %d to %d bytes", size, got)
	}
	d.PutEndpoints[520].Suspended = true
	commit(t, s, d)
	after, err := s.Audit(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if after[0].Seq != before[0].Seq+1 || after[0].ID != d.PutEndpoints[520].ID || after[0].Before == after[0].After {
		t.Errorf("one change left %+v", after)
	}
}

func walSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "state.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestAuditNamesEachChange(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	d := some("a", 1, registry.OriginAPI)
	commit(t, s, d)
	commit(t, s, registry.Delta{Actor: "anna", DropEndpoints: []string{"ep-a-0", "ep-never"}, DropMerchants: []string{"m-a"}})
	rows, err := s.Audit(t.Context(), 0) // cut to one
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v; want one", len(rows), err)
	}
	if rows, err = s.Audit(t.Context(), 1<<30); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s %s %s %s %d>%d", r.Actor, r.Action, r.Kind, r.ID, len(r.Before), len(r.After)))
		if age := time.Since(r.At); age < 0 || age > time.Hour {
			t.Errorf("row %d is from %s", r.Seq, r.At)
		}
	}
	want := []string{"anna delete merchant m-a 64>0", "anna delete endpoint ep-a-0 64>0", "importer create endpoint ep-a-0 0>64", "importer create merchant m-a 0>64"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCommitRegistryIsAllOrNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil func(d *registry.Delta)
		want  string
	}{
		"a record that cannot be written down": {
			func(d *registry.Delta) { d.PutEndpoints[520].Probe.Body = json.RawMessage("{") },
			`commit registry: endpoint "ep-new-520": json`,
		},
		"an endpoint of nobody": {
			func(d *registry.Delta) { d.PutEndpoints[520].Merchant = "m-nobody" },
			`commit registry: endpoint "ep-new-520": there is no merchant "m-nobody"`,
		},
		"an origin that does not exist": {
			func(d *registry.Delta) { d.PutEndpoints[520].Origin = "mars" },
			`commit registry: endpoint "ep-new-520": `,
		},
		"a merchant that still has endpoints": {
			func(d *registry.Delta) { d.DropMerchants = []string{"m-old"} },
			`commit registry: merchant "m-old": it still has endpoints`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			commit(t, s, some("old", 5, registry.OriginAPI))
			before := records(t, s)
			d := some("new", 550, registry.OriginAPI)
			d.DropEndpoints = []string{"ep-old-1"}
			tc.spoil(&d)
			err := s.CommitRegistry(t.Context(), d)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			if got := records(t, s); !reflect.DeepEqual(got, before) {
				t.Errorf("%d merchants and %d endpoints, want what was there", len(got.Merchants), len(got.Endpoints))
			}
			if rows, err := s.Audit(t.Context(), 100); err != nil || len(rows) != 6 {
				t.Errorf("%d audit rows, %v; want the 6 of before", len(rows), err)
			}
		})
	}
}

func TestACancelledCommitLeavesNothing(t *testing.T) {
	t.Parallel()
	stopped := 0
	for n := 400; stopped == 0; n *= 2 { // a commit may be faster than a timer
		stopped = cancelUntilItFits(t, n)
	}
}

// cancelUntilItFits commits n endpoints, in more time after each try that was
// cancelled, and returns how many were.
func cancelUntilItFits(t *testing.T, n int) (stopped int) {
	t.Helper()
	s, d := open(t, t.TempDir()), some("a", n, registry.OriginAPI)
	for wait := time.Millisecond; ; wait *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		err := s.CommitRegistry(ctx, d)
		cancel()
		got := len(records(t, s).Endpoints)
		if err == nil {
			if got != n {
				t.Errorf("committed, and %d endpoints are there", got)
			}
			return stopped
		}
		stopped++
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: got %v, want the context's error", wait, err)
		}
		if got != 0 {
			t.Fatalf("after %s: %d endpoints of a cancelled commit", wait, got)
		}
	}
}

func TestPutsComeBeforeDrops(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	commit(t, s, some("old", 1, registry.OriginAPI))
	d := some("new", 0, registry.OriginAPI)
	moved := some("old", 1, registry.OriginAPI).PutEndpoints[0]
	moved.Merchant = "m-new"
	d.PutEndpoints, d.DropMerchants = append(d.PutEndpoints, moved), []string{"m-old"}
	commit(t, s, d)
	rec := records(t, s)
	if len(rec.Merchants) != 1 || len(rec.Endpoints) != 1 || rec.Endpoints[0].Merchant != "m-new" {
		t.Errorf("got %+v", rec)
	}
}

func TestARecordChangedOnDiskIsDamage(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]string{
		"its text":  `UPDATE endpoint SET spec = replace(spec, 'example.com', 'example.org')`,
		"its token": `UPDATE endpoint SET token = 'other'`,
		"its owner": `UPDATE merchant SET origin = 'seen'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir)
			commit(t, s, some("a", 2, registry.OriginAPI))
			shut(t, s)
			edit(t, filepath.Join(dir, "state.db"), q)
			_, err := open(t, dir).Registry(t.Context())
			if _, ok := errors.AsType[*store.DamagedError](err); !ok {
				t.Errorf("got %v, want a DamagedError", err)
			}
		})
	}
}

func TestVerbsRunBesideEachOther(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	ctx := t.Context()
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	run := func(n int, verb func(i int) error) {
		wg.Go(func() {
			for i := range n {
				if err := verb(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for w := range 4 {
		run(5, func(i int) error {
			return s.CommitRegistry(ctx, some(fmt.Sprintf("%d-%d", w, i), 10, registry.OriginAPI))
		})
		run(5, func(i int) error { return s.SaveLooks(ctx, []store.Look{look(fmt.Sprintf("ep-%d", i))}) })
		run(5, func(i int) error { return s.DropLooks(ctx, []store.Subject{look(fmt.Sprintf("ep-%d", i)).Subject}) })
		run(5, func(int) error { _, err := s.Looks(ctx); return err })
		run(5, func(int) error { _, err := s.Audit(ctx, 10); return err })
		run(5, func(int) error { return s.Check(ctx) })
		run(5, func(int) error {
			rec, err := s.Registry(ctx)
			if err == nil && len(rec.Endpoints) != 10*len(rec.Merchants) {
				err = fmt.Errorf("half a commit was read: %d merchants, %d endpoints", len(rec.Merchants), len(rec.Endpoints))
			}
			return err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if got := len(records(t, s).Endpoints); got != 200 {
		t.Errorf("%d endpoints, want 200", got)
	}
}
