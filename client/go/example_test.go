package migrated_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed/shop"
	"migrated.internal/client/go/internal/bed/shop/migrations"
	"migrated.internal/client/go/migratedv1"
)

//go:embed testdata/migrations
var embedded embed.FS

// folder holds `migrations`, as a service has it that says `//go:embed migrations`.
var folder fs.FS = sub(embedded, "testdata")

// server is the address of the daemon that the examples speak to.
var server string

func sub(of fs.FS, dir string) fs.FS {
	inner, err := fs.Sub(of, dir)
	if err != nil {
		log.Fatal(err)
	}
	return inner
}

// newDatabase is a target that no other example uses.
func newDatabase() migrated.Target {
	dir, err := os.MkdirTemp(exampleFolder, "database")
	if err != nil {
		log.Fatal(err)
	}
	return migrated.DatabaseURL("sqlite:///" + filepath.Join(dir, "app.db"))
}

// The one call of a deploy.
func ExampleUpgrade() {
	outcome, err := migrated.Upgrade(context.Background(), "head",
		migrated.WithServer(server),
		migrated.WithProject("shop"),
		migrated.WithTarget(newDatabase()),
		migrated.WithFolder(folder),
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outcome.Applied, "revisions, the target stands at", outcome.Rows)
	// Output: 2 revisions, the target stands at [27c6a30d7c24]
}

// Revisions in Go: the folder holds the files, the bodies are compiled in.
func ExampleWithBodies() {
	outcome, err := migrated.Upgrade(context.Background(), "head",
		migrated.WithServer(server),
		migrated.WithProject("billing"),
		migrated.WithTarget(newDatabase()),
		migrated.WithFolder(shop.Folder),
		migrated.WithBodies(migrations.Bodies),
	)
	var refused *migrated.SQLError
	switch {
	case errors.As(err, &refused):
		log.Fatal(refused.SQLState, refused.Place, refused)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(outcome.Applied, "revisions, the target stands at", outcome.Rows)
	// Output: 2 revisions, the target stands at [3f2a9c1b7d4e]
}

// Without options all comes from MIGRATECTL_* variables and migratectl.toml, and without a server an embedded daemon is
// started. Here the options say it.
func ExampleConnect() {
	ctx := context.Background()
	client, err := migrated.Connect(ctx,
		migrated.WithServer(server),
		migrated.WithProject("shop"),
		migrated.WithTarget(newDatabase()),
		migrated.WithFolder(folder),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()

	current, err := client.Current(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(current.GetStatus(), "of", current.GetHeads())
	// Output: TARGET_STATUS_BEHIND of [27c6a30d7c24]
}

func connectExample() *migrated.Client {
	client, err := migrated.Connect(context.Background(), migrated.WithServer(server), migrated.WithProject("shop"),
		migrated.WithTarget(newDatabase()), migrated.WithFolder(folder))
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func ExampleRun_Events() {
	client := connectExample()
	defer func() { _ = client.Close() }()

	run, err := client.Upgrade(context.Background(), "head")
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range run.Events() {
		if err != nil {
			log.Fatal(err)
		}
		switch kind := event.GetKind().(type) {
		case *migratedv1.Event_StepStarted_:
			fmt.Println("begins", kind.StepStarted.GetRevision(), kind.StepStarted.GetMessage())
		case *migratedv1.Event_RunFinished_:
			fmt.Println("ends", kind.RunFinished.GetState())
		}
	}
	// Output:
	// begins ae1027a6acf3 customers
	// begins 27c6a30d7c24 invoices
	// ends RUN_STATE_SUCCEEDED
}

func ExampleError() {
	client := connectExample()
	defer func() { _ = client.Close() }()

	_, err := client.PlanUpgrade(context.Background(), "27c6a30d7c25")
	var failure *migrated.Error
	switch {
	case errors.Is(err, migrated.ReasonUnknownRevision):
		errors.As(err, &failure)
		fmt.Println(failure.Code, "exit code", failure.ExitCode())
	case err != nil:
		log.Fatal(err)
	}
	// Output: MG1001 exit code 1
}

func ExampleClient_PlanUpgrade() {
	client := connectExample()
	defer func() { _ = client.Close() }()

	plan, err := client.PlanUpgrade(context.Background(), "+1")
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.GetSteps() {
		fmt.Println(step.GetRevision().GetId(), step.GetStatements())
	}
	// Output: ae1027a6acf3 [CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)]
}

func ExampleClient_Render() {
	client := connectExample()
	defer func() { _ = client.Close() }()

	var script strings.Builder
	err := client.Render(context.Background(), &script, migrated.Script{
		Dialect: "postgresql", Revisions: []string{"ae1027a6acf3:head"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(script.String(), "CREATE TABLE invoices"), strings.Contains(script.String(), "CREATE TABLE customers"))
	// Output: true false
}

func ExampleClient_Downgrade() {
	ctx := context.Background()
	client := connectExample()
	defer func() { _ = client.Close() }()

	up, err := client.Upgrade(ctx, "head")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := up.Wait(); err != nil {
		log.Fatal(err)
	}
	down, err := client.Downgrade(ctx, "-1")
	if err != nil {
		log.Fatal(err)
	}
	outcome, err := down.Wait()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the target stands at", outcome.Rows)
	// Output: the target stands at [ae1027a6acf3]
}
