//go:build !linux && !darwin

package migrated

import (
	"context"
	"log/slog"
)

// ensureDaemon has nothing to offer here: an embedded daemon is reached over a Unix socket whose peer the kernel names.
func ensureDaemon(context.Context, *config, *slog.Logger) (string, error) {
	return "", own(ReasonEmbeddedStart, "there is no embedded daemon on this system").
		next("name a server with WithServer or MIGRATECTL_SERVER")
}
