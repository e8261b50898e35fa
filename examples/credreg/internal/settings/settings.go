// Package settings reads what the environment says: DATABASE_URL comes from the Secret app-secrets, everything
// else from the ConfigMap main-app-config. FAIL_HEALTH, CRASH_AFTER and START_DELAY exist to show rollouts that fail.
package settings

import (
	"fmt"
	"strconv"
	"time"
)

// Settings is the whole configuration of a process.
type Settings struct {
	DatabaseURL  string        // empty: no database
	Environment  string        // test, sandbox, prod; told by /health
	Port         int           // of the health page
	WorkInterval time.Duration // between two looks of the worker at its jobs
	DrainFor     time.Duration // still serving after SIGTERM, until nobody sends requests here any more

	FailHealth bool          // /health answers 503 for ever
	CrashAfter time.Duration // the process exits with 3 after this long; 0: never
	StartDelay time.Duration // /health answers 503 until then
}

// Read returns the settings that get (os.Getenv, say) knows; defaultPort applies where PORT is not set.
func Read(get func(string) string, defaultPort int) (Settings, error) {
	r := reader{get: get}
	s := Settings{
		DatabaseURL:  get("DATABASE_URL"),
		Environment:  get("ENVIRONMENT"),
		Port:         r.number("PORT", defaultPort),
		WorkInterval: r.duration("WORK_INTERVAL", 5*time.Second),
		DrainFor:     r.duration("DRAIN_FOR", 2*time.Second),
		FailHealth:   r.truth("FAIL_HEALTH"),
		CrashAfter:   r.duration("CRASH_AFTER", 0),
		StartDelay:   r.duration("START_DELAY", 0),
	}
	if r.err == nil && s.WorkInterval == 0 {
		r.err = fmt.Errorf("WORK_INTERVAL is 0: give a time such as 5s")
	}
	return s, r.err
}

// reader keeps the first error, so that Read is one list.
type reader struct {
	get func(string) string
	err error
}

func (r *reader) duration(name string, fallback time.Duration) time.Duration {
	return parse(r, name, fallback, func(text string) (time.Duration, error) {
		value, err := time.ParseDuration(text)
		if err == nil && value < 0 {
			err = fmt.Errorf("less than nothing")
		}
		return value, err
	})
}

func (r *reader) number(name string, fallback int) int {
	return parse(r, name, fallback, strconv.Atoi)
}

func (r *reader) truth(name string) bool {
	return parse(r, name, false, strconv.ParseBool)
}

func parse[T any](r *reader, name string, fallback T, read func(string) (T, error)) T {
	text := r.get(name)
	if text == "" {
		return fallback
	}
	value, err := read(text)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s is %q: %w", name, text, err)
	}
	return value
}
