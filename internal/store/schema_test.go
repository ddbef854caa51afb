package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openFile(t *testing.T, dir string, s schema) *database {
	t.Helper()
	d, err := openDatabase(t.Context(), dir, s, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// column returns the first column of what q finds.
func column(t *testing.T, db *sql.DB, q string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestTablesAndKeys holds the tables against DESIGN section 10: they are final.
func TestTablesAndKeys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		schema schema
		keys   map[string]string // table: primary key
		unique map[string]string // table: one further unique key
	}{
		"state.db": {stateSchema(), map[string]string{
			"merchant": "id", "endpoint": "id", "unsubscribe": "merchant address kind", "token": "id", "audit": "seq",
			"rule_state": "shard series", "condition": "rule scope episode", "condition_change": "seq", "lease": "shard",
			"incident": "id", "incident_entry": "incident seq", "incident_member": "incident rule scope episode",
			"reconciliation": "incident channel", "cursor": "name", "silence": "id", "maintenance": "id",
			"notice": "id", "thread": "incident lane", "lane": "id", "digest": "merchant kind window_start",
		}, map[string]string{
			"token": "secret_sha256", "condition_change": "rule scope episode number", "condition": "rule scope",
			"incident": "group_key generation", "incident_member": "rule scope episode", "notice": "idem_key",
		}},
		"facts.db": {factsSchema(), map[string]string{
			"open_event": "source event endpoint", "rollup": "slot endpoint", "applied": "log", "dictionary": "kind id",
			"certificate_seen": "kind endpoint address", "last_result": "kind endpoint",
			"tally_minute": "minute scope", "tally_quarter": "slot scope", "rollup_step": "one", "learnt": "kind source",
		}, map[string]string{"dictionary": "kind value"}},
		"an attempts slot": {attemptsSchema("2025-11-11T12.db"), map[string]string{
			"attempt": "id", "word": "id", "replaced": "identity position",
		}, map[string]string{"attempt": "identity", "word": "kind value"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openFile(t, t.TempDir(), tc.schema)
			tables := column(t, d.r, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> ? ORDER BY name`, versionTable)
			if want := slices.Sorted(maps.Keys(tc.keys)); !slices.Equal(tables, want) {
				t.Errorf("tables %v, want %v", tables, want)
			}
			for table, want := range tc.keys {
				if got := strings.Join(column(t, d.r, `SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk`, table), " "); got != want {
					t.Errorf("%s: primary key (%s), want (%s)", table, got, want)
				}
			}
			for table, want := range tc.unique {
				got := column(t, d.r, `SELECT (SELECT group_concat(name, ' ') FROM pragma_index_info(i.name)) FROM pragma_index_list(?) i WHERE i."unique" AND origin <> 'pk'`, table)
				if !slices.Contains(got, want) {
					t.Errorf("%s: unique keys %q, want (%s) among them", table, got, want)
				}
			}
			loose := column(t, d.r, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%' AND name <> ?`, versionTable)
			if len(loose) > 0 {
				t.Errorf("not STRICT: %v", loose)
			}
			for _, table := range tables {
				if text := column(t, d.r, `SELECT sql FROM sqlite_schema WHERE name = ?`, table)[0]; !strings.Contains(text, "-- Writer") {
					t.Errorf("%s: no comment says who writes it", table)
				}
			}
		})
	}
}

func TestConnectionsAreSetUp(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		schema schema
		sync   string
	}{"state.db": {stateSchema(), "2"}, "facts.db": {factsSchema(), "1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openFile(t, t.TempDir(), tc.schema)
			for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": tc.sync, "foreign_keys": "1", "busy_timeout": "5000"} {
				if got := column(t, d.w, "PRAGMA "+pragma)[0]; got != want {
					t.Errorf("%s is %s, want %s", pragma, got, want)
				}
			}
			if _, err := d.r.ExecContext(t.Context(), `DELETE FROM schema_version`); err == nil {
				t.Error("a reading connection can write")
			}
		})
	}
}

func TestMigrationsApplyOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, s := range []schema{stateSchema(), factsSchema(), attemptsSchema("slot.db")} {
		for range 3 {
			d := openFile(t, dir, s)
			if got := column(t, d.r, `SELECT count(*) FROM schema_version WHERE version_id = 1`)[0]; got != "1" {
				t.Errorf("%s: migration 1 was applied %s times", s.file, got)
			}
			if err := d.close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if kept, err := filepath.Glob(filepath.Join(dir, "*.bak*")); err != nil || len(kept) > 0 {
		t.Errorf("copies %v without a migration (%v)", kept, err)
	}
}

// newest is the schema of state.db.
const newest = 2

// grown returns the state schema with one more migration.
func grown(t *testing.T, migration string) schema {
	t.Helper()
	s := stateSchema()
	files, err := fs.Glob(migrations, s.folder+"/*.sql")
	if err != nil || len(files) != newest {
		t.Fatalf("%d migrations, want %d (%v)", len(files), newest, err)
	}
	root := fstest.MapFS{fmt.Sprintf("%s/%04d_more.sql", s.folder, newest+1): {Data: []byte("-- +goose Up\n" + migration)}}
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root[file] = &fstest.MapFile{Data: text}
	}
	s.root = root
	return s
}

func TestAnUpgradeKeepsACopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := openFile(t, dir, stateSchema())
	insertCursor(t, old, "before")
	if err := old.close(); err != nil {
		t.Fatal(err)
	}
	d := openFile(t, dir, grown(t, "ALTER TABLE cursor ADD COLUMN note TEXT;\nCREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;"))
	if got := column(t, d.r, `SELECT name FROM cursor WHERE note IS NULL`); !slices.Equal(got, []string{"before"}) {
		t.Errorf("rows %v after the upgrade", got)
	}
	copied := filepath.Join(dir, fmt.Sprintf("state.db.bak-%d", newest))
	info, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the copy has mode %o, want 600", got)
	}
	restored := t.TempDir()
	if err := os.Rename(copied, filepath.Join(restored, "state.db")); err != nil {
		t.Fatal(err)
	}
	if got := column(t, openFile(t, restored, stateSchema()).r, `SELECT name FROM cursor`); !slices.Equal(got, []string{"before"}) {
		t.Errorf("rows %v in the copy", got)
	}
	if _, err := openDatabase(t.Context(), dir, stateSchema(), quiet()); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("state.db has schema %d, this hookvigil knows %d", newest+1, newest)) {
		t.Errorf("the old binary: %v", err)
	}
}

func TestAFailedUpgradeChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := openFile(t, dir, stateSchema())
	insertCursor(t, old, "before")
	if err := old.close(); err != nil {
		t.Fatal(err)
	}
	bad := grown(t, "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;\nDELETE FROM cursor;\nINSERT INTO nowhere VALUES (1);")
	for range 2 {
		_, err := openDatabase(t.Context(), dir, bad, quiet())
		if want := fmt.Sprintf("migrate state.db to schema %d: SQL logic error: no such table: nowhere (1)", newest+1); err == nil || err.Error() != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
	d := openFile(t, dir, stateSchema())
	if got := column(t, d.r, `SELECT name FROM cursor`); !slices.Equal(got, []string{"before"}) {
		t.Errorf("rows %v, want what was there", got)
	}
}

func insertCursor(t *testing.T, d *database, name string) {
	t.Helper()
	err := d.write(context.WithoutCancel(t.Context()), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO cursor (name, position, at) VALUES (?, 1, 1)`, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestConditionsOfTheFirstReleaseAreKept upgrades a state.db of schema 1.
func TestConditionsOfTheFirstReleaseAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := stateSchema()
	text, err := migrations.ReadFile(first.folder + "/0001_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	first.root = fstest.MapFS{first.folder + "/0001_tables.sql": {Data: text}}
	old := openFile(t, dir, first)
	err = old.write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO condition (rule, scope, episode, shard, epoch, state, severity, since_at, updated_at, evidence)
			VALUES ('endpoint_down', 'endpoint:a', 1, 0, 1, 'pending', 'low', 1, 1, '{}')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.close(); err != nil {
		t.Fatal(err)
	}
	if got := column(t, openFile(t, dir, stateSchema()).r, `SELECT scope || ' on ' || host FROM condition`); !slices.Equal(got, []string{"endpoint:a on "}) {
		t.Errorf("conditions %q after the upgrade", got)
	}
}
