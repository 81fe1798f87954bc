package migrated

import (
	"context"
	"iter"

	"migrated.internal/client/go/migratedv1"
)

// GetRun returns a run, by its id or the beginning of one.
func (c *Client) GetRun(ctx context.Context, runID string) (*migratedv1.Run, error) {
	answer, err := tell(ctx, c, func(api *API) (*migratedv1.GetRunResponse, error) {
		return api.Runs.GetRun(ctx, &migratedv1.GetRunRequest{RunId: runID})
	})
	return answer.GetRun(), err
}

// Runs yields the project's runs, newest first; only those in the given states, if any are given.
func (c *Client) Runs(ctx context.Context, states ...migratedv1.RunState) iter.Seq2[*migratedv1.Run, error] {
	return pages(func(token string) ([]*migratedv1.Run, string, error) {
		answer, err := tell(ctx, c, func(api *API) (*migratedv1.ListRunsResponse, error) {
			return api.Runs.ListRuns(ctx, &migratedv1.ListRunsRequest{
				Project: c.project, States: states, PageSize: pageSize, PageToken: token,
			})
		})
		return answer.GetRuns(), answer.GetNextPageToken(), err
	})
}

// CancelRun stops a run: its statement is cancelled in the database and rolled back. It returns what came of it.
func (c *Client) CancelRun(ctx context.Context, runID, reason string) (*migratedv1.Run, error) {
	answer, err := tell(ctx, c, func(api *API) (*migratedv1.CancelRunResponse, error) {
		return api.Runs.CancelRun(ctx, &migratedv1.CancelRunRequest{
			RunId: runID, Reason: reason, Actor: c.config.actor(),
		})
	})
	return answer.GetRun(), err
}
