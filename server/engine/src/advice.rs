//! The way on from what the graph or the target refuses.

use migrated_core::Code;
use migrated_core::revision::RevisionError;

/// The next command for an error of the graph; empty where its own line says all there is to say.
pub(crate) fn of(error: &RevisionError) -> &'static str {
    match error.code() {
        Code::UnknownRevision | Code::NoSuchLabel => "`migratectl history` lists what there is",
        Code::AmbiguousRevision => {
            "`migratectl history` lists the ids; repeat the command with more characters of the one that is meant"
        }
        Code::NotInBranch => "`migratectl history --graph` shows which branch it is on",
        Code::MultipleHeads => {
            "`migratectl heads`; then name one, narrow to a branch with LABEL@head, take all with `heads`, or join them \
             with `migratectl merge heads`"
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
            "correct down_revision or depends_on in one of the files; `migratectl history` tells whether it is mended"
        }
        Code::DuplicateLabel => {
            "give one of the two revisions another label; `migratectl history` tells whether it is mended"
        }
        Code::MissingParent | Code::MissingDependency => {
            "add the missing file, or correct down_revision or depends_on; `migratectl pull` fetches what was published"
        }
        Code::NotAHead => "repeat the command with --splice if a new branch is meant",
        Code::RangeNotAllowed => "name the goal alone, or write a script with --sql",
        Code::RangeRequired => "repeat the command with START:END",
        _ => "",
    }
}

/// The next command for a target that cannot be reached; empty where the target itself knows better.
pub(crate) fn of_target(code: Code) -> &'static str {
    match code {
        Code::TargetUnreachable => {
            "`migratectl targets test` says what the connection meets; once the server answers, repeat the command"
        }
        Code::TargetAuthentication => {
            "correct user or password in the target's URL; `migratectl targets test` tries them"
        }
        Code::DatabaseMissing => {
            "create it, or correct its name in the target's URL; `migratectl targets test` tries it"
        }
        _ => "",
    }
}
