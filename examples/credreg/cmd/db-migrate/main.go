// db-migrate brings the schema of DATABASE_URL to what this image knows. Running it again changes nothing.
// Exit codes: 0 the schema is there, 1 it failed (the step under way was undone), 2 wrong configuration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"credreg/internal/database"
	"credreg/internal/release"
	"credreg/internal/schema"
	"credreg/migrations"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := 0
	if err := run(ctx, os.Getenv("DATABASE_URL")); err != nil {
		fmt.Fprintln(os.Stderr, "db-migrate:", err)
		code = 1
		if errors.Is(err, errConfig) || errors.Is(err, database.ErrURL) {
			code = 2
		}
	}
	stop()
	os.Exit(code)
}

var errConfig = errors.New("wrong configuration")

func run(ctx context.Context, url string) error {
	if url == "" {
		return fmt.Errorf("%w: DATABASE_URL is not set; the Secret app-secrets holds it", errConfig)
	}
	all, err := schema.Load(migrations.Files)
	if err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	fmt.Printf("db-migrate %s (%s) knows %d migration(s)\n", release.Version, release.Revision, len(all))
	conn, err := database.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	began := time.Now()
	from, to, err := schema.Apply(ctx, conn, all, release.Version, func(line string) { fmt.Println(line) })
	if err != nil {
		return err
	}
	fmt.Println(summary(from, to, len(all), time.Since(began)))
	return nil
}

func summary(from, to, known int, took time.Duration) string {
	switch {
	case from > known:
		return fmt.Sprintf("schema %d is newer than this image: nothing to do", from)
	case from == to:
		return fmt.Sprintf("schema %d: nothing to do", to)
	}
	return fmt.Sprintf("schema %d → %d in %s", from, to, took.Round(time.Millisecond))
}
