// Package serve runs an HTTP server for as long as the process may live, and ends it without cutting a request off.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"credreg/internal/health"
	"credreg/internal/settings"
)

// Until serves mux until ctx is done, then answers /health with 503 for s.DrainFor (so that the endpoints go
// before the server does), then waits for the requests under way.
func Until(ctx context.Context, s settings.Settings, page *health.Page, mux http.Handler) error {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", s.Port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	slog.Info("serving", "address", listener.Addr().String())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return stop(server, page, s.DrainFor)
	}
}

func stop(server *http.Server, page *health.Page, drain time.Duration) error {
	slog.Info("stopping", "drain", drain.String())
	page.Drain()
	time.Sleep(drain)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	slog.Info("stopped")
	return nil
}

// CrashAfter ends the process with exit code 3 after a while, if it was told to.
func CrashAfter(after time.Duration) {
	if after > 0 {
		time.AfterFunc(after, func() {
			slog.Error("crashing, as CRASH_AFTER says", "after", after.String())
			os.Exit(3)
		})
	}
}
