package settings

import (
	"strings"
	"testing"
	"time"
)

func from(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

// Nothing set means a healthy process with the port that the program wants.
func TestDefaults(t *testing.T) {
	s, err := Read(from(nil), 9292)
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 9292 || s.FailHealth || s.CrashAfter != 0 || s.StartDelay != 0 || s.WorkInterval != 5*time.Second {
		t.Fatalf("unexpected defaults: %+v", s)
	}
}

// The keys of main-app-config arrive as the types that the program uses.
func TestValues(t *testing.T) {
	s, err := Read(from(map[string]string{"FAIL_HEALTH": "true", "CRASH_AFTER": "5s", "PORT": "80"}), 9292)
	if err != nil {
		t.Fatal(err)
	}
	if !s.FailHealth || s.CrashAfter != 5*time.Second || s.Port != 80 {
		t.Fatalf("unexpected settings: %+v", s)
	}
}

// A value that can't be read is an error that names its key.
func TestErrors(t *testing.T) {
	for name, value := range map[string]string{
		"FAIL_HEALTH": "perhaps", "CRASH_AFTER": "5", "START_DELAY": "-1s", "PORT": "http", "WORK_INTERVAL": "0s",
	} {
		if _, err := Read(from(map[string]string{name: value}), 9292); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: got %v", name, value, err)
		}
	}
}
