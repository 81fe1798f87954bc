// Package migrated speaks to migrated, the daemon that owns a team's database migrations.
//
// A service brings its revisions along and calls once when it starts:
//
//	//go:embed migrations
//	var folder embed.FS
//
//	outcome, err := migrated.Upgrade(ctx, "head", migrated.WithFolder(folder))
//
// As many replicas may do that at the same time as there are: one run does the work, the others join it.
//
// [Connect] finds the daemon as migratectl does: by options, MIGRATECTL_* variables, or migratectl.toml; and where none
// of them names a server, it finds or starts the embedded daemon of the project. A [Client] has a method for each of
// the daemon's calls that programs want, and [Client.API] for all others.
//
// # Runs
//
// [Client.Upgrade], [Client.Downgrade] and [Client.Stamp] return a [Run], whose events are read in a loop:
//
//	run, err := client.Upgrade(ctx, "head")
//	if err != nil {
//		return err
//	}
//	for event, err := range run.Events() {
//		if err != nil {
//			return err
//		}
//		log.Print(event)
//	}
//
// The run belongs to the daemon. A stream that breaks is opened again behind the last event: none is missed, none comes
// twice. When the context ends, the watching ends and the run goes on; [Run.Cancel] stops it.
//
// # Errors
//
// Every failure is an [*Error]: a stable code, a reason, the state that the target is in, the next command, and what
// the database said.
//
//	var failure *migrated.Error
//	switch {
//	case errors.Is(err, migrated.ReasonMultipleHeads):
//		…
//	case errors.As(err, &failure):
//		log.Print(failure.Detail())
//	}
package migrated
