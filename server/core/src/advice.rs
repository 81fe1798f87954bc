//! What is true and what helps wherever a failure tells nothing better than its code.
//!
//! Both matches are exhaustive on purpose: a new code does not compile until somebody has thought about it here.

use crate::Code;

const NOTHING_EXECUTED: &str = "no target was touched: nothing was executed";
const NOT_CONNECTED: &str = "the target was not touched: no connection came about";
const NOTHING_CHANGED: &str = "nothing was changed on the target";
const BEFORE_THE_STORE: &str = "no target was touched: the revision store comes first";
const NOT_INVOLVED: &str = "no target is involved";
const ASK_CURRENT: &str = "not known from here: `migratectl current` shows where the target stands";

impl Code {
    /// What state the target is in, in one line, where an error of this code says nothing more exact: for requests
    /// that were refused. A run's own end knows the version rows.
    pub const fn state(self) -> &'static str {
        match self {
            Code::UnknownRevision
            | Code::AmbiguousRevision
            | Code::NoSuchLabel
            | Code::NotInBranch
            | Code::MultipleHeads
            | Code::AmbiguousWalk
            | Code::AmbiguousRelative
            | Code::RelativeOutOfRange
            | Code::Overlapping
            | Code::NotAnAncestor
            | Code::InvalidDowngradeTarget
            | Code::Cycle
            | Code::DependencyCycle
            | Code::DuplicateLabel
            | Code::DuplicateRevision
            | Code::IllegalId
            | Code::MissingParent
            | Code::MissingDependency
            | Code::NotAHead
            | Code::DuplicateHeads
            | Code::RangeNotAllowed
            | Code::RangeRequired
            | Code::Malformed
            | Code::FileNotUtf8
            | Code::FileEmpty
            | Code::FileNoHeader
            | Code::FileInvalidHeader
            | Code::FileInvalidSection
            | Code::ScriptUnterminated
            | Code::NoBody
            | Code::TransactionControl
            | Code::MixedTransaction
            | Code::PragmaInTransaction
            | Code::ClientCommand
            | Code::UnsupportedForm
            | Code::ManifestUnknown
            | Code::BodyMismatch
            | Code::TargetUrlInvalid
            | Code::MemoryTarget
            | Code::TargetNotShared
            | Code::ChangedRevision
            | Code::NeedsExecutor
            | Code::ShuttingDown
            | Code::TargetNotFound
            | Code::ProjectNotFound
            | Code::LimitExceeded
            | Code::RunTransactionRefused
            | Code::InvalidRequest
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::AdHocUrlRefused
            | Code::DaemonUnreachable
            | Code::ConfigInvalid
            | Code::EmbeddedStart
            | Code::NeedsTerminal => NOTHING_EXECUTED,
            Code::TargetUnreachable
            | Code::TargetAuthentication
            | Code::PooledConnection
            | Code::DatabaseMissing => NOT_CONNECTED,
            Code::TargetPermission
            | Code::VersionRowsChanged
            | Code::IdTooLong
            | Code::IdCollision
            | Code::LockTimeout
            | Code::TargetRefused
            | Code::VersionTableShape
            | Code::SchemaInvalid
            | Code::ScratchRequired
            | Code::NotAtHead
            | Code::DropNotAllowed
            | Code::OperationInvalid
            | Code::SchemaMoved
            | Code::LockWaitExpired => NOTHING_CHANGED,
            Code::StoreUnavailable | Code::StoreCorrupt | Code::StoreFull | Code::StoreTooNew => {
                BEFORE_THE_STORE
            }
            Code::HeadsChanged | Code::PruneRefused | Code::PublishedChanged => {
                "no target is involved: what is published is as it was"
            }
            Code::EventsPruned | Code::AlreadyExists | Code::RunNotFound | Code::LocalFile => NOT_INVOLVED,
            Code::TargetPartial => "a revision is partly applied; nothing was added to it",
            Code::ChangedPartial => "a revision is partly applied, as it was before; nothing was added to it",
            Code::StatementFailed
            | Code::ConnectionLost
            | Code::OutcomeUnknown
            | Code::LockLost
            | Code::Cancelled
            | Code::DeadlinePassed
            | Code::RunInterrupted
            | Code::LeaseLost
            | Code::Internal
            | Code::ExecutorMissing
            | Code::ExecutorLost
            | Code::ExecutorFailed
            | Code::StreamLost => ASK_CURRENT,
        }
    }

    /// The next command, or what to do, where an error of this code says nothing more exact.
    pub const fn next(self) -> &'static str {
        match self {
            Code::UnknownRevision => "`migratectl history` lists what there is",
            Code::NoSuchLabel => {
                "`migratectl heads` and `migratectl branches` show the labels that there are"
            }
            Code::AmbiguousRevision => {
                "`migratectl history` lists the ids; repeat the command with more characters of the one that is meant"
            }
            Code::NotInBranch => "`migratectl history --graph` shows which branch it is on",
            Code::MultipleHeads => {
                "`migratectl heads`; then name one, narrow to a branch with LABEL@head, take all with `heads`, or join \
                 them with `migratectl merge heads`"
            }
            Code::AmbiguousWalk | Code::AmbiguousRelative => {
                "`migratectl history --graph`; then name the revision, or the branch with LABEL@"
            }
            Code::RelativeOutOfRange | Code::NotAnAncestor | Code::InvalidDowngradeTarget => {
                "`migratectl history` and `migratectl current`"
            }
            Code::Overlapping => {
                "`migratectl current`; then `migratectl stamp --purge REV` to say where the database stands"
            }
            Code::Cycle | Code::DependencyCycle => {
                "correct down_revision or depends_on in one of the files; `migratectl history` tells whether it is \
                 mended"
            }
            Code::DuplicateLabel => {
                "give one of the two revisions another label; `migratectl history` tells whether it is mended"
            }
            Code::DuplicateRevision => {
                "give one of them another id, in its header and in the revisions that follow it"
            }
            Code::IllegalId => {
                "choose letters, digits and `_`; without --rev-id `migratectl revision -m TEXT` makes an id"
            }
            Code::MissingParent | Code::MissingDependency => {
                "add the missing file, or correct down_revision or depends_on; `migratectl pull` fetches what was \
                 published"
            }
            Code::NotAHead => "repeat the command with --splice if a new branch is meant",
            Code::DuplicateHeads => "name each revision once; `migratectl merge heads` takes all heads",
            Code::RangeNotAllowed => "name the goal alone, or write a script with --sql",
            Code::RangeRequired => "repeat the command with START:END",
            Code::Malformed => {
                "write ID, LABEL, `head`, `heads`, `base`, LABEL@head, LABEL@ID, `+2`, `-1`, ID+2 or LABEL@+1; \
                 `migratectl history` lists the ids"
            }
            Code::FileNotUtf8
            | Code::FileEmpty
            | Code::FileNoHeader
            | Code::FileInvalidHeader
            | Code::FileInvalidSection
            | Code::ScriptUnterminated
            | Code::ClientCommand => {
                "correct the file; `migratectl history` tells whether the folder can be read"
            }
            Code::NoBody => "add the section to the file, then repeat the command",
            Code::TransactionControl | Code::MixedTransaction | Code::PragmaInTransaction => {
                "take the statement out, or mark the section `transaction:false`; `migratectl plan upgrade head` tells \
                 whether it is mended"
            }
            Code::UnsupportedForm => {
                "write the value itself; anchors, aliases, tags and several documents are not read"
            }

            Code::StoreUnavailable => {
                "see that the folder of the revision store can be reached and written, then repeat the command"
            }
            Code::HeadsChanged => "`migratectl pull`, then repeat the command",
            Code::StoreCorrupt => "restore the revision store from a backup; the daemon's log tells more",
            Code::StoreFull => {
                "make room on the device that holds the revision store, then repeat the command"
            }
            Code::StoreTooNew => "start a `migrated` that is at least as new as the store",
            Code::ManifestUnknown => "repeat the command: the folder is sent again",
            Code::EventsPruned => "`migratectl runs show RUN` tells how it ended",
            Code::PruneRefused => "downgrade the targets that have it, or push without --prune",
            Code::AlreadyExists => "choose another name, or change the one that is there",
            Code::BodyMismatch => "repeat the command: a file changed while it was read",
            Code::LeaseLost => "`migratectl runs watch RUN`: another daemon goes on with it",
            Code::PublishedChanged => {
                "restore the file (`migratectl pull` has it), and put the change into a new revision"
            }

            Code::TargetUnreachable => {
                "`migratectl targets test` says what the connection meets; once the server answers, repeat the command"
            }
            Code::TargetAuthentication => {
                "correct user or password in the target's URL; `migratectl targets test` tries them"
            }
            Code::TargetPermission => "grant the right that is named, then repeat the command",
            Code::PooledConnection => "give the target a URL that reaches the server itself, past the pooler",
            Code::StatementFailed => "fix the revision; `migratectl current` shows where the target stands",
            Code::VersionRowsChanged => "`migratectl current`, then repeat the command",
            Code::IdTooLong => "choose a shorter id, or widen the column `version_num`",
            Code::IdCollision => "choose an id that differs in more than case or accents",
            Code::TargetPartial | Code::OutcomeUnknown => {
                "`migratectl diagnose` shows what took effect, and the next command"
            }
            Code::ConnectionLost | Code::LockLost => {
                "`migratectl current`, then repeat the command: it goes on from there"
            }
            Code::TargetUrlInvalid => {
                "write it as `postgresql://user@host/database`, `mysql://…` or `sqlite:///file.db`"
            }
            Code::MemoryTarget => "name a file: `sqlite:///file.db`",
            Code::TargetNotShared => {
                "migrate the file with a daemon of its own: `migratectl` without --server, or a `migrated` with store.path"
            }
            Code::DatabaseMissing => {
                "create it, or correct its name in the target's URL; `migratectl targets test` tries it"
            }
            Code::LockTimeout => "`migratectl current`, then repeat the command when the others are done",
            Code::TargetRefused => {
                "do what the database's message asks for; `migratectl targets test` tells whether it is mended"
            }
            Code::VersionTableShape => {
                "rename that table, or name another one with --version-table or in the target's configuration"
            }

            Code::ChangedRevision | Code::ChangedPartial => {
                "restore the file; or, if the change does not matter, `migratectl repair --accept-hash REV --reason TEXT`"
            }
            Code::Cancelled | Code::DeadlinePassed | Code::RunInterrupted => {
                "`migratectl current`, then repeat the command: it goes on from there"
            }
            Code::LockWaitExpired => "`migratectl runs list` shows who has it; then repeat the command",
            Code::RunNotFound => "`migratectl runs list` shows the runs",
            Code::ExecutorMissing => {
                "start the run with the client that the revision is written for: it executes the body by itself"
            }
            Code::ExecutorLost => "see why that client went away, then repeat the command with it",
            Code::ExecutorFailed => "fix the revision; `migratectl current` shows where the target stands",
            Code::NeedsExecutor => {
                "ask the client that the revision is written for, or write the revision in SQL or as operations"
            }
            Code::ShuttingDown => "repeat the command in a moment",
            Code::SchemaInvalid => "correct the schema at the place that is shown, then repeat",
            Code::ScratchRequired => {
                "set `scratch.postgresql` or `scratch.mysql` in migrated.toml to the name of a connection"
            }
            Code::NotAtHead => "`migratectl upgrade heads`, then repeat",
            Code::DropNotAllowed => {
                "repeat with `--allow-drop` if that is meant; tell a rename with `--rename old=new`"
            }
            Code::OperationInvalid => "leave the object out, or write this step by hand",
            Code::SchemaMoved => "repeat when nobody changes the database",
            Code::TargetNotFound => {
                "`migratectl targets list` shows the names; or name a database with --database-url URL"
            }
            Code::ProjectNotFound => "`migratectl projects list` shows the names",
            Code::LimitExceeded => {
                "repeat the command later, or raise the limit in the daemon's configuration"
            }
            Code::RunTransactionRefused => "repeat the command without --per-run-transaction",
            Code::InvalidRequest => "`migratectl help VERB` shows what can be asked for",
            Code::Internal => "repeat the command; if it happens again, report it with the daemon's log",

            Code::Unauthenticated => {
                "set a token: `MIGRATECTL_TOKEN`, `--token-file`, or `token_file` in migratectl.toml"
            }
            Code::PermissionDenied => {
                "ask for a token with that right; `migratectl config` shows which one is used"
            }
            Code::AdHocUrlRefused => "`migratectl targets list` shows the targets that may be named",

            Code::DaemonUnreachable => "check the address and that the daemon runs, then repeat the command",
            Code::ConfigInvalid => "correct it; `migratectl config` shows what applies",
            Code::StreamLost => "`migratectl runs list`, then `migratectl runs watch RUN`",
            Code::LocalFile => {
                "see that the path exists and can be read and written, then repeat the command"
            }
            Code::EmbeddedStart => "`migratectl daemon logs` shows what it said",
            Code::NeedsTerminal => "repeat the command with --yes, or in a terminal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_state_and_a_way_on_in_one_line() {
        for code in Code::ALL {
            for text in [code.state(), code.next()] {
                assert!(!text.is_empty() && !text.contains('\n'), "{code}: {text:?}");
                assert_eq!(text.matches('`').count() % 2, 0, "{code}: a quote is open in {text:?}");
            }
        }
    }
}
