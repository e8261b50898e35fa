// Package release tells which release this binary is. The linker sets both values: see ../../build.
package release

// Version is the tag of the image that this binary was built for; "dev" outside a build.
var Version = "dev"

// Revision is the commit, 40 hex digits; "unknown" outside a build.
var Revision = "unknown"
