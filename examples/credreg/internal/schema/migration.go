// Package schema moves a database's schema through its migrations, in order, each once.
package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
)

// Migration is one step of the schema: a file NNNN_name.sql.
type Migration struct {
	Version  int
	Name     string
	SQL      string
	Checksum string // hex sha256 of the SQL
}

// Applied is a step that a database has had already.
type Applied struct {
	Version  int
	Name     string
	Checksum string
}

var fileName = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.sql$`)

// Load reads every .sql file of files, in order. A name of another form, a gap or a number used twice is an error.
func Load(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []Migration
	for _, name := range names {
		m, err := read(files, name)
		if err != nil {
			return nil, err
		}
		if m.Version != len(all)+1 {
			return nil, fmt.Errorf("%s: the next migration's number is %04d", name, len(all)+1)
		}
		all = append(all, m)
	}
	return all, nil
}

func read(files fs.FS, name string) (Migration, error) {
	parts := fileName.FindStringSubmatch(name)
	if parts == nil {
		return Migration{}, fmt.Errorf("%s: a migration's name is NNNN_what_it_does.sql", name)
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return Migration{}, err
	}
	version, err := strconv.Atoi(parts[1])
	sum := sha256.Sum256(content)
	return Migration{version, parts[2], string(content), hex.EncodeToString(sum[:])}, err
}

// Pending returns the steps that are left to do. A released step that was edited since is an error: nobody could say
// what the schema is. Steps that the database has and this image doesn't know are left alone: a newer image made them.
func Pending(all []Migration, done []Applied) ([]Migration, error) {
	applied := map[int]Applied{}
	for _, a := range done {
		applied[a.Version] = a
	}
	var left []Migration
	for _, m := range all {
		a, ok := applied[m.Version]
		switch {
		case !ok:
			left = append(left, m)
		case a.Checksum != m.Checksum:
			return nil, fmt.Errorf("migration %04d was applied as %s with other content; add a new migration instead", m.Version, a.Name)
		}
	}
	return left, nil
}
