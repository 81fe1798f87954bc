package migrated_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
	"migrated.internal/client/go/migratedv1"
)

func TestUpgradeTellsEveryEventOnceAndInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		client := connect(t, daemon.Address, bed.Chain(3), url)
		run, err := client.Upgrade(context.Background(), "head", migrated.LockWait(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		var done []string
		last := uint64(0)
		for event, err := range run.Events() {
			if err != nil {
				t.Fatal(err)
			}
			if event.GetSequence() != last+1 {
				t.Fatalf("event %d follows %d", event.GetSequence(), last)
			}
			last = event.GetSequence()
			if finished := event.GetStepFinished(); finished != nil {
				done = append(done, finished.GetRevision())
			}
		}
		if want := []string{"r001", "r002", "r003"}; !slices.Equal(done, want) {
			t.Fatalf("applied %v, not %v", done, want)
		}
		if run.Sequence() != last {
			t.Fatalf("it stands at %d, not at %d", run.Sequence(), last)
		}
		outcome := waited(t, run)
		if outcome.Applied != 3 || !slices.Equal(outcome.Rows, []string{"r003"}) || outcome.RunID != run.ID() ||
			outcome.State != migratedv1.RunState_RUN_STATE_SUCCEEDED || outcome.Nothing {
			t.Fatalf("%+v", outcome)
		}
		again := upgraded(t, client, "head")
		if !again.Nothing || again.Applied != 0 || !slices.Equal(again.Rows, []string{"r003"}) {
			t.Fatalf("nothing was to be done, but %+v", again)
		}
	})
}

func TestEveryCallAboutATarget(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		ctx := context.Background()
		client := connect(t, daemon.Address, bed.Chain(3), url)

		plan, err := client.PlanUpgrade(ctx, "r002")
		if err != nil || len(plan.GetSteps()) != 2 || !strings.Contains(plan.GetSteps()[0].GetStatements()[0], "CREATE TABLE t1") {
			t.Fatalf("plan: %v %v", plan, err)
		}
		if created, err := client.EnsureVersionTable(ctx); err != nil || !created {
			t.Fatalf("the version table was missing: %v %v", created, err)
		}
		if created, err := client.EnsureVersionTable(ctx); err != nil || created {
			t.Fatalf("the version table was there: %v %v", created, err)
		}
		upgraded(t, client, "r002")
		current, err := client.Current(ctx)
		if err != nil || !slices.Equal(current.GetRows(), []string{"r002"}) ||
			current.GetStatus() != migratedv1.TargetStatus_TARGET_STATUS_BEHIND {
			t.Fatalf("current: %v %v", current, err)
		}
		upgraded(t, client, "head")
		diff, err := client.Check(ctx, migrated.Comparison{})
		if err != nil || len(diff.GetDifferences()) != 0 {
			t.Fatalf("check: %v %v", diff, err)
		}
		back, err := client.PlanDowngrade(ctx, "-1")
		if err != nil || len(back.GetSteps()) != 1 || back.GetSteps()[0].GetRevision().GetId() != "r003" {
			t.Fatalf("plan back: %v %v", back, err)
		}
		down, err := client.Downgrade(ctx, "r001")
		if err != nil {
			t.Fatal(err)
		}
		if outcome := waited(t, down); outcome.Applied != 2 || !slices.Equal(outcome.Rows, []string{"r001"}) {
			t.Fatalf("downgrade: %+v", outcome)
		}
		stamp, err := client.Stamp(ctx, []string{"r003"}, migrated.Purge())
		if err != nil {
			t.Fatal(err)
		}
		if outcome := waited(t, stamp); !slices.Equal(outcome.Rows, []string{"r003"}) {
			t.Fatalf("stamp: %+v", outcome)
		}
		// The rows say r003, the tables of r002 and r003 are gone.
		diff, err = client.Check(ctx, migrated.Comparison{})
		if err != nil || len(diff.GetDifferences()) == 0 {
			t.Fatalf("check finds nothing: %v", err)
		}
		if rows, err := client.Wait(within(t, time.Minute), "r002"); err != nil || !slices.Equal(rows, []string{"r003"}) {
			t.Fatalf("wait: %v %v", rows, err)
		}
		kinds := map[migratedv1.RunKind]int{}
		for run, err := range client.Runs(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(url, strings.TrimPrefix(run.GetTarget(), "sqlite:///")) || strings.Contains(run.GetTarget(), "postgres") {
				kinds[run.GetKind()]++
			}
		}
		if kinds[migratedv1.RunKind_RUN_KIND_UPGRADE] != 2 || kinds[migratedv1.RunKind_RUN_KIND_DOWNGRADE] != 1 ||
			kinds[migratedv1.RunKind_RUN_KIND_STAMP] != 1 {
			t.Fatalf("runs: %v", kinds)
		}
	})
}

func TestEveryCallAboutAGraph(t *testing.T) {
	ctx := context.Background()
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	folder := bed.Chain(3)
	bed.Put(folder, "side", bed.Revision("side", "r002", "SELECT 1;", "SELECT 1;"))
	client := connect(t, daemon.Address, folder, bed.SQLite(t))

	heads, err := client.Heads(ctx)
	if err != nil || len(heads) != 2 {
		t.Fatalf("heads: %v %v", heads, err)
	}
	branches, err := client.Branches(ctx)
	if err != nil || len(branches) != 1 || branches[0].GetBranchPoint().GetId() != "r002" || len(branches[0].GetChildren()) != 2 {
		t.Fatalf("branches: %v %v", branches, err)
	}
	var history []string
	for revision, err := range client.History(ctx, "r001:r003") {
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, revision.GetId())
	}
	if !slices.Equal(history, []string{"r003", "r002", "r001"}) {
		t.Fatalf("history: %v", history)
	}
	shown, err := client.Show(ctx, "r002")
	if err != nil || len(shown.GetFiles()) != 1 || shown.GetFiles()[0].GetContent() != string(folder["migrations/r002.sql"].Data) {
		t.Fatalf("show: %v %v", shown, err)
	}
	if ids, err := client.Resolve(ctx, "heads"); err != nil || !slices.Equal(ids, []string{"r003", "side"}) {
		t.Fatalf("resolve: %v %v", ids, err)
	}
	made, err := client.NewRevision(ctx, &migratedv1.CreateRevisionRequest{
		Message: "add accounts", Heads: []string{"r003"}, VersionLocations: []string{"migrations"}, UpSql: "SELECT 2;",
	})
	if err != nil || !strings.Contains(made.GetFile().GetContent(), "SELECT 2;") ||
		!strings.HasPrefix(made.GetFile().GetPath(), "migrations/") {
		t.Fatalf("new revision: %v %v", made, err)
	}
	var script strings.Builder
	err = client.Render(ctx, &script, migrated.Script{Dialect: "postgresql", Revisions: []string{"r001:r003"}, Tag: "ticket 7"})
	if err != nil || !strings.Contains(script.String(), "CREATE TABLE t3") || !strings.Contains(script.String(), "ticket 7") ||
		strings.Contains(script.String(), "CREATE TABLE t1") {
		t.Fatalf("render: %v\n%s", err, script.String())
	}
	planned, err := client.PlanUpgrade(ctx, "r003", migrated.PlanFrom("postgresql", "r001"))
	if err != nil || len(planned.GetSteps()) != 2 || !slices.Equal(planned.GetFrom(), []string{"r001"}) {
		t.Fatalf("plan: %v %v", planned, err)
	}
	merged, err := client.MergeRevisions(ctx, &migratedv1.MergeRevisionsRequest{
		Message: "both", Revisions: []string{"heads"}, VersionLocations: []string{"migrations"},
	})
	if err != nil || len(merged.GetRevision().GetDownRevisions()) != 2 {
		t.Fatalf("merge: %v %v", merged, err)
	}
	findings, err := client.Lint(ctx, migrated.Linting{Dialect: "postgresql"})
	if err != nil || len(findings.GetRevisions()) != 4 {
		t.Fatalf("lint: %v %v", findings, err)
	}
}

func TestPushPublishesAFolderForThoseWithout(t *testing.T) {
	ctx := context.Background()
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	url := bed.SQLite(t)
	author := connect(t, daemon.Address, bed.Chain(2), url)
	pushed, err := author.Push(ctx, migrated.ExpectedVersion(0))
	if err != nil || !slices.Equal(pushed.GetAdded(), []string{"r001", "r002"}) || !slices.Equal(pushed.GetHeads(), []string{"r002"}) {
		t.Fatalf("push: %v %v", pushed, err)
	}
	reader := connect(t, daemon.Address, nil, url, migrated.WithPublished())
	if outcome := upgraded(t, reader, "head"); outcome.Applied != 2 {
		t.Fatalf("%+v", outcome)
	}
	if _, err := reader.Push(ctx); err == nil {
		t.Fatal("who has no folder has nothing to push")
	}
	longer := connect(t, daemon.Address, bed.Chain(3), url)
	_, err = longer.Push(ctx, migrated.ExpectedVersion(0))
	failure(t, err, migrated.ReasonHeadsChanged)
	if _, err := longer.Push(ctx, migrated.ExpectedVersion(pushed.GetVersion())); err != nil {
		t.Fatal(err)
	}
	pruned, err := author.Push(ctx, migrated.Prune())
	if err != nil || !slices.Equal(pruned.GetRemoved(), []string{"r003"}) {
		t.Fatalf("prune: %v %v", pruned, err)
	}
	// The raw services take the graph, and fail in the same form.
	api, err := author.API(ctx)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := author.Graph(ctx)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := api.Revisions.ListHeads(ctx, &migratedv1.ListHeadsRequest{Project: "shop", Graph: graph})
	if err != nil || len(listed.GetHeads()) != 1 {
		t.Fatalf("%v %v", listed, err)
	}
	_, err = api.Projects.GetProject(ctx, &migratedv1.GetProjectRequest{Name: "nobody"})
	failure(t, err, migrated.ReasonProjectNotFound)
	if _, err := author.In("elsewhere").On(migrated.DatabaseURL(bed.SQLite(t))).Current(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestManyAtOnceMakeOneRun(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		const replicas = 8
		type end struct {
			outcome *migrated.Outcome
			err     error
		}
		ends := make(chan end, replicas)
		for range replicas {
			client := connect(t, daemon.Address, bed.Chain(20), url)
			go func() {
				run, err := client.Upgrade(context.Background(), "head")
				if err != nil {
					ends <- end{nil, err}
					return
				}
				outcome, err := run.Wait()
				ends <- end{outcome, err}
			}()
		}
		applied := map[string]int{}
		for range replicas {
			end := <-ends
			if end.err != nil {
				t.Fatal(end.err)
			}
			if !slices.Equal(end.outcome.Rows, []string{"r020"}) {
				t.Fatalf("%+v", end.outcome)
			}
			if !end.outcome.Nothing {
				applied[end.outcome.RunID] = end.outcome.Applied
			}
		}
		if len(applied) != 1 {
			t.Fatalf("one run should have done the work: %v", applied)
		}
	})
}
