package migrated_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedv1"
)

// played is a daemon that is played: its streams say what the test has them say, one after the other.
type played struct {
	migratedv1.UnimplementedMigrationServiceServer
	migratedv1.UnimplementedRunServiceServer

	mutex    sync.Mutex
	upgrades []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error
	watches  []func(uint64, grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error
	requests []string
	run      *migratedv1.Run
	linted   *migratedv1.LintRequest
}

func (p *played) Upgrade(request *migratedv1.UpgradeRequest, stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
	p.mutex.Lock()
	p.requests = append(p.requests, request.GetOptions().GetRequestId())
	if len(p.upgrades) == 0 {
		p.mutex.Unlock()
		return status.Error(codes.Unimplemented, "nobody wrote that scene")
	}
	scene := p.upgrades[0]
	p.upgrades = p.upgrades[1:]
	p.mutex.Unlock()
	return scene(stream)
}

func (p *played) WatchRun(request *migratedv1.WatchRunRequest, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
	p.mutex.Lock()
	if len(p.watches) == 0 {
		p.mutex.Unlock()
		return status.Error(codes.Unimplemented, "nobody wrote that scene")
	}
	scene := p.watches[0]
	p.watches = p.watches[1:]
	p.mutex.Unlock()
	return scene(request.GetAfterSequence(), stream)
}

func (p *played) GetRun(context.Context, *migratedv1.GetRunRequest) (*migratedv1.GetRunResponse, error) {
	return &migratedv1.GetRunResponse{Run: p.run}, nil
}

// serve serves it and returns the address.
func (p *played) serve(tb testing.TB) string {
	tb.Helper()
	return serve(tb, func(server *grpc.Server) {
		migratedv1.RegisterMigrationServiceServer(server, p)
		migratedv1.RegisterRunServiceServer(server, p)
	})
}

func serve(tb testing.TB, register func(*grpc.Server), options ...grpc.ServerOption) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := grpc.NewServer(options...)
	register(server)
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(server.Stop)
	return listener.Addr().String()
}

func upgradeOf(update *migratedv1.RunUpdate) *migratedv1.UpgradeResponse {
	return &migratedv1.UpgradeResponse{Update: update}
}

func watchOf(update *migratedv1.RunUpdate) *migratedv1.WatchRunResponse {
	return &migratedv1.WatchRunResponse{Update: update}
}

func notices(sequences ...uint64) []*migratedv1.Event {
	var all []*migratedv1.Event
	for _, sequence := range sequences {
		notice := &migratedv1.Event_Notice{Message: "said"}
		all = append(all, &migratedv1.Event{Sequence: sequence, Kind: &migratedv1.Event_Notice_{Notice: notice}})
	}
	return all
}

func finish(sequence uint64, state migratedv1.RunState) *migratedv1.Event {
	end := &migratedv1.Event_RunFinished{State: state, Rows: []string{"r009"}, Applied: 9}
	return &migratedv1.Event{Sequence: sequence, Kind: &migratedv1.Event_RunFinished_{RunFinished: end}}
}

const succeeded = migratedv1.RunState_RUN_STATE_SUCCEEDED

// sequences reads the run to its end and returns the numbers of its events.
func sequences(t *testing.T, run *migrated.Run) []uint64 {
	t.Helper()
	var all []uint64
	for event, err := range run.Events() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, event.GetSequence())
	}
	return all
}

func begun(t *testing.T, p *played, more ...migrated.Option) *migrated.Run {
	t.Helper()
	client := connect(t, p.serve(t), nil, "sqlite://", append(more, migrated.WithPublished())...)
	run, err := client.Upgrade(within(t, 20*time.Second), "head")
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func dense(t *testing.T, got []uint64, length int) {
	t.Helper()
	if len(got) != length {
		t.Fatalf("%v", got)
	}
	for i, sequence := range got {
		if sequence != uint64(i+1) {
			t.Fatalf("%v", got)
		}
	}
}

func TestAGapAndARepetitionAreMadeGood(t *testing.T) {
	var asked []uint64
	p := &played{
		upgrades: []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error{
			func(stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
				_ = stream.Send(upgradeOf(&migratedv1.RunUpdate{RunId: "abc", Events: notices(1, 2)}))
				_ = stream.Send(upgradeOf(&migratedv1.RunUpdate{Events: notices(2)}))
				return stream.Send(upgradeOf(&migratedv1.RunUpdate{Events: notices(5, 6)}))
			},
		},
		watches: []func(uint64, grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error{
			func(after uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
				asked = append(asked, after)
				// An old stream ends by itself.
				resume := uint64(3)
				return stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc", Events: notices(3), ResumeAfter: &resume}))
			},
			func(after uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
				asked = append(asked, after)
				_ = stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc", Events: notices(1, 2, 3, 4)}))
				return stream.Send(watchOf(&migratedv1.RunUpdate{Events: []*migratedv1.Event{finish(5, succeeded)}}))
			},
		},
	}
	dense(t, sequences(t, begun(t, p)), 5)
	if len(asked) != 2 || asked[0] != 2 || asked[1] != 3 {
		t.Fatalf("asked after %v", asked)
	}
}

// Twenty losses in a row would be made good with pauses that take longer than the test may.
func TestStreamsOfASilentRunThatGrowOldAreNoLosses(t *testing.T) {
	p := &played{
		upgrades: []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error{
			func(stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
				return stream.Send(upgradeOf(&migratedv1.RunUpdate{RunId: "abc", Events: notices(1)}))
			},
		},
	}
	const times = 20
	resume := uint64(1)
	var asked []uint64
	for range times {
		p.watches = append(p.watches, func(after uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
			asked = append(asked, after)
			_ = stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc", Heartbeat: true}))
			return stream.Send(watchOf(&migratedv1.RunUpdate{ResumeAfter: &resume}))
		})
	}
	p.watches = append(p.watches, func(after uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
		asked = append(asked, after)
		return stream.Send(watchOf(&migratedv1.RunUpdate{Events: []*migratedv1.Event{finish(2, succeeded)}}))
	})
	dense(t, sequences(t, begun(t, p)), 2)
	if len(asked) != times+1 || slices.Max(asked) != 1 {
		t.Fatalf("asked after %v", asked)
	}
}

func TestAJoinedRequestIsSentAgainUntilItsOwnGoalStands(t *testing.T) {
	scene := func(events []*migratedv1.Event, reached bool) func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
		return func(stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
			_ = stream.Send(upgradeOf(&migratedv1.RunUpdate{RunId: "abc", Joined: true, Events: events}))
			if !reached {
				return status.Error(codes.Unavailable, "going away")
			}
			return stream.Send(upgradeOf(&migratedv1.RunUpdate{GoalReached: true}))
		}
	}
	p := &played{upgrades: []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error{
		scene(notices(1, 2), false), scene(notices(1, 2, 3), true),
	}}
	run := begun(t, p)
	dense(t, sequences(t, run), 3)
	outcome := waited(t, run)
	if !outcome.Joined || outcome.State != migratedv1.RunState_RUN_STATE_RUNNING || outcome.RunID != "abc" {
		t.Fatalf("%+v", outcome)
	}
	if len(p.requests) != 2 || p.requests[0] == "" || p.requests[0] != p.requests[1] {
		t.Fatalf("the same request has one id: %v", p.requests)
	}
}

func TestARunOfWhichNothingIsLeftToTellIsAskedFor(t *testing.T) {
	p := &played{
		run: &migratedv1.Run{
			Id: "abc", State: migratedv1.RunState_RUN_STATE_FAILED, EndTime: timestamppb.Now(), StepsDone: 1,
			Failure: &migratedv1.Failure{Code: "MG4005", Reason: "STATEMENT_FAILED", Message: "no", State: "clean", Next: "mend it"},
		},
		watches: []func(uint64, grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error{
			func(_ uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
				return stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc"}))
			},
		},
	}
	client := connect(t, p.serve(t), nil, "sqlite://", migrated.WithPublished())
	run, err := client.Watch(within(t, 20*time.Second), "abc", migrated.After(7))
	if err != nil {
		t.Fatal(err)
	}
	_, err = run.Wait()
	if failed := failure(t, err, migrated.ReasonStatementFailed); failed.Applied != 1 || failed.RunID != "abc" {
		t.Fatalf("%+v", failed)
	}
}

func TestASilentStreamIsOpenedAgainAndHeartbeatsKeepOneOpen(t *testing.T) {
	const silence = 300 * time.Millisecond
	p := &played{
		upgrades: []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error{
			func(stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
				_ = stream.Send(upgradeOf(&migratedv1.RunUpdate{RunId: "abc", Events: notices(1)}))
				<-stream.Context().Done()
				return nil
			},
		},
		watches: []func(uint64, grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error{
			func(_ uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
				// Longer than the silence that is borne, and never silent for as long.
				tick := time.NewTicker(silence / 5)
				defer tick.Stop()
				for range 12 {
					<-tick.C
					_ = stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc", Heartbeat: true}))
				}
				return stream.Send(watchOf(&migratedv1.RunUpdate{Events: []*migratedv1.Event{finish(2, succeeded)}}))
			},
		},
	}
	dense(t, sequences(t, begun(t, p, migrated.WithSilence(silence))), 2)
	if len(p.watches) != 0 {
		t.Fatal("the silent stream was not opened again")
	}
}

// A call whose connection is cut while it is under way is sent once more; what was asked once is asked once.
func TestACallThatWasCutIsRepeatedUnlessItMayNotBe(t *testing.T) {
	pushes, lists := 0, 0
	server := serve(t, func(server *grpc.Server) {
		migratedv1.RegisterRevisionServiceServer(server, &forgetful{pushes: &pushes, lists: &lists})
	})
	client := connect(t, server, bed.Chain(1), bed.SQLite(t))
	if _, err := client.Heads(context.Background()); err != nil || lists != 2 {
		t.Fatalf("%d lists: %v", lists, err)
	}
	_, err := client.Push(context.Background())
	failure(t, err, migrated.ReasonDaemonUnreachable)
	if pushes != 1 {
		t.Fatalf("%d pushes", pushes)
	}
}

// forgetful loses the first answer to each call.
type forgetful struct {
	migratedv1.UnimplementedRevisionServiceServer
	pushes, lists *int
}

func (f *forgetful) ListHeads(context.Context, *migratedv1.ListHeadsRequest) (*migratedv1.ListHeadsResponse, error) {
	if *f.lists++; *f.lists == 1 {
		return nil, status.Error(codes.Unavailable, "the connection was cut")
	}
	return &migratedv1.ListHeadsResponse{}, nil
}

func (f *forgetful) PushRevisions(context.Context, *migratedv1.PushRevisionsRequest) (*migratedv1.PushRevisionsResponse, error) {
	if *f.pushes++; *f.pushes == 1 {
		return nil, status.Error(codes.Unavailable, "the connection was cut")
	}
	return &migratedv1.PushRevisionsResponse{}, nil
}

// A daemon that is there, and has nothing to tell, uses up no patience, however often something cuts the stream.
func TestHeartbeatsRenewThePatience(t *testing.T) {
	const cuts = 5
	p := &played{upgrades: []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error{
		func(stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
			_ = stream.Send(upgradeOf(&migratedv1.RunUpdate{RunId: "abc", Events: notices(1)}))
			return status.Error(codes.Unavailable, "cut")
		},
	}}
	for range cuts {
		p.watches = append(p.watches, func(_ uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
			_ = stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc", Heartbeat: true}))
			return status.Error(codes.Unavailable, "cut")
		})
	}
	p.watches = append(p.watches, func(_ uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
		return stream.Send(watchOf(&migratedv1.RunUpdate{RunId: "abc", Events: []*migratedv1.Event{finish(2, succeeded)}}))
	})
	// The pauses between five cuts take longer than this.
	dense(t, sequences(t, begun(t, p, migrated.WithStreamBudget(300*time.Millisecond))), 2)
}

func (p *played) Lint(_ context.Context, request *migratedv1.LintRequest) (*migratedv1.LintResponse, error) {
	p.linted = request
	return &migratedv1.LintResponse{}, nil
}

func TestLintLeavesOutWhatTheConfigurationOrTheCallerSays(t *testing.T) {
	p := &played{}
	client := connect(t, p.serve(t), nil, "sqlite://", migrated.WithPublished(),
		migrated.WithEnvironment("MIGRATECTL_LINT__IGNORE=L001, L002"))
	ignored := func(what migrated.Linting) []string {
		if _, err := client.Lint(context.Background(), what); err != nil {
			t.Fatal(err)
		}
		return p.linted.GetOptions().GetIgnore()
	}
	if got := ignored(migrated.Linting{}); !slices.Equal(got, []string{"L001", "L002"}) {
		t.Errorf("%v", got)
	}
	all := migrated.Linting{Options: &migratedv1.LintOptions{}, Unapplied: true, Downgrades: true, Revisions: []string{"a:b"}}
	if got := ignored(all); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if !p.linted.GetUnapplied() || !p.linted.GetDowngrades() || !slices.Equal(p.linted.GetRevisions(), []string{"a:b"}) {
		t.Errorf("%v", p.linted)
	}
}
