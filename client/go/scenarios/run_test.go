//go:build linux || darwin

package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// leftOut are the events that depend on time and engine.
var leftOut = []string{"stateChanged", "waiting", "locked", "statementRunning", "blocked", "notice", "warning"}

func TestScenarios(t *testing.T) {
	var server *migratedtest.Postgres
	var mariadb *bed.MariaDB
	for _, scenario := range readList(t) {
		engines := scenario.Engines
		if len(engines) == 0 {
			engines = []string{"sqlite"}
		}
		for _, engine := range engines {
			url := func(t *testing.T) string { return bed.SQLite(t) }
			if engine == "postgresql" {
				if server == nil {
					server = migratedtest.StartPostgres(t)
				}
				url = func(t *testing.T) string { return server.Database(t) }
			}
			if engine == "mysql" {
				if mariadb == nil {
					mariadb = bed.StartMariaDB(t)
				}
				url = func(t *testing.T) string { return mariadb.Database(t) }
			}
			t.Run(scenario.Name+"/"+engine, func(t *testing.T) {
				newProject(t, scenario, url(t)).play(scenario)
			})
		}
	}
}

// project is a scenario on its way.
type project struct {
	t       *testing.T
	dir     string
	url     string
	options []migrated.Option
	lastRun string
	events  []*migrated.Event
}

func newProject(t *testing.T, scenario scenario, url string) *project {
	p := &project{t: t, dir: filepath.Join(t.TempDir(), "shop"), url: url}
	p.write(scenario.Files)
	p.options = []migrated.Option{
		migrated.WithDir(p.dir), migrated.WithTarget(migrated.DatabaseURL(url)),
		migrated.WithBodies(p.writeBodies(scenario.Bodies)),
	}
	if scenario.Daemon == "shared" {
		daemon := migratedtest.Start(t, migratedtest.Settings{})
		p.options = append(p.options, migrated.WithServer(daemon.Address), migrated.WithEnvironment())
		return p
	}
	home := t.TempDir()
	p.options = append(p.options, migrated.WithDaemonBinary(migratedtest.Program(t, "migrated")),
		migrated.WithEnvironment("HOME="+home, "TMPDIR="+home, "PATH="+os.Getenv("PATH")))
	t.Cleanup(p.endDaemon)
	return p
}

// endDaemon ends the scenario's own embedded daemon.
func (p *project) endDaemon() {
	var told struct {
		Pid int `json:"pid"`
	}
	text, err := os.ReadFile(filepath.Join(p.dir, ".migrated", "daemon.json"))
	if err == nil && json.Unmarshal(text, &told) == nil && told.Pid > 0 {
		_ = syscall.Kill(told.Pid, syscall.SIGKILL)
	}
}

func (p *project) write(files map[string]string) {
	p.t.Helper()
	for name, text := range files {
		path := filepath.Join(p.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *project) play(scenario scenario) {
	for i, step := range scenario.Steps {
		at := fmt.Sprintf("step %d (%s)", i+1, step.Call)
		p.write(step.Write)
		for _, name := range step.Remove {
			if err := os.Remove(filepath.Join(p.dir, filepath.FromSlash(name))); err != nil {
				p.t.Fatal(err)
			}
		}
		if step.Call != "" {
			p.step(step, at)
		}
	}
}

func (p *project) step(step step, at string) {
	p.t.Helper()
	options := slices.Clone(p.options)
	if published, _ := step.With["published"].(bool); published {
		options = append(options, migrated.WithPublished())
	}
	ctx := context.Background()
	client, err := migrated.Connect(ctx, options...)
	if err != nil {
		p.t.Fatalf("%s: %v", at, err)
	}
	defer func() { _ = client.Close() }()
	p.events = nil
	found, err := p.call(ctx, client, step.Call, given{p.t, step.With})
	if step.Events != nil {
		p.compareEvents(step.Events, at)
	}
	if step.Error != nil {
		var failure *migrated.Error
		if !errors.As(err, &failure) {
			p.t.Fatalf("%s did not fail, but: %v %v", at, err, found)
		}
		p.compare(step.Error, fields(failure), at+".error")
		return
	}
	if err != nil {
		p.t.Fatalf("%s: %v", at, err)
	}
	if step.Result != nil {
		p.compare(step.Result, found, at+".result")
	}
}

func (p *project) compare(expected, found any, at string) {
	p.t.Helper()
	if wrong := holds(plain(p.t, expected), plain(p.t, found), at); wrong != "" {
		p.t.Fatal(wrong)
	}
}

// compareEvents compares the events by the names of their kinds, and the fields that are named.
func (p *project) compareEvents(expected []any, at string) {
	p.t.Helper()
	var names, wanted []string
	var kept, forms []any
	for _, event := range p.events {
		if name := kindOf(event); !slices.Contains(leftOut, name) {
			names, kept = append(names, name), append(kept, told(p.t, event))
		}
	}
	for _, item := range expected {
		form, ok := item.(map[string]any)
		if !ok {
			form = map[string]any{fmt.Sprint(item): map[string]any{}}
		}
		for name := range form {
			wanted = append(wanted, name)
		}
		forms = append(forms, form)
	}
	if !slices.Equal(names, wanted) {
		p.t.Fatalf("%s.events are\n%s, not\n%s", at, strings.Join(names, " "), strings.Join(wanted, " "))
	}
	p.compare(forms, kept, at+".events")
}

// kindOf returns the name of an event's kind, as JSON has it.
func kindOf(event *migrated.Event) string {
	message := event.ProtoReflect()
	field := message.WhichOneof(message.Descriptor().Oneofs().ByName(protoreflect.Name("kind")))
	if field == nil {
		return ""
	}
	return field.JSONName()
}

func fields(e *migrated.Error) map[string]any {
	all := map[string]any{
		"code": e.Code, "reason": string(e.Reason), "revision": e.Revision, "state": e.State, "next": e.Next,
		"sqlstate": e.SQL.GetSqlstate(), "place": map[string]any{},
	}
	if e.Place.Path != "" {
		all["place"] = map[string]any{"path": e.Place.Path, "line": json.Number(strconv.Itoa(e.Place.Line))}
	}
	return all
}
