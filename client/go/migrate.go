package migrated

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"migrated.internal/client/go/migratedv1"
)

// RunOption says how a run goes about its work.
type RunOption func(*runSettings)

type runSettings struct {
	options  *migratedv1.RunOptions
	purge    bool
	rehearse bool
	after    uint64
}

// RequestID gives the request a name of the caller's own: the same id twice is one run, even from two processes.
// Without, each call makes one up.
func RequestID(id string) RunOption { return func(s *runSettings) { s.options.RequestId = id } }

// LockWait says how long to wait for another run on the target; 15 minutes without.
func LockWait(wait time.Duration) RunOption {
	return func(s *runSettings) { s.options.LockWait = durationpb.New(wait) }
}

// Deadline bounds the whole run. The end of a context does not: it only ends the watching.
func Deadline(bound time.Duration) RunOption {
	return func(s *runSettings) { s.options.Deadline = durationpb.New(bound) }
}

// SessionPerRevision does each revision's work on a fresh connection.
func SessionPerRevision() RunOption {
	return func(s *runSettings) { s.options.Session = migratedv1.SessionMode_SESSION_MODE_REVISION }
}

// SessionPerRun does the run's work on one fresh connection, which is reset between revisions.
func SessionPerRun() RunOption {
	return func(s *runSettings) { s.options.Session = migratedv1.SessionMode_SESSION_MODE_RUN }
}

// PerRunTransaction puts one transaction around the whole run.
func PerRunTransaction() RunOption {
	return func(s *runSettings) { s.options.PerRunTransaction = true }
}

// Rehearse has an upgrade execute everything in one transaction and roll it back (on MySQL and MariaDB: in a copy of the
// schema without rows): what would fail is found, and nothing is changed. Warnings with the reason NOT_REHEARSED tell what was left out.
func Rehearse() RunOption { return func(s *runSettings) { s.rehearse = true } }

// Purge has a stamp forget all version rows first, whatever they are.
func Purge() RunOption { return func(s *runSettings) { s.purge = true } }

// After has Watch begin behind the event of that number.
func After(sequence uint64) RunOption { return func(s *runSettings) { s.after = sequence } }

func (c *Client) runSettings(options []RunOption) *runSettings {
	s := &runSettings{options: &migratedv1.RunOptions{RequestId: newID(), Actor: c.config.actor()}}
	for _, option := range options {
		option(s)
	}
	return s
}

// Upgrade brings the target up to a revision: an id or the beginning of one, head, heads, +N, REV+N, LABEL@head. It
// returns when the run stands, or another one was joined; the run is then read by [Run.Events] or [Run.Wait].
func (c *Client) Upgrade(ctx context.Context, revision string, options ...RunOption) (*Run, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	s := c.runSettings(options)
	return c.startWithBodies(ctx, s, func(ctx context.Context, api *API, graph *migratedv1.GraphRef) (receive, error) {
		return updates(api.Migrations.Upgrade(ctx, &migratedv1.UpgradeRequest{
			Project: c.project, Graph: graph, Target: target, Revision: revision, Options: s.options, Rehearse: s.rehearse,
		}))
	})
}

// Downgrade takes revisions back, down to one that remains: an id, base, -N.
func (c *Client) Downgrade(ctx context.Context, revision string, options ...RunOption) (*Run, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	s := c.runSettings(options)
	return c.startWithBodies(ctx, s, func(ctx context.Context, api *API, graph *migratedv1.GraphRef) (receive, error) {
		return updates(api.Migrations.Downgrade(ctx, &migratedv1.DowngradeRequest{
			Project: c.project, Graph: graph, Target: target, Revision: revision, Options: s.options,
		}))
	})
}

// Stamp sets the version rows without running anything.
func (c *Client) Stamp(ctx context.Context, revisions []string, options ...RunOption) (*Run, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	s := c.runSettings(options)
	return c.start(ctx, c.graph, s, func(ctx context.Context, api *API, graph *migratedv1.GraphRef) (receive, error) {
		return updates(api.Migrations.Stamp(ctx, &migratedv1.StampRequest{
			Project: c.project, Graph: graph, Target: target, Revisions: revisions, Purge: s.purge, Options: s.options,
		}))
	})
}

// Watch reads a run that is there already, by its id or the beginning of one: all of its log, or what comes [After] an
// event.
func (c *Client) Watch(ctx context.Context, runID string, options ...RunOption) (*Run, error) {
	s := c.runSettings(options)
	return c.start(ctx, publishedGraph{}, s, watch(runID, s.after))
}

func watch(runID string, after uint64) begin {
	return func(ctx context.Context, api *API, _ *migratedv1.GraphRef) (receive, error) {
		return updates(api.Runs.WatchRun(ctx, &migratedv1.WatchRunRequest{RunId: runID, AfterSequence: after}))
	}
}

// startWithBodies starts a run that executes revisions.
func (c *Client) startWithBodies(ctx context.Context, s *runSettings, begin begin) (*Run, error) {
	run, err := c.start(ctx, c.graph, s, begin)
	if err != nil {
		return nil, err
	}
	run.bodies = c.bodies
	return run, nil
}

// start opens the stream and waits for its first message: some servers send an early refusal only there.
func (c *Client) start(ctx context.Context, graph graph, s *runSettings, begin begin) (*Run, error) {
	folder, err := graph.read()
	if err != nil {
		return nil, err
	}
	// Safe to repeat: the same request id is one run.
	opened, err := attempt(ctx, c, folder, true, func(api *API, graph *migratedv1.GraphRef) (*stream, error) {
		stream, err := c.open(ctx, api, graph, begin)
		if err != nil {
			return nil, err
		}
		if stream.first, err = stream.next(); err != nil && err != io.EOF {
			return nil, err
		}
		return stream, nil
	})
	if err != nil {
		return nil, err
	}
	run := &Run{client: c, ctx: ctx, begin: begin, folder: folder, stream: opened, budget: c.budget}
	run.first, run.after = s.after, s.after
	if opened.first != nil {
		if err := run.read(); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// Upgrade is the one call of a deploy: it connects, brings the target up to a revision, waits for the end, and leaves.
//
//	outcome, err := migrated.Upgrade(ctx, "head", migrated.WithFolder(folder))
func Upgrade(ctx context.Context, revision string, options ...Option) (*Outcome, error) {
	client, err := Connect(ctx, options...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	run, err := client.Upgrade(ctx, revision)
	if err != nil {
		return nil, err
	}
	return run.Wait()
}

// newID returns a random UUID.
func newID() string {
	var id [16]byte
	// It never fails: the program ends where the system has no randomness.
	_, _ = rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func uintText(number uint64) string { return strconv.FormatUint(number, 10) }
