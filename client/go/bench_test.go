package migrated_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"
	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/migratedv1"
)

const (
	eventsOfBench = 200_000
	// As many as the daemon sends in one message of a busy run.
	eventsAtOnce = 500
)

// BenchmarkEvents reads a run of 200,000 events, as a served process sends them, in batches, and checks that none is
// missing. events/s is the figure.
func BenchmarkEvents(b *testing.B) {
	var batches []*migratedv1.WatchRunResponse
	for sequence := uint64(1); sequence <= eventsOfBench; {
		update := &migratedv1.RunUpdate{}
		if sequence == 1 {
			update.RunId = "abc"
		}
		for range eventsAtOnce {
			if sequence > eventsOfBench {
				break
			}
			update.Events = append(update.Events, statement(sequence))
			sequence++
		}
		batches = append(batches, watchOf(update))
	}
	last := watchOf(&migratedv1.RunUpdate{Events: []*migratedv1.Event{finish(eventsOfBench+1, succeeded)}})
	scene := func(_ uint64, stream grpc.ServerStreamingServer[migratedv1.WatchRunResponse]) error {
		for _, batch := range batches {
			if err := stream.Send(batch); err != nil {
				return err
			}
		}
		return stream.Send(last)
	}
	p := &played{}
	server := p.serve(b)
	client, err := migrated.Connect(context.Background(), migrated.WithDir(b.TempDir()), migrated.WithEnvironment(),
		migrated.WithServer(server), migrated.WithProject("shop"), migrated.WithPublished())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	b.ReportAllocs()
	b.ResetTimer()
	began := time.Now()
	for range b.N {
		p.mutex.Lock()
		p.watches = append(p.watches, scene)
		p.mutex.Unlock()
		run, err := client.Watch(context.Background(), "abc")
		if err != nil {
			b.Fatal(err)
		}
		read := 0
		for event, err := range run.Events() {
			if err != nil {
				b.Fatal(err)
			}
			if event.GetTime() == nil && event.GetRunFinished() == nil {
				b.Fatal("an event without its time")
			}
			read++
		}
		if read != eventsOfBench+1 {
			b.Fatalf("%d events", read)
		}
	}
	b.ReportMetric(float64(b.N*eventsOfBench)/time.Since(began).Seconds(), "events/s")
}

func statement(sequence uint64) *migratedv1.Event {
	return &migratedv1.Event{
		Sequence: sequence,
		Time:     timestamppb.New(time.Unix(1_790_000_000, int64(sequence)*1000)),
		Kind: &migratedv1.Event_StatementFinished_{StatementFinished: &migratedv1.Event_StatementFinished{
			Index: uint32(sequence), Total: eventsOfBench, Line: uint32(sequence),
			Summary: fmt.Sprintf("INSERT INTO orders VALUES (%d, 'a row')", sequence), Rows: 1,
		}},
	}
}
