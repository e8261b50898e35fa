// Package health is the page that tells what runs here and whether it may get requests.
package health

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"credreg/internal/release"
	"credreg/internal/settings"
)

// Report is the page's JSON. Schema is null where no database answers.
type Report struct {
	Status      string `json:"status"` // ok, starting, failing, draining, stuck
	Version     string `json:"version"`
	Revision    string `json:"revision"`
	Environment string `json:"environment"`
	Database    string `json:"database"` // none, ok, unreachable
	Schema      *int   `json:"schema"`
}

// Schema asks for the database's schema version.
type Schema func(context.Context) (int, error)

// Page answers /health (readiness) and /live (liveness).
type Page struct {
	settings settings.Settings
	schema   Schema
	alive    func() bool
	started  time.Time
	draining atomic.Bool
}

// New makes a page. schema is nil where there is no database; alive says whether the process still does its work.
func New(s settings.Settings, schema Schema, alive func() bool) *Page {
	return &Page{settings: s, schema: schema, alive: alive, started: time.Now()}
}

// Drain makes /health answer 503 from now on: the process is about to end.
func (p *Page) Drain() { p.draining.Store(true) }

// Routes puts the page on a mux.
func (p *Page) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /health", p.health)
	mux.HandleFunc("GET /live", p.live)
}

func (p *Page) health(w http.ResponseWriter, r *http.Request) {
	report := Report{
		Status:      status(p.settings, time.Since(p.started), p.draining.Load(), p.alive()),
		Version:     release.Version,
		Revision:    release.Revision,
		Environment: p.settings.Environment,
	}
	report.Database, report.Schema = p.database(r.Context())
	answer(w, code(report.Status), report)
}

// live fails only when a restart would help: a failing /health alone must not restart the container.
func (p *Page) live(w http.ResponseWriter, _ *http.Request) {
	if !p.alive() {
		http.Error(w, "stuck", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// status doesn't depend on the database: if it did, one outage of it would take every pod out of the Service.
func status(s settings.Settings, since time.Duration, draining, alive bool) string {
	switch {
	case draining:
		return "draining"
	case !alive:
		return "stuck"
	case s.FailHealth:
		return "failing"
	case since < s.StartDelay:
		return "starting"
	}
	return "ok"
}

func code(status string) int {
	if status == "ok" {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// database asks with less patience than a probe has.
func (p *Page) database(ctx context.Context) (string, *int) {
	if p.schema == nil {
		return "none", nil
	}
	ctx, cancel := context.WithTimeout(ctx, 700*time.Millisecond)
	defer cancel()
	version, err := p.schema(ctx)
	if err != nil {
		return "unreachable", nil
	}
	return "ok", &version
}

func answer(w http.ResponseWriter, code int, report Report) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(report) // the client has gone: nobody is left to tell
}
