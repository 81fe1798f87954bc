package migrated_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedv1"
)

func TestALaterReleaseIsToldFromAFailure(t *testing.T) {
	unknown := &migratedv1.Event{Sequence: 1}
	p := &played{upgrades: []func(grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error{
		func(stream grpc.ServerStreamingServer[migratedv1.UpgradeResponse]) error {
			events := []*migratedv1.Event{unknown, finish(2, 99)}
			return stream.Send(upgradeOf(&migratedv1.RunUpdate{RunId: "abc", Events: events}))
		},
	}}
	run := begun(t, p)
	_, err := run.Wait()
	failure(t, err, migrated.ReasonClientTooOld)
	if run.Sequence() != 2 {
		t.Fatalf("an event of an unknown kind is an event: %d", run.Sequence())
	}
}

func TestAnEarlierReleaseIsToldFromAnotherProgram(t *testing.T) {
	// It has our services, but not this call.
	known := health.NewServer()
	for _, service := range []string{"migrated.v1.MigrationService", "migrated.v1.RevisionService"} {
		known.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
	}
	earlier := serve(t, func(server *grpc.Server) {
		grpc_health_v1.RegisterHealthServer(server, known)
		migratedv1.RegisterMigrationServiceServer(server, &played{})
	})
	other := serve(t, func(server *grpc.Server) { grpc_health_v1.RegisterHealthServer(server, health.NewServer()) })
	for server, next := range map[string]string{earlier: "upgrade the daemon", other: "check the address"} {
		client := connect(t, server, nil, bed.SQLite(t), migrated.WithPublished())
		_, unary := client.Heads(context.Background())
		_, stream := client.Upgrade(context.Background(), "head")
		for _, err := range []error{unary, stream} {
			unimplemented := failure(t, err, migrated.ReasonUnimplemented)
			if got := unimplemented.Next; len(got) < len(next) || got[:len(next)] != next {
				t.Errorf("%s\ninstead of %q", unimplemented.Detail(), next)
			}
		}
	}
}

func TestADaemonOfAnotherReleaseIsToldWithWhatToUpgrade(t *testing.T) {
	for release, next := range map[string]string{
		"0.0.9": "upgrade the daemon to release " + migrated.Version, "99.1.0": "upgrade the client to release 99.1.0",
	} {
		refuse := grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			if err := stream.SetHeader(metadata.Pairs("migrated-release", release)); err != nil {
				return err
			}
			return status.Error(codes.Unimplemented, "")
		})
		server := serve(t, func(*grpc.Server) {}, refuse)
		client := connect(t, server, nil, bed.SQLite(t), migrated.WithPublished())
		_, unary := client.Heads(context.Background())
		_, stream := client.Upgrade(context.Background(), "head")
		for _, err := range []error{unary, stream} {
			unimplemented := failure(t, err, migrated.ReasonUnimplemented)
			if !strings.HasPrefix(unimplemented.Next, next) || !strings.Contains(unimplemented.Message, release) {
				t.Errorf("%s\ninstead of %q", unimplemented.Detail(), next)
			}
		}
	}
}
