// Package migrations holds the schema's history, in the binary. To add a step, add a file:
// NNNN_what_it_does.sql with the next number. A file that was released is never edited.
package migrations

import "embed"

// Files are the migrations, by name.
//
//go:embed *.sql
var Files embed.FS
