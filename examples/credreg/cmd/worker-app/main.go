// worker-app does the jobs that wait in the database, one after the other. Its health page, on port 9293, is for the
// kubelet's probes: /live fails when the loop stands still.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"credreg/internal/database"
	"credreg/internal/health"
	"credreg/internal/jobs"
	"credreg/internal/release"
	"credreg/internal/schema"
	"credreg/internal/serve"
	"credreg/internal/settings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, nil)))
	if err := run(ctx); err != nil {
		slog.Error("worker-app can't go on", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s, err := settings.Read(os.Getenv, 9293)
	if err != nil {
		return err
	}
	w := &worker{every: s.WorkInterval}
	if s.DatabaseURL != "" {
		if w.pool, err = database.Pool(ctx, s.DatabaseURL); err != nil {
			return err
		}
	}
	s.DrainFor = 0 // nobody sends requests here
	slog.Info("worker-app", "version", release.Version, "revision", release.Revision, "environment", s.Environment)
	serve.CrashAfter(s.CrashAfter)
	done := make(chan struct{})
	go func() { defer close(done); w.loop(ctx) }()
	page := health.New(s, nil, w.alive)
	mux := http.NewServeMux()
	page.Routes(mux)
	err = serve.Until(ctx, s, page, mux)
	if ctx.Err() != nil {
		<-done // the job under way ends first
	}
	return err
}

type worker struct {
	pool  *pgxpool.Pool
	every time.Duration
	beat  atomic.Int64 // Unix nanoseconds of the last turn
}

// patience is how long one turn may take beyond the pause: twice a job's own time limit.
const patience, jobLimit = 60 * time.Second, 30 * time.Second

func (w *worker) alive() bool {
	beat := w.beat.Load()
	return beat == 0 || time.Since(time.Unix(0, beat)) < w.every+patience
}

// loop works until ctx is done: a job at once after a job, else after a pause.
func (w *worker) loop(ctx context.Context) {
	for ctx.Err() == nil {
		w.beat.Store(time.Now().UnixNano())
		if w.turn() {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.every):
		}
	}
}

// turn does one job, if there is one. It isn't cancelled by SIGTERM: a job that has begun is finished.
func (w *worker) turn() bool {
	if w.pool == nil {
		slog.Info("no database: nothing to do")
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), jobLimit)
	defer cancel()
	did, err := jobs.DoOne(ctx, w.pool)
	switch {
	case schema.Missing(err):
		slog.Info("waiting for the first migration")
	case err != nil:
		slog.Error("could not read the jobs", "error", err)
	}
	return did
}
