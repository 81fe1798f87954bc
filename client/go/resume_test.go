package migrated_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// What a run tells, without what differs between two runs of the same.
func told(t testing.TB, run *migrated.Run, seen func(sequence uint64)) []string {
	t.Helper()
	var all []string
	for event, err := range run.Events() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%d %T", event.GetSequence(), event.GetKind()))
		seen(event.GetSequence())
	}
	return all
}

func TestAStreamCutAtEveryEventMissesNoneAndTellsNoneTwice(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		folder := bed.Chain(4)
		proxy := bed.StartProxy(t, daemon.Address)
		client := connect(t, proxy.Address, folder, url)
		run, err := client.Upgrade(context.Background(), "head")
		if err != nil {
			t.Fatal(err)
		}
		whole := told(t, run, func(uint64) {})
		if len(whole) < 10 {
			t.Fatalf("too few events to cut at: %v", whole)
		}
		for cut := 1; cut <= len(whole); cut++ {
			down, err := client.Downgrade(context.Background(), "base")
			if err != nil {
				t.Fatal(err)
			}
			waited(t, down)
			run, err := client.Upgrade(context.Background(), "head")
			if err != nil {
				t.Fatal(err)
			}
			before := proxy.Taken()
			again := told(t, run, func(sequence uint64) {
				if sequence == uint64(cut) {
					proxy.Cut()
				}
			})
			if !slices.Equal(again, whole) {
				t.Fatalf("cut at event %d of run %s (%d connections more):\n%v\ninstead of\n%v",
					cut, run.ID(), proxy.Taken()-before, again, whole)
			}
			if outcome := waited(t, run); outcome.Applied != 4 {
				t.Fatalf("cut at event %d: %+v", cut, outcome)
			}
		}
	})
}

// A cut in the middle of a message, of a frame, of a header: wherever it falls.
func TestAStreamCutBetweenAnyBytesMissesNoneAndTellsNoneTwice(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	url := bed.SQLite(t)
	run, err := connect(t, daemon.Address, bed.Chain(4), url).Upgrade(context.Background(), "head")
	if err != nil {
		t.Fatal(err)
	}
	whole := told(t, run, func(uint64) {})
	proxy := bed.StartProxy(t, daemon.Address)
	// What a server says before its first answer: settings, window, their acknowledgement.
	const introduction = 100
	cuts := 0
	for bytes := int64(1); ; bytes += 13 {
		client := connect(t, proxy.Address, nil, url, migrated.WithPublished())
		proxy.CutAfter(bytes)
		before := proxy.Taken()
		var again []string
		watched, err := client.Watch(context.Background(), run.ID())
		if err == nil {
			again = told(t, watched, func(uint64) {})
		}
		switch {
		case err != nil:
			// The server had hardly introduced itself: to the client it is not there.
			if failure(t, err, migrated.ReasonDaemonUnreachable); bytes > introduction {
				t.Fatalf("cut after %d bytes: %v", bytes, err)
			}
			cuts++
		case !slices.Equal(again, whole):
			t.Fatalf("cut after %d bytes: %v\ninstead of\n%v", bytes, again, whole)
		case proxy.Taken()-before == 1:
			// Everything came within so many bytes.
			if cuts < 50 {
				t.Fatalf("only %d cuts", cuts)
			}
			return
		default:
			cuts++
		}
		_ = client.Close()
	}
}

func TestARunThatWasWatchedBeforeIsWatchedFromAnyEvent(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	client := connect(t, daemon.Address, bed.Chain(3), bed.SQLite(t))
	run, err := client.Upgrade(context.Background(), "head")
	if err != nil {
		t.Fatal(err)
	}
	whole := told(t, run, func(uint64) {})
	for after := range len(whole) {
		again, err := client.Watch(context.Background(), run.ID(), migrated.After(uint64(after)))
		if err != nil {
			t.Fatal(err)
		}
		if rest := told(t, again, func(uint64) {}); !slices.Equal(rest, whole[after:]) {
			t.Fatalf("after %d: %v", after, rest)
		}
	}
	// Behind the last event there is none left, and the end is known all the same.
	last, err := client.Watch(context.Background(), run.ID(), migrated.After(uint64(len(whole))))
	if err != nil {
		t.Fatal(err)
	}
	if outcome := waited(t, last); !slices.Equal(outcome.Rows, []string{"r003"}) {
		t.Fatalf("%+v", outcome)
	}
}

func TestALoopThatIsLeftGoesOnWhereItStopped(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	client := connect(t, daemon.Address, bed.Chain(3), bed.SQLite(t))
	run, err := client.Upgrade(context.Background(), "head")
	if err != nil {
		t.Fatal(err)
	}
	var sequences []uint64
	for ended := false; !ended; {
		ended = true
		for event, err := range run.Events() {
			if err != nil {
				t.Fatal(err)
			}
			sequences = append(sequences, event.GetSequence())
			ended = false
			break
		}
	}
	for i, sequence := range sequences {
		if sequence != uint64(i+1) {
			t.Fatalf("%v", sequences)
		}
	}
	if outcome := waited(t, run); outcome.Applied != 3 {
		t.Fatalf("%+v", outcome)
	}
}

func TestAnotherDaemonOverTheSameStoreTellsTheRest(t *testing.T) {
	first := migratedtest.Start(t, migratedtest.Settings{})
	proxy := bed.StartProxy(t, first.Address)
	client := connect(t, proxy.Address, bed.Chain(3), bed.SQLite(t))
	run, err := client.Upgrade(context.Background(), "head")
	if err != nil {
		t.Fatal(err)
	}
	whole := told(t, run, func(uint64) {})
	again, err := client.Watch(context.Background(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	rest := told(t, again, func(sequence uint64) {
		if sequence == 2 {
			first.Kill()
			second := migratedtest.Start(t, migratedtest.Settings{Dir: first.Dir})
			proxy.Lead(second.Address)
		}
	})
	if !slices.Equal(rest, whole) {
		t.Fatalf("%v\ninstead of\n%v", rest, whole)
	}
}

func TestAStreamThatDoesNotComeBackIsGivenUp(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	client := connect(t, daemon.Address, bed.Chain(3), bed.SQLite(t), migrated.WithStreamBudget(300*time.Millisecond))
	run, err := client.Upgrade(context.Background(), "head")
	if err != nil {
		t.Fatal(err)
	}
	waited(t, run)
	again, err := client.Watch(context.Background(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	// Nothing of what is buffered counts: the loop is left, so that it has to be opened again.
	for range again.Events() {
		break
	}
	daemon.Kill()
	_, err = again.Wait()
	lost := failure(t, err, migrated.ReasonStreamLost)
	if lost.RunID != run.ID() || lost.Code != "MG7003" || !lost.Retryable() || lost.ExitCode() != 9 {
		t.Fatalf("%+v", lost)
	}
	// It stays given up.
	if _, err := again.Wait(); !errors.Is(err, migrated.ReasonStreamLost) {
		t.Fatal(err)
	}
}
