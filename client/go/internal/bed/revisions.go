// Package bed holds what the client's tests lie on: revisions, and a proxy that cuts.
package bed

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// Revision writes a revision file: its id, its parent (empty for a base) and its two bodies.
func Revision(id, parent, up, down string) string {
	if parent != "" {
		parent = "-- down_revision: " + parent + "\n"
	}
	return fmt.Sprintf("-- revision: %s\n%s-- message: makes %s\n\n-- migrate:up\n%s\n\n-- migrate:down\n%s\n", id, parent, id, up, down)
}

// Chain returns a folder `migrations` of n revisions r001, r002, …, each of which makes a table.
func Chain(n int) fstest.MapFS {
	folder := fstest.MapFS{}
	parent := ""
	for i := 1; i <= n; i++ {
		id := fmt.Sprintf("r%03d", i)
		up := fmt.Sprintf("CREATE TABLE t%d (id integer PRIMARY KEY);\nINSERT INTO t%d VALUES (%d);", i, i, i)
		Put(folder, id, Revision(id, parent, up, fmt.Sprintf("DROP TABLE t%d;", i)))
		parent = id
	}
	return folder
}

// Put puts a revision file into the folder.
func Put(folder fstest.MapFS, name, text string) {
	folder["migrations/"+name+".sql"] = &fstest.MapFile{Data: []byte(text)}
}

// Write writes the folder below a folder of the disk.
func Write(tb testing.TB, dir string, folder fstest.MapFS) {
	tb.Helper()
	for name, file := range folder {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}

// SQLite returns the URL of a database file of the test's own.
func SQLite(tb testing.TB) string {
	return "sqlite:///" + filepath.ToSlash(filepath.Join(tb.TempDir(), "app.db"))
}
