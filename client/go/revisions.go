package migrated

import (
	"context"
	"iter"

	"migrated.internal/client/go/migratedv1"
)

// PushOption says how revisions are published.
type PushOption func(*migratedv1.PushRevisionsRequest)

// Prune takes away published revisions that the folder lacks; refused for what a target has applied.
func Prune() PushOption { return func(r *migratedv1.PushRevisionsRequest) { r.Prune = true } }

// ExpectedVersion fails the push unless this version is published now.
func ExpectedVersion(version uint64) PushOption {
	return func(r *migratedv1.PushRevisionsRequest) { r.ExpectedVersion = &version }
}

// Push publishes the folder's revisions. Other calls need no push: they upload the folder by themselves.
func (c *Client) Push(ctx context.Context, options ...PushOption) (*migratedv1.PushRevisionsResponse, error) {
	if _, published := c.graph.(publishedGraph); published {
		return nil, own(ReasonLocalFile, "there is no folder of revisions to publish").next("give WithFolder")
	}
	return askOnce(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.PushRevisionsResponse, error) {
		request := &migratedv1.PushRevisionsRequest{Project: c.project, Graph: graph}
		for _, option := range options {
			option(request)
		}
		return api.Revisions.PushRevisions(ctx, request)
	})
}

// Heads returns the graph's heads.
func (c *Client) Heads(ctx context.Context) ([]*migratedv1.Revision, error) {
	answer, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.ListHeadsResponse, error) {
		return api.Revisions.ListHeads(ctx, &migratedv1.ListHeadsRequest{Project: c.project, Graph: graph})
	})
	return answer.GetHeads(), err
}

// Branches returns the branch points with their children, newest first.
func (c *Client) Branches(ctx context.Context) ([]*migratedv1.ListBranchesResponse_Branch, error) {
	answer, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.ListBranchesResponse, error) {
		return api.Revisions.ListBranches(ctx, &migratedv1.ListBranchesRequest{Project: c.project, Graph: graph})
	})
	return answer.GetBranches(), err
}

// History yields the revisions of a range (`start:end`, either side may be missing; empty for all), newest first.
func (c *Client) History(ctx context.Context, span string) iter.Seq2[*migratedv1.Revision, error] {
	return pages(func(token string) ([]*migratedv1.Revision, string, error) {
		answer, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.ListRevisionsResponse, error) {
			request := &migratedv1.ListRevisionsRequest{
				Project: c.project, Graph: graph, Range: span, PageSize: pageSize, PageToken: token,
			}
			if c.target != nil {
				request.Target = c.target.reference(c.config.projectDir)
			}
			return api.Revisions.ListRevisions(ctx, request)
		})
		return answer.GetRevisions(), answer.GetNextPageToken(), err
	})
}

// Show returns the revisions that an identifier means, with their files.
func (c *Client) Show(ctx context.Context, revision string) (*migratedv1.GetRevisionResponse, error) {
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.GetRevisionResponse, error) {
		request := &migratedv1.GetRevisionRequest{
			Project: c.project, Graph: graph, Revision: revision, WithContent: true,
		}
		if c.target != nil {
			request.Target = c.target.reference(c.config.projectDir)
		}
		return api.Revisions.GetRevision(ctx, request)
	})
}

// Resolve returns the ids that an identifier means; none for base.
func (c *Client) Resolve(ctx context.Context, identifier string) ([]string, error) {
	answer, err := ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.ResolveRevisionsResponse, error) {
		return api.Revisions.ResolveRevisions(ctx, &migratedv1.ResolveRevisionsRequest{
			Project: c.project, Graph: graph, Identifiers: []string{identifier},
		})
	})
	if err != nil || len(answer.GetResolved()) == 0 {
		return nil, err
	}
	return answer.GetResolved()[0].GetRevisions(), nil
}

// NewRevision makes a revision on the graph: its project and graph are filled in. Nothing is stored: the caller writes
// the file.
func (c *Client) NewRevision(
	ctx context.Context, request *migratedv1.CreateRevisionRequest,
) (*migratedv1.CreateRevisionResponse, error) {
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.CreateRevisionResponse, error) {
		request.Project, request.Graph = c.project, graph
		return api.Revisions.CreateRevision(ctx, request)
	})
}

// MergeRevisions makes a revision that merges heads; project and graph are filled in. Nothing is stored: the caller
// writes the file.
func (c *Client) MergeRevisions(
	ctx context.Context, request *migratedv1.MergeRevisionsRequest,
) (*migratedv1.MergeRevisionsResponse, error) {
	return ask(ctx, c, func(api *API, graph *migratedv1.GraphRef) (*migratedv1.MergeRevisionsResponse, error) {
		request.Project, request.Graph = c.project, graph
		return api.Revisions.MergeRevisions(ctx, request)
	})
}

const pageSize = 500

// pages yields the items of all pages.
func pages[T any](page func(token string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token := ""; ; {
			items, next, err := page(token)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if token = next; token == "" {
				return
			}
		}
	}
}
