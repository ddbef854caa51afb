package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

func setSubscription(tb testing.TB, s *store.Store, c subscription.Change) bool {
	tb.Helper()
	changed, err := s.SetSubscription(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return changed
}

// toldTo are the notices about a row, one to each address.
func toldTo(r digest.Row, addresses ...string) []alerting.Notice {
	var lanes []string
	for _, a := range addresses {
		lanes = append(lanes, "mail/"+a)
	}
	list := telling(r, lanes...)
	for i := range list {
		list[i].Recipient = addresses[i]
	}
	return list
}

// ends returns how the notices of a merchant's digests stand, by lane.
func ends(t *testing.T, s *store.Store, subject string) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, n := range outboxOf(t, s, alerting.OutboxFilter{Subject: subject}) {
		states[n.Lane] = strings.TrimSpace(n.State + " " + n.Reason)
	}
	return states
}

const gone = "dropped the address has unsubscribed"

func TestWhoLeavesGetsNothingThatWaits(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	waits, other, next := windowRow("acme", 0, digest.StateWaiting), windowRow("acme/health", 0, digest.StateWaiting), windowRow("acme", 1, digest.StateWaiting)
	alone := windowRow("acme", 2, digest.StateWaiting)
	notices := slices.Concat(toldTo(waits, "Ops@a.example", "b@a.example"), toldTo(other, "ops@a.example"), toldTo(next, "ops@a.example", "b@a.example"), toldTo(alone, "ops@a.example"))
	closeRows(t, s, []digest.Row{waits, other, next, alone}, notices)
	mail := event("mail/ops@a.example", "incident-1", "k1", "high")
	mail.Recipient, mail.Kind = "ops@a.example", alerting.KindMerchant
	enqueue(t, s, mail)

	off := subscription.Change{Merchant: "acme", Address: "OPS@a.example", Off: true, Reason: subscription.OneClick}
	if !setSubscription(t, s, off) || setSubscription(t, s, off) {
		t.Error("to leave changes something once")
	}
	for row, want := range map[string]map[string]string{
		waits.Subject(): {"mail/Ops@a.example": gone, "mail/b@a.example": "waiting"},
		next.Subject():  {"mail/ops@a.example": gone, "mail/b@a.example": "waiting"},
		alone.Subject(): {"mail/ops@a.example": gone},
		other.Subject(): {"mail/ops@a.example": "waiting"}, // of another merchant, whose name begins alike
		"incident-1":    {"mail/ops@a.example": "waiting"},
	} {
		if got := ends(t, s, row); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", row, got, want)
		}
	}
	for row, want := range map[int]digest.State{0: digest.StateWaiting, 1: digest.StateWaiting, 2: digest.StateSuppressed} {
		at := windowRow("acme", row, digest.StateWaiting).Window.Start
		if got := listDigests(t, s, digest.Filter{Merchant: "acme", From: at, To: at.Add(time.Second)}); len(got) != 1 || got[0].State != want {
			t.Errorf("window %d: %+v, want %s", row, got, want)
		}
	}
	for _, c := range claim(t, s, "mail/b@a.example", 0) {
		finish(t, s, c, nil)
	}
	if got := listDigests(t, s, digest.Filter{Merchant: "acme", State: digest.StateSent}); len(got) == 0 {
		t.Error("a window that one address was told of is not sent")
	}
	audit(t, s, "one_click unsubscribe digest_subscription acme/ops@a.example one_click")
	if !setSubscription(t, s, subscription.Change{Merchant: "acme", Address: "ops@A.example", Reason: subscription.Page}) {
		t.Error("to come back changes nothing")
	}
	audit(t, s, "page subscribe digest_subscription acme/ops@a.example page")
	if got := ends(t, s, alone.Subject()); got["mail/ops@a.example"] != gone {
		t.Errorf("what was dropped is back: %v", got)
	}
}

// audit looks at the last row.
func audit(t *testing.T, s *store.Store, want string) {
	t.Helper()
	rows, err := s.Audit(t.Context(), 1)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	if got := strings.Join([]string{rows[0].Actor, rows[0].Action, rows[0].Kind, rows[0].ID, rows[0].Detail}, " "); got != want {
		t.Errorf("the audit says %q, want %q", got, want)
	}
}

// TestWhatWasUnderwayGoesNoSecondTime: neither a try that failed, nor what was
// made as somebody left, nor what a person tries again.
func TestWhatWasUnderwayGoesNoSecondTime(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	sending, late, dead := windowRow("acme", 0, digest.StateWaiting), windowRow("acme", 1, digest.StateWaiting), windowRow("acme", 2, digest.StateWaiting)
	closeRows(t, s, []digest.Row{sending}, toldTo(sending, "ops@a.example"))
	underway := claim(t, s, "mail/ops@a.example", 0)
	closeRows(t, s, []digest.Row{dead}, toldTo(dead, "ops@a.example"))
	buried := claim(t, s, "mail/ops@a.example", 0)
	if len(underway) != 1 || len(buried) != 1 {
		t.Fatalf("claimed %v and %v", underway, buried)
	}
	finish(t, s, buried[0], func(o *alerting.Outcome) { o.Result, o.Class = alerting.ResultDead, alerting.ClassDestination })

	setSubscription(t, s, subscription.Change{Merchant: "acme", Address: "ops@a.example", Off: true, Reason: subscription.Operator, By: "dewi"})
	closeRows(t, s, []digest.Row{late}, toldTo(late, "ops@a.example")) // by a tick that knew nothing of it
	finish(t, s, underway[0], waiting(alerting.ClassTransient, -time.Hour))
	if err := s.RetryNotice(t.Context(), buried[0].ID, "dewi"); err != nil {
		t.Fatal(err)
	}
	list, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "mail/ops@a.example", Owner: "me", Now: time.Now().Add(time.Minute), Limit: 10, Lease: time.Minute})
	if err != nil || len(list) != 0 {
		t.Fatalf("claimed %+v, %v; want nothing", list, err)
	}
	for row, want := range map[*digest.Row]digest.State{&sending: digest.StateSuppressed, &late: digest.StateSuppressed, &dead: digest.StateDead} {
		if got := ends(t, s, row.Subject()); got["mail/ops@a.example"] != gone {
			t.Errorf("%s: %v", row.Subject(), got)
		}
		if got := listDigests(t, s, digest.Filter{Merchant: "acme", From: row.Window.Start, To: row.Window.End}); len(got) != 1 || got[0].State != want {
			t.Errorf("%s: %+v, want %s", row.Subject(), got, want)
		}
	}
}

// TestADigestThatOneRefusesAndAnotherMissesIsDead: suppressed is what nobody
// wanted, and nothing else.
func TestADigestThatOneRefusesAndAnotherMissesIsDead(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		other string // what becomes of the other notice
		want  digest.State
	}{
		"it died":             {"dead", digest.StateDead},
		"a person gave it up": {"drop", digest.StateDead},
		"it was sent":         {"sent", digest.StateSent},
	} {
		s := open(t, t.TempDir())
		r := windowRow("acme", 0, digest.StateWaiting)
		closeRows(t, s, []digest.Row{r}, toldTo(r, "ops@a.example", "b@a.example"))
		setSubscription(t, s, subscription.Change{Merchant: "acme", Address: "ops@a.example", Off: true, Reason: subscription.Page})
		endNotice(t, s, r.Subject(), "mail/b@a.example", tc.other)
		if got := listDigests(t, s, digest.Filter{}); len(got) != 1 || got[0].State != tc.want {
			t.Errorf("%s: %+v, want %s", sentence, got, tc.want)
		}
	}
}

func TestUnsubscribedAreListedInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	begun := time.Now().Add(-time.Minute)
	for i := range 7 {
		setSubscription(t, s, subscription.Change{Merchant: fmt.Sprint("m", i%2), Address: fmt.Sprintf("A%d@x.example", i), Off: true, Reason: subscription.Operator, By: "dewi"})
	}
	shut(t, s)
	s = open(t, dir)
	var pages []string
	for at := (subscription.Place{}); ; {
		rows, err := s.Unsubscribed(t.Context(), subscription.Filter{After: at, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			at = subscription.Place{Merchant: r.Merchant, Address: r.Address}
			pages = append(pages, r.Merchant+" "+r.Address)
			if r.Kind != subscription.KindDigest || r.Reason != subscription.Operator || r.Detail != "dewi" || r.At.Before(begun) {
				t.Errorf("row %+v", r)
			}
		}
	}
	want := []string{"m0 a0@x.example", "m0 a2@x.example", "m0 a4@x.example", "m0 a6@x.example", "m1 a1@x.example", "m1 a3@x.example", "m1 a5@x.example"}
	if !slices.Equal(pages, want) {
		t.Errorf("got %v, want %v", pages, want)
	}
	of, err := s.Unsubscribed(t.Context(), subscription.Filter{Merchant: "m1"})
	if err != nil || len(of) != 3 {
		t.Errorf("of one merchant %v, %v", of, err)
	}
	all, err := s.EveryUnsubscribed(t.Context())
	if err != nil || len(all) != 7 {
		t.Errorf("all are %v, %v", all, err)
	}
	for address, want := range map[string]bool{"A0@X.example": true, "a1@x.example": false} {
		if off, err := s.HasUnsubscribed(t.Context(), "m0", address); err != nil || off != want {
			t.Errorf("%s: %v, %v", address, off, err)
		}
	}
}

// TestWhoLeftStaysGoneWithoutTheMerchant: a record that goes and comes back, or
// is edited, subscribes nobody.
func TestWhoLeftStaysGoneWithoutTheMerchant(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	m := registry.Merchant{ID: "acme", Origin: registry.OriginAPI, Digest: registry.Digest{To: []string{"ops@a.example"}}}
	put := func(d registry.Delta) {
		t.Helper()
		d.Actor = "dewi"
		if err := s.CommitRegistry(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	put(registry.Delta{PutMerchants: []registry.Merchant{m}})
	setSubscription(t, s, subscription.Change{Merchant: "acme", Address: "ops@a.example", Off: true, Reason: subscription.OneClick})
	put(registry.Delta{DropMerchants: []string{"acme"}})
	put(registry.Delta{PutMerchants: []registry.Merchant{m}})
	if off, err := s.HasUnsubscribed(t.Context(), "acme", "ops@a.example"); err != nil || !off {
		t.Errorf("got %v, %v; want it gone still", off, err)
	}
}

func TestASubscriptionNeedsSomebody(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for sentence, c := range map[string]subscription.Change{
		"no merchant":    {Address: "ops@a.example", Off: true, Reason: subscription.Page},
		"no address":     {Merchant: "acme", Off: true, Reason: subscription.Page},
		"another reason": {Merchant: "acme", Address: "ops@a.example", Off: true, Reason: "whim"},
	} {
		if changed, err := s.SetSubscription(t.Context(), c); err == nil || changed {
			t.Errorf("%s: %v, %v; want an error", sentence, changed, err)
		}
	}
	if rows, err := s.Audit(t.Context(), 10); err != nil || len(rows) != 0 {
		t.Errorf("the audit has %v, %v", rows, err)
	}
}

// TestWhoBouncedGetsNothing, is listed once, and comes back by a person's word.
func TestWhoBouncedGetsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	setSubscription(t, s, subscription.Change{Merchant: "acme", Address: "ops@a.example", Off: true, Reason: subscription.Page})
	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, address := range []string{"ops@a.example", "gone@a.example"} {
		if _, err := db.ExecContext(t.Context(), `INSERT INTO unsubscribe (merchant, address, kind, reason, detail, at) VALUES ('acme', ?, 'all', 'bounce', '5.1.1', 1)`, address); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.EveryUnsubscribed(t.Context())
	if err != nil || len(rows) != 2 || rows[0].Address != "gone@a.example" || rows[0].Kind != subscription.KindAll || rows[1].Reason != subscription.Bounce || rows[1].Detail != "5.1.1" {
		t.Errorf("got %+v, %v; want each address once", rows, err)
	}
	r := windowRow("acme", 0, digest.StateWaiting)
	closeRows(t, s, []digest.Row{r}, toldTo(r, "gone@a.example"))
	if got := claim(t, s, "mail/gone@a.example", 0); len(got) != 0 {
		t.Errorf("claimed %+v", got)
	}
	for _, address := range []string{"ops@a.example", "gone@a.example"} {
		setSubscription(t, s, subscription.Change{Merchant: "acme", Address: address, Reason: subscription.Operator, By: "dewi"})
		if off, err := s.HasUnsubscribed(t.Context(), "acme", address); err != nil || off {
			t.Errorf("%s: still gone, %v", address, err)
		}
	}
}

// BenchmarkEveryUnsubscribed is what each tick reads.
func BenchmarkEveryUnsubscribed(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		INSERT INTO unsubscribe (merchant, address, kind, reason, at) SELECT 'm-' || (i % 3000), 'ops' || i || '@x.example', 'digest', 'one_click', i FROM n`); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if rows, err := s.EveryUnsubscribed(b.Context()); err != nil || len(rows) != 10_000 {
			b.Fatal(len(rows), err)
		}
	}
}
