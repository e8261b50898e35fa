//go:build postgres

package schema

import (
	"context"
	"fmt"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
)

// These run on a real PostgreSQL: DATABASE_URL=… go test -tags postgres ./internal/schema

// database returns a function that opens connections to a namespace of the test's own, dropped at its end.
func database(t *testing.T) func() *pgx.Conn {
	t.Helper()
	name := fmt.Sprintf("test_%d", time.Now().UnixNano())
	open := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), os.Getenv("DATABASE_URL"))
		if err != nil {
			t.Fatal(err)
		}
		do(t, conn, "SET search_path = "+name)
		t.Cleanup(func() { conn.Close(context.Background()) })
		return conn
	}
	do(t, open(), "CREATE SCHEMA "+name)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), os.Getenv("DATABASE_URL"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return open
}

func do(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func steps(t *testing.T, sql ...string) []Migration {
	t.Helper()
	all := fstest.MapFS{}
	for i, text := range sql {
		all[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	loaded, err := Load(all)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func quiet(string) {}

func expectVersion(t *testing.T, conn *pgx.Conn, want int) {
	t.Helper()
	if got, err := Version(t.Context(), conn); err != nil || got != want {
		t.Fatalf("version %d, want %d (%v)", got, want, err)
	}
}

// The schema moves through every step, once: before the first it's 0, and a second run finds nothing to do.
func TestApplyIsIdempotent(t *testing.T) {
	conn := database(t)()
	expectVersion(t, conn, 0)
	all := steps(t, "CREATE TABLE a (i int); INSERT INTO a VALUES (1)", "ALTER TABLE a ADD COLUMN j int")
	for run, want := range [][2]int{{0, 2}, {2, 2}} {
		from, to, err := Apply(t.Context(), conn, all, "release", quiet)
		if err != nil || from != want[0] || to != want[1] {
			t.Fatalf("run %d: %d → %d, %v", run+1, from, to, err)
		}
	}
	expectVersion(t, conn, 2)
	do(t, conn, "SELECT i, j FROM a")
}

// A step that fails leaves nothing of itself behind, keeps the steps before it, and stops the ones after it.
func TestApplyUndoesTheFailingStep(t *testing.T) {
	open := database(t)
	all := steps(t, "CREATE TABLE a (i int)", "CREATE TABLE b (i int); SELECT nonsense", "CREATE TABLE c (i int)")
	if _, _, err := Apply(t.Context(), open(), all, "release", quiet); err == nil {
		t.Fatal("no error")
	}
	conn := open()
	expectVersion(t, conn, 1)
	do(t, conn, "CREATE TABLE b (i int)")
	do(t, conn, "CREATE TABLE c (i int)")
}

// Two at once take turns: one does the step, the other finds it done.
func TestApplyTakesTurns(t *testing.T) {
	open := database(t)
	all := steps(t, "CREATE TABLE a (i int); SELECT pg_sleep(0.2)")
	type end struct {
		from int
		err  error
	}
	ends := make(chan end, 2)
	for _, conn := range []*pgx.Conn{open(), open()} {
		go func() {
			from, _, err := Apply(t.Context(), conn, all, "release", quiet)
			conn.Close(context.Background()) // the lock is the connection's
			ends <- end{from, err}
		}()
	}
	first, second := <-ends, <-ends
	if first.err != nil || second.err != nil || first.from+second.from != 1 {
		t.Fatalf("got %+v and %+v", first, second)
	}
}
