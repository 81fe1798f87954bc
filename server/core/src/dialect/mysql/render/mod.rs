//! Operations as statements of MySQL and MariaDB. Sections named are those of MySQL's manual, "SQL Statements"; where
//! MariaDB's grammar differs, [`Server::mariadb`] decides.

mod column;
mod constraint;
mod data;
mod index;
mod routine;
mod sequence;
mod table;
#[cfg(test)]
mod tests;
mod view;

use crate::DialectName;
use crate::dialect::literal::{quote_name, quote_qualified, quote_text};
use crate::operation::{CommentOn, Operation, OperationError, Server, SetComment};
use crate::schema::Name;

/// The statements that do `operation`.
pub(crate) fn render(operation: &Operation, server: &Server) -> Result<Vec<String>, OperationError> {
    let one = |statement: Result<String, OperationError>| statement.map(|statement| vec![statement]);
    match operation {
        Operation::CreateTable(o) => table::create(o, server),
        Operation::DropTable(o) => one(Ok(table::drop(o))),
        Operation::RenameTable(o) => {
            one(Ok(format!("RENAME TABLE {} TO {}", qualified(&o.from), qualified(&o.to))))
        }
        Operation::AlterTableOptions(o) => table::alter(o, server),
        Operation::RebuildTable(_) => Err(unsupported(
            server,
            "make a table anew behind its name",
            "ALTER TABLE does every change here; write the operations one by one",
        )),
        Operation::AddColumn(o) => one(column::add(o, server)),
        Operation::DropColumn(o) => one(column::drop(o, server)),
        Operation::AlterColumn(o) => one(column::alter(o, server)),
        Operation::AddConstraint(o) => one(constraint::add(o, server)),
        Operation::DropConstraint(o) => one(constraint::drop(o, server)),
        Operation::RenameConstraint(_) => Err(unsupported(
            server,
            "rename a constraint",
            "drop it and add it under its new name; a unique one is an index, and rename_index renames it",
        )),
        Operation::ChangePrimaryKey(o) => one(constraint::change_primary_key(o, server)),
        Operation::CreateIndex(o) => one(index::create(o, server)),
        Operation::DropIndex(o) => one(index::drop(o, server)),
        Operation::RenameIndex(o) => one(Ok(index::rename(o))),
        Operation::SetComment(o) => one(comment(o, server)),
        Operation::CreateSequence(o) => one(sequence::create(o, server)),
        Operation::DropSequence(o) => one(sequence::drop(o, server)),
        Operation::AlterSequence(o) => sequence::alter(o, server),
        Operation::CreateView(o) => one(view::create(&o.view, false, server)),
        Operation::AlterView(o) => one(view::create(&o.to, true, server)),
        Operation::DropView(o) => one(view::drop(&o.view, server)),
        Operation::CreateFunction(o) => Ok(routine::create(&o.function)),
        Operation::AlterFunction(o) => Ok(routine::alter(&o.from, &o.to, server)),
        Operation::DropFunction(o) => one(Ok(routine::drop(&o.function))),
        Operation::CreateTrigger(o) => Ok(routine::trigger(&o.trigger)),
        Operation::DropTrigger(o) => {
            let name = Name::new(o.table.schema.as_deref(), o.trigger.name.as_str());
            one(Ok(format!("DROP TRIGGER {}", qualified(&name))))
        }
        Operation::BulkInsert(o) => Ok(data::insert(o)),
        Operation::Execute(execute) => one(Ok(execute.sql.clone())),
        Operation::CreateNamespace(_) | Operation::DropNamespace(_) => Err(unsupported(
            server,
            "make or drop a schema inside of a database",
            "a schema is a database here; give it a target of its own",
        )),
        Operation::CreateExtension(_) | Operation::DropExtension(_) | Operation::AlterExtension(_) => {
            Err(unsupported(server, "load an extension by SQL", ""))
        }
        Operation::CreateEnum(_) | Operation::DropEnum(_) | Operation::AlterEnum(_) => Err(unsupported(
            server,
            "keep an enum as an object of its own",
            "write enum('a','b') as the column's type",
        )),
        Operation::CreateComposite(_) | Operation::DropComposite(_) | Operation::AlterComposite(_) => {
            Err(unsupported(server, "keep a composite type", "write its fields as columns, or take json"))
        }
        Operation::CreateDomain(_) | Operation::DropDomain(_) | Operation::AlterDomain(_) => {
            Err(unsupported(
                server,
                "keep a domain",
                "write its type in each column, and its checks as checks of the table",
            ))
        }
        Operation::CreatePolicy(_) | Operation::DropPolicy(_) | Operation::SetRowSecurity(_) => Err(
            unsupported(server, "decide on rows by policies", "let a view with WITH CHECK OPTION show them"),
        ),
    }
}

/// What the server has nothing of.
fn unsupported(server: &Server, what: &str, advice: &str) -> OperationError {
    OperationError::Unsupported {
        dialect: if server.mariadb { "MariaDB" } else { "MySQL" },
        what: what.to_owned(),
        advice: advice.to_owned(),
    }
}

fn name(name: &str) -> String {
    quote_name(DialectName::Mysql, name)
}

fn qualified(name: &Name) -> String {
    quote_qualified(DialectName::Mysql, name.schema.as_deref(), &name.name)
}

fn text(text: &str) -> String {
    quote_text(DialectName::Mysql, text)
}

/// Names with commas between them.
fn names(of: &[String]) -> String {
    of.iter().map(|of| name(of)).collect::<Vec<_>>().join(", ")
}

/// IF EXISTS or IF NOT EXISTS, with a blank behind it, where it was asked for; MySQL knows it of few objects.
fn condition(asked: bool, words: &str, server: &Server) -> Result<String, OperationError> {
    match asked {
        false => Ok(String::new()),
        true if server.mariadb => Ok(format!("{words} ")),
        true => {
            let what = format!("do this {words}");
            Err(unsupported(server, &what, "leave it out: the plan knows what is there"))
        }
    }
}

fn comment(set: &SetComment, server: &Server) -> Result<String, OperationError> {
    let to = text(set.to.as_deref().unwrap_or_default());
    let of = |kind: &str, advice: &str| Err(unsupported(server, &format!("comment on {kind}"), advice));
    match &set.object {
        CommentOn::Table(name) => Ok(format!("ALTER TABLE {} COMMENT = {to}", qualified(name))),
        CommentOn::Sequence(name) if server.mariadb => {
            Ok(format!("ALTER TABLE {} COMMENT = {to}", qualified(name)))
        }
        CommentOn::Function(name, _) => Ok(format!("ALTER FUNCTION {} COMMENT {to}", qualified(name))),
        CommentOn::Procedure(name, _) => Ok(format!("ALTER PROCEDURE {} COMMENT {to}", qualified(name))),
        CommentOn::Index(_) => of("an index that is there", "drop it and make it again with its comment"),
        CommentOn::Sequence(_) => of("a sequence", ""),
        CommentOn::Schema(_) => of("a schema", ""),
        CommentOn::View(..) => of("a view", ""),
        CommentOn::Type(_) | CommentOn::Domain(_) => of("a type", "comment on the columns"),
        CommentOn::Constraint(..) => of("a constraint", "comment on the table or its columns"),
        CommentOn::Trigger(..) | CommentOn::Policy(..) => of("a trigger", "write it into the trigger's body"),
    }
}
