//go:build !linux

package bed

import "testing"

// MariaDB is a server that is started on Linux alone.
type MariaDB struct{}

// StartMariaDB skips the test.
func StartMariaDB(tb testing.TB) *MariaDB {
	tb.Helper()
	tb.Skip("MariaDB is started on Linux alone")
	return nil
}

// Database is never reached.
func (*MariaDB) Database(testing.TB) string { return "" }
