//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/migratedtest"
)

// replica is a service that runs.
type replica struct {
	*service
	url  string
	stop context.CancelFunc
	// How run returned.
	ended chan error
}

func startReplica(t *testing.T, url string, options ...migrated.Option) *replica {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	service, err := newService(url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &replica{service: service, url: "http://" + listener.Addr().String(), stop: stop, ended: make(chan error, 1)}
	options = append([]migrated.Option{
		migrated.WithDir(t.TempDir()), migrated.WithEnvironment(), migrated.WithTarget(migrated.DatabaseURL(url)),
	}, options...)
	go func() { r.ended <- service.run(ctx, listener, options...) }()
	t.Cleanup(stop)
	return r
}

func (r *replica) answers(t *testing.T, method, path, body string, status int) string {
	t.Helper()
	request, err := http.NewRequest(method, r.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		t.Fatalf("%s %s is answered with %d %s, not %d", method, path, answer.StatusCode, text, status)
	}
	return string(text)
}

func (r *replica) becomesReady(t *testing.T) {
	t.Helper()
	select {
	case <-r.ready:
	case err := <-r.ended:
		t.Fatalf("it ended: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("it does not become ready")
	}
}

func TestTwoReplicasStartAtOnceAndServeOnceTheSchemaIsThere(t *testing.T) {
	postgres := migratedtest.StartPostgres(t)
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	url := postgres.Database(t)

	// Somebody makes a table of that name and does not commit: the revision has to wait, and so has everybody.
	other, err := newService(url)
	if err != nil {
		t.Fatal(err)
	}
	held, err := other.database.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec("CREATE TABLE notes (id integer)"); err != nil {
		t.Fatal(err)
	}

	replicas := []*replica{
		startReplica(t, url, migrated.WithServer(daemon.Address)), startReplica(t, url, migrated.WithServer(daemon.Address)),
	}
	client, err := migrated.Connect(context.Background(), migrated.WithEnvironment(), migrated.WithDir(t.TempDir()),
		migrated.WithServer(daemon.Address), migrated.WithProject("notes"), migrated.WithPublished())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	run := blocked(t, client)
	for _, replica := range replicas {
		replica.answers(t, "GET", "/livez", "", http.StatusOK)
		replica.answers(t, "GET", "/readyz", "", http.StatusServiceUnavailable)
		replica.answers(t, "GET", "/notes", "", http.StatusServiceUnavailable)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := other.database.Close(); err != nil {
		t.Fatal(err)
	}
	if outcome, err := run.Wait(); err != nil || outcome.Applied != 2 {
		t.Fatalf("%+v %v", outcome, err)
	}
	for _, replica := range replicas {
		replica.becomesReady(t)
		replica.answers(t, "GET", "/readyz", "", http.StatusOK)
	}
	replicas[0].answers(t, "POST", "/notes", `{"text": "milk"}`, http.StatusCreated)
	replicas[0].answers(t, "POST", "/notes", `{"text": ""}`, http.StatusBadRequest)
	var notes []note
	if err := json.Unmarshal([]byte(replicas[1].answers(t, "GET", "/notes", "", http.StatusOK)), &notes); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || notes[0].Text != "milk" || notes[0].Created.IsZero() {
		t.Fatalf("%+v", notes)
	}
	for _, replica := range replicas {
		replica.stop()
		if err := <-replica.ended; err != nil {
			t.Errorf("it ended: %v", err)
		}
	}
}

// blocked waits until the run of the replicas says that somebody is in its way, and returns it.
func blocked(t *testing.T, client *migrated.Client) *migrated.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	for ctx.Err() == nil {
		for found, err := range client.Runs(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			run, err := client.Watch(ctx, found.GetId())
			if err != nil {
				t.Fatal(err)
			}
			for event, err := range run.Events() {
				if err != nil {
					t.Fatal(err)
				}
				if event.GetBlocked() != nil {
					return run
				}
			}
		}
	}
	t.Fatal("no run was blocked")
	return nil
}

func TestADaemonThatComesLaterIsWaitedFor(t *testing.T) {
	postgres := migratedtest.StartPostgres(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	r := startReplica(t, postgres.Database(t), migrated.WithServer(address))
	r.answers(t, "GET", "/readyz", "", http.StatusServiceUnavailable)
	migratedtest.Start(t, migratedtest.Settings{Listen: address})
	r.becomesReady(t)
}

func TestARefusalEndsTheService(t *testing.T) {
	postgres := migratedtest.StartPostgres(t)
	daemon := migratedtest.Start(t, migratedtest.Settings{Sections: "[[access.tokens]]\nname = \"ci\"\nsha256 = \"" +
		"0000000000000000000000000000000000000000000000000000000000000000\"\nrights = [\"operate\"]\n"})
	r := startReplica(t, postgres.Database(t), migrated.WithServer(daemon.Address))
	if err := <-r.ended; !errors.Is(err, migrated.ReasonUnauthenticated) {
		t.Fatalf("%v", err)
	}
}
