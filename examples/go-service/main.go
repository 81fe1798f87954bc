// Command go-service keeps notes. It brings its schema along: when it starts it has migrated upgrade the database, and
// it serves once the schema is there. As many replicas may start at once as there are.
//
// DATABASE_URL names the database, LISTEN the address (localhost:8080 without). The daemon is found as migratectl finds
// it: MIGRATECTL_SERVER names one; without, an embedded daemon is started, for which `migrated` has to be on the PATH.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	migrated "migrated.internal/client/go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx); err != nil {
		slog.Error("it cannot go on", "error", err)
		var failure *migrated.Error
		if errors.As(err, &failure) {
			// The exit code tells the platform whether another try can help.
			slog.Error(failure.Detail())
			os.Exit(failure.ExitCode())
		}
		os.Exit(1)
	}
}

func start(ctx context.Context) error {
	address := os.Getenv("LISTEN")
	if address == "" {
		address = "localhost:8080"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	slog.Info("listening", "address", listener.Addr().String())
	service, err := newService(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	return service.run(ctx, listener)
}

// run serves until the context ends, or the schema cannot be brought about.
func (s *service) run(ctx context.Context, listener net.Listener, options ...migrated.Option) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.migrate(ctx, options...); err != nil {
			stop(err)
		}
	}()
	go func() {
		<-ctx.Done()
		leave, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(leave)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return s.database.Close()
}
