package main

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"time"

	migrated "migrated.internal/client/go"
)

//go:embed migrations
var folder embed.FS

// migrate brings the database to the schema that this program was built with, and then has the service be ready. A
// daemon that is not there yet is waited for: in a cluster it may start later.
func (s *service) migrate(ctx context.Context, options ...migrated.Option) error {
	options = append([]migrated.Option{migrated.WithFolder(folder), migrated.WithProject("notes")}, options...)
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		outcome, err := migrated.Upgrade(ctx, "head", options...)
		if err == nil {
			slog.Info("the schema is there", "rows", outcome.Rows, "applied", outcome.Applied, "joined", outcome.Joined)
			close(s.ready)
			return nil
		}
		var failure *migrated.Error
		if !errors.As(err, &failure) || !failure.Retryable() {
			return err
		}
		slog.Warn("the schema is not there yet", "error", err, "again in", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
