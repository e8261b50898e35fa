package health

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"credreg/internal/settings"
)

func yes() bool { return true }
func no() bool  { return false }

func get(t *testing.T, page *Page, path string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	page.Routes(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// The first thing that speaks against requests is the status.
func TestStatus(t *testing.T) {
	slow := settings.Settings{StartDelay: time.Minute}
	for _, c := range []struct {
		name            string
		settings        settings.Settings
		since           time.Duration
		draining, alive bool
		want            string
	}{
		{"healthy", settings.Settings{}, 0, false, true, "ok"},
		{"told to fail", settings.Settings{FailHealth: true}, 0, false, true, "failing"},
		{"before its start delay", slow, time.Second, false, true, "starting"},
		{"after its start delay", slow, time.Hour, false, true, "ok"},
		{"its loop stands still", settings.Settings{}, 0, false, false, "stuck"},
		{"about to end", settings.Settings{FailHealth: true}, 0, true, true, "draining"},
	} {
		if got := status(c.settings, c.since, c.draining, c.alive); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// The page tells the release and the schema version.
func TestReport(t *testing.T) {
	page := New(settings.Settings{Environment: "test"}, func(context.Context) (int, error) { return 7, nil }, yes)
	w := get(t, page, "/health")
	var report Report
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusOK || report.Version != "dev" || report.Database != "ok" || *report.Schema != 7 {
		t.Fatalf("got %d %+v", w.Code, report)
	}
}

// A database that doesn't answer is told, without its error's text, and takes no pod out of the Service.
func TestDatabaseOutage(t *testing.T) {
	page := New(settings.Settings{}, func(context.Context) (int, error) { return 0, errors.New("secret") }, yes)
	w := get(t, page, "/health")
	want := `{"status":"ok","version":"dev","revision":"unknown","environment":"","database":"unreachable","schema":null}` + "\n"
	if w.Code != http.StatusOK || w.Body.String() != want {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
}

// Liveness asks for a restart only when the work stands still; readiness also when it was told to fail or drains.
func TestLivenessIsNotReadiness(t *testing.T) {
	failing := New(settings.Settings{FailHealth: true}, nil, yes)
	draining := New(settings.Settings{}, nil, yes)
	draining.Drain()
	stuck := New(settings.Settings{}, nil, no)
	for _, c := range []struct {
		name         string
		page         *Page
		health, live int
	}{{"failing", failing, 503, 204}, {"draining", draining, 503, 204}, {"stuck", stuck, 503, 503}} {
		if got := get(t, c.page, "/health").Code; got != c.health {
			t.Errorf("%s: /health %d, want %d", c.name, got, c.health)
		}
		if got := get(t, c.page, "/live").Code; got != c.live {
			t.Errorf("%s: /live %d, want %d", c.name, got, c.live)
		}
	}
}
