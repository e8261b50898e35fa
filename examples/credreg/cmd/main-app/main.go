// main-app is the registry's HTTP side: a page that tells the release on port 9292, and /health.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"credreg/internal/database"
	"credreg/internal/health"
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
		slog.Error("main-app can't go on", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s, err := settings.Read(os.Getenv, 9292)
	if err != nil {
		return err
	}
	schemaVersion, err := schemaOf(ctx, s.DatabaseURL)
	if err != nil {
		return err
	}
	slog.Info("main-app", "version", release.Version, "revision", release.Revision, "environment", s.Environment)
	serve.CrashAfter(s.CrashAfter)
	page := health.New(s, schemaVersion, func() bool { return true })
	mux := http.NewServeMux()
	page.Routes(mux)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "credreg", release.Version) })
	return serve.Until(ctx, s, page, mux)
}

func schemaOf(ctx context.Context, url string) (health.Schema, error) {
	if url == "" {
		return nil, nil
	}
	pool, err := database.Pool(ctx, url)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (int, error) { return schema.Version(ctx, pool) }, nil
}
