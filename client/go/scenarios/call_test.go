//go:build linux || darwin

package scenarios

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/migratedv1"
)

// given is what a call is called with.
type given struct {
	t    *testing.T
	with map[string]any
}

func (g given) text(name string) string {
	text, _ := g.with[name].(string)
	return text
}

func (g given) flag(name string) bool {
	flag, _ := g.with[name].(bool)
	return flag
}

func (g given) list(name string) []string {
	var all []string
	items, _ := g.with[name].([]any)
	for _, item := range items {
		all = append(all, fmt.Sprint(item))
	}
	return all
}

func (g given) number(name string) (float64, bool) {
	switch number := g.with[name].(type) {
	case int:
		return float64(number), true
	case float64:
		return number, true
	}
	return 0, false
}

func messages[T proto.Message](t *testing.T, all []T) []any {
	found := []any{}
	for _, message := range all {
		found = append(found, told(t, message))
	}
	return found
}

// call calls by the names of the table in tests/scenarios/README.md.
func (p *project) call(ctx context.Context, client *migrated.Client, name string, with given) (any, error) {
	p.t.Helper()
	switch name {
	case "upgrade", "downgrade", "stamp", "watch":
		return p.run(ctx, client, name, with)
	case "current":
		return message(p.t)(client.Current(ctx))
	case "plan":
		return p.plan(ctx, client, with)
	case "render":
		var script strings.Builder
		kind := migratedv1.RenderKind(migratedv1.RenderKind_value["RENDER_KIND_"+strings.ToUpper(with.text("kind"))])
		err := client.Render(ctx, &script, migrated.Script{
			Kind: kind, Revisions: with.list("revisions"), Dialect: with.text("dialect"),
		})
		return map[string]any{"text": script.String()}, err
	case "history":
		var all []*migratedv1.Revision
		for revision, err := range client.History(ctx, with.text("range")) {
			if err != nil {
				return nil, err
			}
			all = append(all, revision)
		}
		return map[string]any{"revisions": messages(p.t, all)}, nil
	case "heads":
		all, err := client.Heads(ctx)
		return map[string]any{"heads": messages(p.t, all)}, err
	case "branches":
		all, err := client.Branches(ctx)
		return map[string]any{"branches": messages(p.t, all)}, err
	case "resolve":
		resolved := map[string]any{}
		for _, identifier := range with.list("identifiers") {
			ids, err := client.Resolve(ctx, identifier)
			if err != nil {
				return nil, err
			}
			resolved[identifier] = append([]string{}, ids...)
		}
		return map[string]any{"resolved": resolved}, nil
	case "revision", "merge":
		return p.newRevision(ctx, client, name, with)
	case "push":
		var options []migrated.PushOption
		if with.flag("prune") {
			options = append(options, migrated.Prune())
		}
		if version, ok := with.number("expected_version"); ok {
			options = append(options, migrated.ExpectedVersion(uint64(version)))
		}
		return message(p.t)(client.Push(ctx, options...))
	case "wait":
		seconds, _ := with.number("timeout")
		ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
		defer cancel()
		rows, err := client.Wait(ctx, with.text("revision"))
		return map[string]any{"rows": append([]string{}, rows...)}, err
	case "check":
		return p.check(ctx, client, with)
	}
	p.t.Fatalf("the call %q is not known here", name)
	return nil, nil
}

// message writes an answer, where there is one.
func message(t *testing.T) func(proto.Message, error) (any, error) {
	return func(answer proto.Message, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		return told(t, answer), nil
	}
}

func (p *project) run(ctx context.Context, client *migrated.Client, name string, with given) (any, error) {
	var run *migrated.Run
	var err error
	after := 0.0
	switch name {
	case "upgrade":
		run, err = client.Upgrade(ctx, with.text("revision"))
	case "downgrade":
		run, err = client.Downgrade(ctx, with.text("revision"))
	case "stamp":
		var options []migrated.RunOption
		if with.flag("purge") {
			options = append(options, migrated.Purge())
		}
		run, err = client.Stamp(ctx, with.list("revisions"), options...)
	case "watch":
		after, _ = with.number("after")
		run, err = client.Watch(ctx, p.lastRun, migrated.After(uint64(after)))
	}
	if err != nil {
		return nil, err
	}
	p.lastRun = run.ID()
	next := uint64(after)
	for event, failed := range run.Events() {
		if failed != nil {
			return nil, failed
		}
		if next++; event.GetSequence() != next {
			p.t.Fatalf("event %d comes where %d should", event.GetSequence(), next)
		}
		p.events = append(p.events, event)
	}
	if len(p.events) == 0 {
		p.t.Fatal("a run without events")
	}
	return told(p.t, p.events[len(p.events)-1].GetRunFinished()), nil
}

func (p *project) plan(ctx context.Context, client *migrated.Client, with given) (any, error) {
	var options []migrated.PlanOption
	if _, ok := with.with["current"]; ok {
		options = append(options, migrated.PlanFrom(with.text("dialect"), with.list("current")...))
	}
	if with.text("direction") == "downgrade" {
		return message(p.t)(client.PlanDowngrade(ctx, with.text("revision"), options...))
	}
	return message(p.t)(client.PlanUpgrade(ctx, with.text("revision"), options...))
}

func (p *project) newRevision(ctx context.Context, client *migrated.Client, name string, with given) (any, error) {
	locations := []string{"migrations"}
	var revision *migratedv1.Revision
	var file *migratedv1.RevisionFile
	if name == "merge" {
		made, err := client.MergeRevisions(ctx, &migratedv1.MergeRevisionsRequest{
			Revisions: with.list("revisions"), Message: with.text("message"), RevisionId: with.text("revision_id"),
			VersionLocations: locations,
		})
		if err != nil {
			return nil, err
		}
		revision, file = made.GetRevision(), made.GetFile()
	} else {
		made, err := client.NewRevision(ctx, &migratedv1.CreateRevisionRequest{
			Message: with.text("message"), Heads: with.list("heads"), Splice: with.flag("splice"),
			BranchLabels: with.list("branch_labels"), DependsOn: with.list("depends_on"),
			RevisionId: with.text("revision_id"), UpSql: with.text("up_sql"), DownSql: with.text("down_sql"),
			VersionLocations: locations,
		})
		if err != nil {
			return nil, err
		}
		revision, file = made.GetRevision(), made.GetFile()
	}
	p.write(map[string]string{file.GetPath(): file.GetContent()})
	return map[string]any{"revision": told(p.t, revision), "path": file.GetPath()}, nil
}

func (p *project) check(ctx context.Context, client *migrated.Client, with given) (any, error) {
	comparison := migrated.Comparison{}
	if name := with.text("schema"); name != "" {
		text, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(name)))
		if err != nil {
			p.t.Fatal(err)
		}
		format := migratedv1.SchemaFormat_SCHEMA_FORMAT_SQL
		if strings.HasSuffix(name, ".yaml") {
			format = migratedv1.SchemaFormat_SCHEMA_FORMAT_YAML
		}
		comparison.Desired = &migratedv1.SchemaSource{Source: &migratedv1.SchemaSource_Files{Files: &migratedv1.SchemaFiles{
			Format: format, Files: []*migratedv1.SchemaFile{{Path: name, Text: string(text)}},
		}}}
	}
	return message(p.t)(client.Check(ctx, comparison))
}
