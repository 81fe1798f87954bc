//! The operations: what a revision does to a schema, typed.
//!
//! They carry whole objects, before and after, so that each can be reversed, rendered for a dialect and applied to a
//! schema in memory without asking anybody. `alembic.op` has the same operations
//! (<https://alembic.sqlalchemy.org/en/latest/ops.html>); those of objects that it does not know are ours.

mod change;
mod column;
mod comment;
mod constraint;
mod data;
mod enums;
mod followed;
mod function;
mod held;
mod index;
mod namespace;
mod narrowing;
mod policy;
mod render;
mod sequence;
mod table;
mod trigger;
mod types;
mod view;

pub(crate) use column::replaces;
pub use column::{AddColumn, AlterColumn, DropColumn};
pub use comment::{CommentOn, SetComment};
pub use constraint::{AddConstraint, ChangePrimaryKey, DropConstraint, RenameConstraint};
pub use data::{BulkInsert, Execute};
pub use enums::{AlterEnum, CreateEnum, DropEnum, EnumColumn};
pub use function::{AlterFunction, CreateFunction, DropFunction};
pub use index::{CreateIndex, DropIndex, RenameIndex};
pub use namespace::{AlterExtension, CreateExtension, CreateNamespace, DropExtension, DropNamespace};
pub use policy::{CreatePolicy, DropPolicy, SetRowSecurity};
pub use render::{OperationError, Server, render_schema};
pub use sequence::{AlterSequence, CreateSequence, DropSequence};
pub(crate) use table::on_its_own;
pub use table::{AlterTableOptions, CreateTable, DropTable, RebuildTable, RenameTable};
pub use trigger::{CreateTrigger, DropTrigger};
pub(crate) use types::moves_fields;
pub use types::{AlterComposite, AlterDomain, CreateComposite, CreateDomain, DropComposite, DropDomain};
pub use view::{AlterView, CreateView, DropView};

use serde::{Deserialize, Serialize};

/// One typed schema change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a list of operations is short, and they are passed by reference"
)]
pub enum Operation {
    /// Makes a schema.
    CreateNamespace(CreateNamespace),
    /// Drops a schema.
    DropNamespace(DropNamespace),
    /// Makes an extension.
    CreateExtension(CreateExtension),
    /// Drops an extension.
    DropExtension(DropExtension),
    /// Changes an extension's version or schema.
    AlterExtension(AlterExtension),
    /// Makes an enum type.
    CreateEnum(CreateEnum),
    /// Drops an enum type.
    DropEnum(DropEnum),
    /// Changes the values of an enum type: by ADD VALUE where that is enough, else by a new type and a cast of every column.
    AlterEnum(AlterEnum),
    /// Makes a composite type.
    CreateComposite(CreateComposite),
    /// Drops a composite type.
    DropComposite(DropComposite),
    /// Changes the fields of a composite type.
    AlterComposite(AlterComposite),
    /// Makes a domain.
    CreateDomain(CreateDomain),
    /// Drops a domain.
    DropDomain(DropDomain),
    /// Changes a domain.
    AlterDomain(AlterDomain),
    /// Makes a sequence.
    CreateSequence(CreateSequence),
    /// Drops a sequence.
    DropSequence(DropSequence),
    /// Changes a sequence.
    AlterSequence(AlterSequence),
    /// Makes a table with columns, constraints, indexes, comments, triggers and policies. Foreign keys among tables that are made together are added afterwards where they form a cycle.
    CreateTable(CreateTable),
    /// Drops a table with all that is in it.
    DropTable(DropTable),
    /// Gives a table another name, or puts it in another schema (PostgreSQL).
    RenameTable(RenameTable),
    /// Changes what a table's definition says beside columns and constraints.
    AlterTableOptions(AlterTableOptions),
    /// Makes a table anew and fills it from the old one, for what ALTER TABLE cannot do: Alembic's batch mode, and SQLite's twelve steps (<https://www.sqlite.org/lang_altertable.html#otheralter>).
    RebuildTable(RebuildTable),
    /// Adds a column.
    AddColumn(AddColumn),
    /// Drops a column.
    DropColumn(DropColumn),
    /// Changes a column. Everything that it is afterwards stands in `to`, so nothing that was not named is lost.
    AlterColumn(AlterColumn),
    /// Adds a constraint.
    AddConstraint(AddConstraint),
    /// Drops a constraint.
    DropConstraint(DropConstraint),
    /// Gives a constraint another name.
    RenameConstraint(RenameConstraint),
    /// Changes a primary key in one statement, together with the columns that must come, go or change with it.
    ChangePrimaryKey(ChangePrimaryKey),
    /// Makes an index.
    CreateIndex(CreateIndex),
    /// Drops an index.
    DropIndex(DropIndex),
    /// Gives an index another name.
    RenameIndex(RenameIndex),
    /// Sets, changes or removes the comment of an object other than a column, whose comment is part of it.
    SetComment(SetComment),
    /// Makes a view.
    CreateView(CreateView),
    /// Drops a view.
    DropView(DropView),
    /// Puts another query or other options in a view, with CREATE OR REPLACE: the columns stay.
    AlterView(AlterView),
    /// Makes a function or procedure.
    CreateFunction(CreateFunction),
    /// Drops a function or procedure.
    DropFunction(DropFunction),
    /// Puts another body in a function, with CREATE OR REPLACE: the types stay.
    AlterFunction(AlterFunction),
    /// Makes a trigger.
    CreateTrigger(CreateTrigger),
    /// Drops a trigger.
    DropTrigger(DropTrigger),
    /// Makes a policy.
    CreatePolicy(CreatePolicy),
    /// Drops a policy.
    DropPolicy(DropPolicy),
    /// Puts a table's policies in force or out of it.
    SetRowSecurity(SetRowSecurity),
    /// Inserts rows.
    BulkInsert(BulkInsert),
    /// Executes SQL as it stands.
    Execute(Execute),
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
