package migrated

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"migrated.internal/client/go/migratedv1"
)

const (
	// How often a call is sent before its failure is told.
	tries = 5
	// Pause before a call to an embedded daemon that is leaving is sent again; each time longer by as much.
	leaving = 50 * time.Millisecond
)

// ask sends a call about a graph: the digest travels, and the folder only where the daemon does not know it.
func ask[T any](
	ctx context.Context, c *Client, call func(api *API, graph *migratedv1.GraphRef) (T, error),
) (T, error) {
	var none T
	folder, err := c.graph.read()
	if err != nil {
		return none, err
	}
	return attempt(ctx, c, folder, true, call)
}

// askOnce is ask for a call that is not safe to repeat where its answer was lost.
func askOnce[T any](
	ctx context.Context, c *Client, call func(api *API, graph *migratedv1.GraphRef) (T, error),
) (T, error) {
	var none T
	folder, err := c.graph.read()
	if err != nil {
		return none, err
	}
	return attempt(ctx, c, folder, false, call)
}

// tell sends a call that means no graph.
func tell[T any](ctx context.Context, c *Client, call func(api *API) (T, error)) (T, error) {
	return attempt(ctx, c, nil, true, func(api *API, _ *migratedv1.GraphRef) (T, error) { return call(api) })
}

func attempt[T any](
	ctx context.Context, c *Client, folder *manifest, repeatable bool,
	call func(api *API, graph *migratedv1.GraphRef) (T, error),
) (T, error) {
	var none T
	for try := 1; ; try++ {
		conn, err := c.wire.connection(ctx)
		if err != nil {
			return none, err
		}
		answer, err := call(services(conn), folder.reference())
		if err == nil {
			return answer, nil
		}
		if err := c.mend(ctx, conn, folder, repeatable, err, try); err != nil {
			return none, err
		}
	}
}

// mend does what lets a call succeed that failed, when it is sent again: brings the folder, or comes back to a daemon
// that left. What nothing mends is the error.
func (c *Client) mend(
	ctx context.Context, conn *grpc.ClientConn, folder *manifest, repeatable bool, cause error, try int,
) error {
	switch {
	case try >= tries || ctx.Err() != nil:
		return cause
	case folder != nil && errors.Is(cause, ReasonManifestUnknown):
		return upload(ctx, services(conn), c.project, folder)
	case c.wire.embedded() && isTransient(cause):
		// It may have left, being idle, between our connecting and our asking. Nothing announces that it is gone: the
		// first time we try at once.
		c.wire.forget(conn)
		return pause(ctx, leaving*time.Duration(try-1))
	case repeatable && try == 1 && isTransient(cause):
		// The connection was cut with the call under way; most often the next one stands.
		return nil
	}
	return cause
}

// isTransient tells whether the same call may succeed later, or elsewhere: the transport failed, or the daemon stops.
func isTransient(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	if e.detailed {
		return e.Reason == ReasonShuttingDown
	}
	if e.cause == nil || errors.Is(e, context.Canceled) || errors.Is(e, context.DeadlineExceeded) {
		return false
	}
	switch status.Code(e.cause) {
	case codes.Unavailable, codes.Unknown, codes.Internal, codes.Canceled:
		return true
	}
	return false
}

// pause waits, or returns the failure of a context that ended meanwhile.
func pause(ctx context.Context, length time.Duration) error {
	if length <= 0 {
		return nil
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return interrupted(ctx.Err())
	}
}
