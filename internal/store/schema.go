package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// The databases of a data directory.
const (
	stateFile = "state.db"
	factsFile = "facts.db"
	logDir    = "log" // of attempts; it is internal/ingest's
)

// versionTable is where goose keeps what was applied.
const versionTable = "schema_version"

// schema says what a database file holds and how it is written.
type schema struct {
	file   string // base name
	sync   string // SQLite's synchronous: FULL or NORMAL
	backup bool   // copied before its tables change
	root   fs.FS  // holds folder
	folder string // of the migrations
}

func stateSchema() schema {
	return schema{file: stateFile, sync: "FULL", backup: true, root: migrations, folder: "migrations/state"}
}

func factsSchema() schema {
	return schema{file: factsFile, sync: "NORMAL", root: migrations, folder: "migrations/facts"}
}

// attemptsSchema is that of the slot file called name. An attempt is in the
// log until its slot is synced.
func attemptsSchema(name string) schema {
	return schema{file: name, sync: "NORMAL", root: migrations, folder: "migrations/attempts"}
}

// provider returns goose bound to db, without its globals.
func (s schema) provider(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(s.root, s.folder)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, folder,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// knows returns the newest schema of this program.
func knows(p *goose.Provider) int64 {
	last := int64(0)
	for _, source := range p.ListSources() {
		last = max(last, source.Version)
	}
	return last
}

// migrate brings db up to date; each migration is one transaction together
// with its version.
func (s schema) migrate(ctx context.Context, db *sql.DB) error {
	p, err := s.provider(db)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("migrate %s: %w", s.file, context.Cause(ctx))
		}
		if failed, ok := errors.AsType[*goose.PartialError](err); ok { // goose's own text repeats the whole statement
			return fmt.Errorf("migrate %s to schema %d: %w", s.file, failed.Failed.Source.Version, rootOf(failed.Err))
		}
		return fmt.Errorf("migrate %s: %s", s.file, oneLine(err.Error()))
	}
	return nil
}

// rootOf returns the innermost error: what SQLite said.
func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// version reads the schema of an existing database; 0 when it has none.
func version(ctx context.Context, db *sql.DB) (int64, error) {
	var v sql.NullInt64
	err := db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+versionTable+" WHERE is_applied = 1").Scan(&v)
	return v.Int64, err
}

// shape lists what verbs rely on: tables with their columns and indexes with
// theirs. It does not compare SQL texts, which a later SQLite may spell
// differently.
func shape(ctx context.Context, db *sql.DB) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, `
		SELECT 'table ' || m.name || ' column ' || c.name || ' ' || c.type || ' ' || c."notnull" || c.pk
			FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'
		UNION ALL
		SELECT 'table ' || i.tbl_name || ' index ' || i.name || ' on ' || coalesce(c.name, '')
			FROM sqlite_schema i JOIN pragma_index_xinfo(i.name) c WHERE i.type = 'index' AND c.key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	parts := map[string]bool{}
	for rows.Next() {
		var part string
		if err := rows.Scan(&part); err != nil {
			return nil, err
		}
		parts[part] = true
	}
	return parts, rows.Err()
}

// wanted returns the shape that the migrations make. They go forward only, so
// that each file is SQL that can be run as it stands.
func (s schema) wanted(ctx context.Context) (map[string]bool, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("open database in memory: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)                            // each connection would have a database of its own
	files, err := fs.Glob(s.root, s.folder+"/*.sql") // sorted: the version leads the name
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(s.root, file)
		if err == nil {
			_, err = db.ExecContext(ctx, string(text))
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	return shape(ctx, db)
}

// backUp copies the database of db, as it stands, to path, whole or not at
// all. A copy of an earlier, interrupted migration is replaced.
func backUp(ctx context.Context, db *sql.DB, path string) error {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // VACUUM INTO would create it 0644
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return errors.New(oneLine(err.Error()))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lacks returns one part of want that have misses, "" when there is none.
func lacks(have, want map[string]bool) string {
	first := ""
	for part := range want {
		if !have[part] && (first == "" || strings.Compare(part, first) < 0) {
			first = part
		}
	}
	return first
}
