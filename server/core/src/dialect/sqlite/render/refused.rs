//! What SQLite has nothing of, and what to do instead.

use crate::operation::{Operation, OperationError};

/// Why it cannot be done.
pub(super) fn unsupported(what: impl Into<String>, advice: &str) -> OperationError {
    OperationError::Unsupported { dialect: "SQLite", what: what.into(), advice: advice.to_owned() }
}

/// What needs the table made anew.
pub(super) fn rebuild_wanted(what: &str) -> OperationError {
    unsupported(what, "rebuild the table (`rebuild_table`)")
}

/// Fails where a condition was asked for: ALTER TABLE knows none.
pub(super) fn unconditional(asked: bool, words: &str) -> Result<(), OperationError> {
    let advice = "leave it out: the plan knows what is there";
    if asked { Err(unsupported(format!("alter a table {words}"), advice)) } else { Ok(()) }
}

/// An operation on a kind of object that there is not.
pub(super) fn refused(operation: &Operation) -> OperationError {
    use Operation as Op;
    match operation {
        Op::CreateNamespace(_) | Op::DropNamespace(_) => unsupported(
            "make or drop a schema inside of a database",
            "a schema is a file here; give it a target of its own",
        ),
        Op::CreateExtension(_) | Op::DropExtension(_) | Op::AlterExtension(_) => {
            unsupported("load an extension by SQL", "")
        }
        Op::CreateEnum(_) | Op::DropEnum(_) | Op::AlterEnum(_) => {
            unsupported("keep an enum type", "make the column text, with a check that names the values")
        }
        Op::CreateComposite(_) | Op::DropComposite(_) | Op::AlterComposite(_) => {
            unsupported("keep a composite type", "write its fields as columns, or keep JSON in a text")
        }
        Op::CreateDomain(_) | Op::DropDomain(_) | Op::AlterDomain(_) => unsupported(
            "keep a domain",
            "write its type in each column, and its checks as checks of the table",
        ),
        Op::CreateSequence(_) | Op::DropSequence(_) | Op::AlterSequence(_) => {
            unsupported("keep a sequence", "let an INTEGER PRIMARY KEY count")
        }
        Op::CreateFunction(_) | Op::DropFunction(_) | Op::AlterFunction(_) => {
            unsupported("keep a function", "do its work in a trigger or a view")
        }
        Op::CreatePolicy(_) | Op::DropPolicy(_) | Op::SetRowSecurity(_) => {
            unsupported("decide on rows by policies", "let a view show them")
        }
        Op::AlterTableOptions(_) => rebuild_wanted("change the options of a table"),
        Op::AddConstraint(_) => rebuild_wanted("add a constraint"),
        Op::DropConstraint(_) => rebuild_wanted("drop a constraint"),
        Op::RenameConstraint(_) => rebuild_wanted("rename a constraint"),
        Op::ChangePrimaryKey(_) => rebuild_wanted("change a primary key"),
        Op::RenameIndex(_) => unsupported(
            "rename an index",
            "say what it is in `index`: it is dropped, and made again under its new name",
        ),
        Op::SetComment(_) => unsupported("keep a comment", "leave it out"),
        other => unsupported(other.summary(), ""),
    }
}
