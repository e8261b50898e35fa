package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lockKey is the advisory lock of this schema: any number, as long as every release uses the same.
const lockKey = 9292_0001

const undefinedTable = "42P01" // PostgreSQL, Appendix A: error codes

// Apply does every step that is left, each in a transaction of its own, and returns the version before and after.
// Two at once take turns: the second finds nothing left to do. by names the release, say hears what is done.
func Apply(ctx context.Context, conn *pgx.Conn, all []Migration, by string, say func(string)) (from, to int, err error) {
	if err = lock(ctx, conn); err != nil {
		return 0, 0, err
	}
	done, err := history(ctx, conn)
	if err != nil {
		return 0, 0, err
	}
	from = newest(done)
	left, err := Pending(all, done)
	to = from
	for _, m := range left {
		if err = step(ctx, conn, m, by); err != nil {
			return from, to, fmt.Errorf("migration %04d_%s: %w", m.Version, m.Name, err)
		}
		to = max(to, m.Version)
		say(fmt.Sprintf("applied %04d_%s", m.Version, m.Name))
	}
	return from, to, err
}

// lock waits up to a minute, for its turn here and later for the locks of a migration. The connection's end releases it.
func lock(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "SET lock_timeout = '60s'"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
		return fmt.Errorf("another migration holds the lock: %w", err)
	}
	return nil
}

func history(ctx context.Context, conn *pgx.Conn) ([]Applied, error) {
	_, err := conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
		version    integer PRIMARY KEY,
		name       text NOT NULL,
		checksum   text NOT NULL,
		applied_by text NOT NULL,
		applied_at timestamptz NOT NULL DEFAULT now())`)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, "SELECT version, name, checksum FROM schema_migrations ORDER BY version")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Applied])
}

func newest(done []Applied) int {
	if len(done) == 0 {
		return 0
	}
	return done[len(done)-1].Version
}

func step(ctx context.Context, conn *pgx.Conn, m Migration, by string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, m.SQL); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO schema_migrations (version, name, checksum, applied_by) VALUES ($1, $2, $3, $4)",
			m.Version, m.Name, m.Checksum, by)
		return err
	})
}

// Querier is what Version needs: a pool or a connection.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Version returns the newest step that the database has had; 0 before the first.
func Version(ctx context.Context, db Querier) (int, error) {
	var version int
	err := db.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM schema_migrations").Scan(&version)
	if Missing(err) {
		return 0, nil
	}
	return version, err
}

// Missing tells a table that no migration has made yet from other errors.
func Missing(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == undefinedTable
}
