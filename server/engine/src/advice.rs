//! The way on from what the graph refuses.

use migrated_core::Code;
use migrated_core::revision::RevisionError;

/// The next command for an error of the graph; empty where its own line says all there is to say.
pub(crate) fn of(error: &RevisionError) -> &'static str {
    match error.code() {
        Code::UnknownRevision | Code::NoSuchLabel => "migratectl history",
        Code::AmbiguousRevision => "repeat the command with more characters of the id that is meant",
        Code::NotInBranch => "migratectl history -r LABEL@base:LABEL@head",
        Code::MultipleHeads => {
            "migratectl heads; then name one, narrow to a branch with LABEL@head, take all with `heads`, or join them \
             with `migratectl merge heads`"
        }
        Code::AmbiguousWalk | Code::AmbiguousRelative => {
            "migratectl history --graph; then name the revision, or the branch with LABEL@"
        }
        Code::RelativeOutOfRange | Code::NotAnAncestor | Code::InvalidDowngradeTarget => {
            "migratectl history; migratectl current"
        }
        Code::Overlapping => {
            "migratectl current; then `migratectl stamp --purge REV` to say where the database stands"
        }
        Code::Cycle | Code::DependencyCycle => "correct down_revision or depends_on in one of the files",
        Code::DuplicateLabel => "give one of the two revisions another label",
        Code::MissingParent | Code::MissingDependency => {
            "add the missing file, or correct down_revision or depends_on; `migratectl pull` fetches what was published"
        }
        Code::NotAHead => "repeat the command with --splice if a new branch is meant",
        Code::RangeNotAllowed => "name the goal alone, or write a script with --sql",
        Code::RangeRequired => "repeat the command with START:END",
        _ => "",
    }
}
