package migrated

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"migrated.internal/client/go/migratedv1"
)

// Graph returns the graph that this client's calls mean, for requests to [API]. The daemon knows it afterwards.
func (c *Client) Graph(ctx context.Context) (*migratedv1.GraphRef, error) {
	folder, err := c.graph.read()
	if err != nil {
		return nil, err
	}
	if folder != nil {
		_, err = tell(ctx, c, func(api *API) (struct{}, error) {
			return struct{}{}, upload(ctx, api, c.project, folder)
		})
	}
	return folder.reference(), err
}

// Current tells where the target stands.
func (c *Client) Current(ctx context.Context) (*migratedv1.GetCurrentResponse, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.GetCurrentResponse, error) {
		return api.Migrations.GetCurrent(ctx, &migratedv1.GetCurrentRequest{
			Project: c.project, Graph: graph, Target: target,
		})
	})
}

// PlanOption says what a plan starts from.
type PlanOption func(*migratedv1.PlanRequest)

// PlanFrom plans from these version rows (none for an empty version table), instead of a target's.
func PlanFrom(dialect string, rows ...string) PlanOption {
	return func(r *migratedv1.PlanRequest) {
		r.Target, r.Current, r.Dialect = nil, &migratedv1.CurrentRows{Rows: rows}, dialect
	}
}

// PlanUpgrade tells what an upgrade would do, with its SQL. It touches nothing.
func (c *Client) PlanUpgrade(
	ctx context.Context, revision string, options ...PlanOption,
) (*migratedv1.PlanResponse, error) {
	return c.plan(ctx, migratedv1.Direction_DIRECTION_UP, revision, options)
}

// PlanDowngrade tells what a downgrade would do, with its SQL. It touches nothing.
func (c *Client) PlanDowngrade(
	ctx context.Context, revision string, options ...PlanOption,
) (*migratedv1.PlanResponse, error) {
	return c.plan(ctx, migratedv1.Direction_DIRECTION_DOWN, revision, options)
}

func (c *Client) plan(
	ctx context.Context, direction migratedv1.Direction, revision string, options []PlanOption,
) (*migratedv1.PlanResponse, error) {
	request := &migratedv1.PlanRequest{Project: c.project, Direction: direction, Revision: revision}
	target, missing := c.targetRef()
	request.Target = target
	for _, option := range options {
		option(request)
	}
	if request.GetCurrent() == nil && missing != nil {
		return nil, missing
	}
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.PlanResponse, error) {
		request.Graph = graph
		return api.Migrations.Plan(ctx, request)
	})
}

// Script says what Render writes.
type Script struct {
	// Kind is an upgrade where it is not set.
	Kind migratedv1.RenderKind
	// Revisions are START:END, or END alone for an upgrade from base; for a stamp each may be FROM:TO.
	Revisions []string
	// Dialect is postgresql, mysql or sqlite.
	Dialect string
	// Schema is the default schema.
	Schema string
	// VersionTable is the version table; empty for alembic_version.
	VersionTable string
	// VersionTableSchema is its schema.
	VersionTableSchema string
	// Tag is text that goes into the script's head.
	Tag string
}

// Render writes the SQL of an upgrade, downgrade or stamp as a script, for somebody else to run. It needs no target.
func (c *Client) Render(ctx context.Context, to io.Writer, script Script) error {
	if script.Kind == migratedv1.RenderKind_RENDER_KIND_UNSPECIFIED {
		script.Kind = migratedv1.RenderKind_RENDER_KIND_UPGRADE
	}
	written := false
	_, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (struct{}, error) {
		stream, err := api.Migrations.Render(ctx, &migratedv1.RenderRequest{
			Project: c.project, Graph: graph, Kind: script.Kind, Revisions: script.Revisions, Dialect: script.Dialect,
			VersionTable: script.VersionTable, VersionTableSchema: script.VersionTableSchema, Tag: script.Tag,
			Schema: script.Schema,
		})
		for err == nil {
			var part *migratedv1.RenderResponse
			if part, err = stream.Recv(); err == nil {
				written = true
				_, err = io.WriteString(to, part.GetChunk())
			}
		}
		if errors.Is(err, io.EOF) {
			return struct{}{}, nil
		}
		if written && isTransient(err) {
			// Half of the script is written: it cannot be begun anew.
			return struct{}{}, own(ReasonStreamLost, "the script broke off: %v", err).because(err)
		}
		return struct{}{}, err
	})
	return err
}

// Wait returns when the target stands at a revision or beyond it, with the version rows. It waits for a daemon that is
// not there yet too, and for as long as the context lives.
func (c *Client) Wait(ctx context.Context, revision string) ([]string, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	for {
		answer, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.WaitForRevisionResponse, error) {
			request := &migratedv1.WaitForRevisionRequest{
				Project: c.project, Graph: graph, Target: target, Revision: revision,
				Timeout: durationpb.New(longestWait),
			}
			return api.Migrations.WaitForRevision(ctx, request)
		})
		switch {
		case err == nil:
			return answer.GetRows(), nil
		case ctx.Err() != nil:
			return nil, interrupted(ctx.Err())
		case errors.Is(err, ReasonDeadlinePassed):
			// That was the daemon's deadline; ours goes on.
		case isTransient(err):
			if err := pause(ctx, waitPause); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
}

const (
	// What a daemon is asked to wait at once.
	longestWait = time.Hour
	// Pause before the daemon is asked again after it could not be reached.
	waitPause = 500 * time.Millisecond
)

// Comparison says what Check compares.
type Comparison struct {
	// Desired is what the target is to be; nil for what its revisions make.
	Desired *migratedv1.SchemaSource
	// Scope is what is looked at.
	Scope *migratedv1.SchemaScope
	// Rules are what the comparison lets pass.
	Rules *migratedv1.DiffRules
}

// Check tells whether the target is what its revisions, or a desired schema, say. A diff without differences says yes.
func (c *Client) Check(ctx context.Context, comparison Comparison) (*migratedv1.SchemaDiff, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	answer, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.CheckResponse, error) {
		return api.Migrations.Check(ctx, &migratedv1.CheckRequest{
			Project: c.project, Graph: graph, Target: target,
			Desired: comparison.Desired, Scope: comparison.Scope, Rules: comparison.Rules,
		})
	})
	return answer.GetDiff(), err
}

// Linting says what Lint looks at.
type Linting struct {
	// Revisions are identifiers and ranges FROM:TO; none for the whole graph.
	Revisions []string
	// Dialect is postgresql, mysql or sqlite; empty for the target's.
	Dialect string
	// Unapplied leaves out what is applied on the target already.
	Unapplied bool
	// Downgrades has the way back be looked at too.
	Downgrades bool
	// Options switch rules off. Without, it is what `lint.ignore` of the configuration says.
	Options *migratedv1.LintOptions
}

// Lint tells what revisions may do to a database in use. It touches nothing.
func (c *Client) Lint(ctx context.Context, what Linting) (*migratedv1.LintResponse, error) {
	if what.Options == nil {
		what.Options = &migratedv1.LintOptions{Ignore: c.config.values["lint.ignore"].list}
	}
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.LintResponse, error) {
		request := &migratedv1.LintRequest{
			Project: c.project, Graph: graph, Revisions: what.Revisions, Dialect: what.Dialect,
			Unapplied: what.Unapplied, Downgrades: what.Downgrades, Options: what.Options,
		}
		if c.target != nil {
			request.Target = c.target.reference(c.config.projectDir)
		}
		return api.Migrations.Lint(ctx, request)
	})
}

// EnsureVersionTable creates the version table where it is missing, and tells whether it was.
func (c *Client) EnsureVersionTable(ctx context.Context) (bool, error) {
	target, err := c.targetRef()
	if err != nil {
		return false, err
	}
	answer, err := tell(ctx, c, func(api *API) (*migratedv1.EnsureVersionTableResponse, error) {
		return api.Migrations.EnsureVersionTable(ctx, &migratedv1.EnsureVersionTableRequest{Target: target})
	})
	return answer.GetCreated(), err
}

// AcceptRevision accepts a revision's present content for the target, where other content was applied. Audited.
func (c *Client) AcceptRevision(
	ctx context.Context, revision, reason string,
) (*migratedv1.AcceptRevisionResponse, error) {
	target, err := c.targetRef()
	if err != nil {
		return nil, err
	}
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.AcceptRevisionResponse, error) {
		return api.Migrations.AcceptRevision(ctx, &migratedv1.AcceptRevisionRequest{
			Project: c.project, Graph: graph, Target: target, Revision: revision, Reason: reason,
			Actor: c.config.actor(),
		})
	})
}
