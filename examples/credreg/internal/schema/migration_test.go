package schema

import (
	"strings"
	"testing"
	"testing/fstest"

	"credreg/migrations"
)

func files(names ...string) fstest.MapFS {
	all := fstest.MapFS{}
	for _, name := range names {
		all[name] = &fstest.MapFile{Data: []byte("-- " + name)}
	}
	return all
}

func applied(all []Migration) []Applied {
	var done []Applied
	for _, m := range all {
		done = append(done, Applied{m.Version, m.Name, m.Checksum})
	}
	return done
}

// The released migrations form one unbroken row, and each has content.
func TestReleasedMigrations(t *testing.T) {
	all, err := Load(migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no migration in the binary")
	}
	for _, m := range all {
		if strings.TrimSpace(m.SQL) == "" {
			t.Errorf("%04d_%s is empty", m.Version, m.Name)
		}
	}
}

// Files are read in the order of their numbers.
func TestLoadOrders(t *testing.T) {
	all, err := Load(files("0002_b.sql", "0001_a.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "a" || all[1].Name != "b" || all[1].SQL != "-- 0002_b.sql" {
		t.Fatalf("got %+v", all)
	}
}

// A gap, a number used twice and a name of another form are errors that name the file.
func TestLoadRefuses(t *testing.T) {
	for _, names := range [][]string{{"0002_b.sql"}, {"0001_a.sql", "0001_b.sql"}, {"first.sql"}} {
		if _, err := Load(files(names...)); err == nil || !strings.Contains(err.Error(), names[len(names)-1]) {
			t.Errorf("%v: got %v", names, err)
		}
	}
}

// Only what the database hasn't had is left to do, and nothing the second time.
func TestPending(t *testing.T) {
	all, _ := Load(files("0001_a.sql", "0002_b.sql", "0003_c.sql"))
	left, err := Pending(all, applied(all[:1]))
	if err != nil || len(left) != 2 || left[0].Version != 2 {
		t.Fatalf("got %+v, %v", left, err)
	}
	if left, err = Pending(all, applied(all)); err != nil || len(left) != 0 {
		t.Fatalf("the second time: got %+v, %v", left, err)
	}
}

// An older image leaves a newer schema alone.
func TestPendingWithNewerSchema(t *testing.T) {
	all, _ := Load(files("0001_a.sql", "0002_b.sql"))
	if left, err := Pending(all[:1], applied(all)); err != nil || len(left) != 0 {
		t.Fatalf("got %+v, %v", left, err)
	}
}

// A step that was edited after it was applied is an error.
func TestPendingWithEditedStep(t *testing.T) {
	all, _ := Load(files("0001_a.sql"))
	done := applied(all)
	done[0].Checksum = "another"
	if _, err := Pending(all, done); err == nil {
		t.Fatal("no error")
	}
}
