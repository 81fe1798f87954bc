//! Operations as statements of PostgreSQL.

mod alter_column;
mod cast;
mod column;
mod comment;
mod constraint;
mod data;
mod enums;
mod expression;
mod function;
mod index;
mod namespace;
mod options;
mod policy;
mod sequence;
mod table;
mod trigger;
mod types;
mod view;

use crate::DialectName;
use crate::dialect::literal::{quote_name, quote_qualified, quote_text};
use crate::dialect::offline::unused;
use crate::operation::{Operation, OperationError, Server};
use crate::schema::Name;

/// The statements that do `operation`.
pub(crate) fn render(operation: &Operation, server: &Server) -> Result<Vec<String>, OperationError> {
    match operation {
        Operation::CreateNamespace(op) => Ok(namespace::create(op)),
        Operation::DropNamespace(op) => Ok(namespace::drop(op)),
        Operation::CreateExtension(op) => Ok(namespace::create_extension(op)),
        Operation::DropExtension(op) => Ok(namespace::drop_extension(op)),
        Operation::AlterExtension(op) => Ok(namespace::alter_extension(op)),
        Operation::CreateEnum(op) => Ok(enums::create(op)),
        Operation::DropEnum(op) => Ok(vec![drop("TYPE", op.if_exists, &qualified(&op.r#enum.name))]),
        Operation::AlterEnum(op) => Ok(enums::alter(op)),
        Operation::CreateComposite(op) => Ok(types::create_composite(op)),
        Operation::DropComposite(op) => Ok(vec![drop("TYPE", op.if_exists, &qualified(&op.composite.name))]),
        Operation::AlterComposite(op) => Ok(types::alter_composite(op)),
        Operation::CreateDomain(op) => Ok(types::create_domain(op)),
        Operation::DropDomain(op) => Ok(vec![drop("DOMAIN", op.if_exists, &qualified(&op.domain.name))]),
        Operation::AlterDomain(op) => types::alter_domain(op),
        Operation::CreateSequence(op) => sequence::create(op, server),
        Operation::DropSequence(op) => {
            Ok(vec![drop("SEQUENCE", op.if_exists, &qualified(&op.sequence.name))])
        }
        Operation::AlterSequence(op) => sequence::alter(op, server),
        Operation::CreateTable(op) => table::create(op, server),
        Operation::DropTable(op) => Ok(vec![drop("TABLE", op.if_exists, &qualified(&op.table.name))]),
        Operation::RenameTable(op) => Ok(table::rename(op)),
        Operation::AlterTableOptions(op) => options::alter(op, server),
        Operation::RebuildTable(op) => table::rebuild(op, server),
        Operation::AddColumn(op) => column::add(op, server),
        Operation::DropColumn(op) => Ok(column::drop(op)),
        Operation::AlterColumn(op) => alter_column::alter(op, server),
        Operation::AddConstraint(op) => constraint::add(op, server),
        Operation::DropConstraint(op) => constraint::drop(op),
        Operation::RenameConstraint(op) => Ok(constraint::rename(op)),
        Operation::ChangePrimaryKey(op) => constraint::change_primary_key(op, server),
        Operation::CreateIndex(op) => index::create(op, server),
        Operation::DropIndex(op) => Ok(index::drop(op)),
        Operation::RenameIndex(op) => Ok(index::rename(op)),
        Operation::SetComment(op) => Ok(comment::set(op)),
        Operation::CreateView(op) => view::create(&op.view, server),
        Operation::DropView(op) => Ok(vec![view::drop(&op.view)]),
        Operation::AlterView(op) => view::alter(op, server),
        Operation::CreateFunction(op) => Ok(function::create(&op.function)),
        Operation::DropFunction(op) => Ok(vec![function::drop(&op.function)]),
        Operation::AlterFunction(op) => Ok(function::alter(op)),
        Operation::CreateTrigger(op) => Ok(trigger::create(&op.table, &op.trigger)),
        Operation::DropTrigger(op) => Ok(vec![trigger::drop(&op.table, &op.trigger)]),
        Operation::CreatePolicy(op) => Ok(policy::create(&op.table, &op.policy)),
        Operation::DropPolicy(op) => Ok(vec![policy::drop(&op.table, &op.policy)]),
        Operation::SetRowSecurity(op) => Ok(policy::row_security(&op.table, op.from, op.to)),
        Operation::BulkInsert(op) => Ok(data::insert(op)),
        Operation::Execute(op) => Ok(vec![op.sql.clone()]),
    }
}

fn quote(name: &str) -> String {
    quote_name(DialectName::Postgres, name)
}

fn qualified(name: &Name) -> String {
    quote_qualified(DialectName::Postgres, name.schema.as_deref(), &name.name)
}

/// The name of something that stands in another object's schema.
fn beside(name: &Name, other: &str) -> String {
    quote_qualified(DialectName::Postgres, name.schema.as_deref(), other)
}

fn literal(text: &str) -> String {
    quote_text(DialectName::Postgres, text)
}

fn quoted_list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

fn drop(kind: &str, if_exists: bool, name: &str) -> String {
    format!("DROP {kind} {}{name}", if if_exists { "IF EXISTS " } else { "" })
}

/// `k='v', …`: parameters of WITH and SET. A `toast.` in front is a namespace, not a part of the name.
fn parameters<'a>(all: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let one = |(key, value): (&String, &String)| format!("{}={}", parameter(key), literal(value));
    all.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn parameter(key: &str) -> String {
    key.split('.').map(quote).collect::<Vec<_>>().join(".")
}

/// Statements that are executed only where `found` (`to_regclass(…)`) is NULL, for what has no IF NOT EXISTS.
fn unless(found: &str, statements: &[String]) -> String {
    let body: String = statements.iter().map(|statement| format!("        {statement};\n")).collect();
    block(&format!("    IF {found} IS NULL THEN\n{body}    END IF;\n"))
}

/// PL/pgSQL as a statement.
fn block(body: &str) -> String {
    let tag = unused(body, |n| if n == 0 { "$$".into() } else { format!("$do{n}$") });
    format!("DO {tag}\nBEGIN\n{body}END\n{tag}")
}

fn unsupported(what: impl Into<String>, advice: impl Into<String>) -> OperationError {
    OperationError::Unsupported { dialect: "PostgreSQL", what: what.into(), advice: advice.into() }
}

/// Fails where the server is older than `major`.
fn since(server: &Server, major: u32, what: &str) -> Result<(), OperationError> {
    if server.version.0 >= major {
        return Ok(());
    }
    Err(unsupported(format!("{what} before version {major}"), ""))
}
