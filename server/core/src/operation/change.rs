//! What every operation can do, whatever it is about.

use super::{Operation, OperationError};
use crate::schema::Schema;

/// What each operation says of itself, next to its data.
pub(super) trait Change {
    /// What undoes it.
    fn reverse(&self) -> Result<Operation, OperationError>;

    /// Does to a schema in memory what the statements do to a database.
    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError>;

    /// What may be lost by it.
    fn destroys(&self) -> Option<&'static str> {
        None
    }

    /// It, in a line.
    fn summary(&self) -> String;
}

impl Operation {
    /// The operation that undoes this one, from what it carries alone.
    ///
    /// A list of operations is undone by the reverse of each, in the opposite order. An expression that turned values
    /// of a column into others is not turned round: the reverse works out its own.
    ///
    /// # Errors
    /// [`OperationError::Irreversible`] for rows that were inserted, and for SQL that came without its reverse.
    pub fn reverse(&self) -> Result<Operation, OperationError> {
        self.change().reverse()
    }

    /// Does to `schema` what it does to a database that holds it: dropping a column takes along the constraints and
    /// indexes that PostgreSQL takes, a rename is followed by what refers to the name. Rows and plain SQL change
    /// nothing here.
    ///
    /// # Errors
    /// [`OperationError::Missing`] and [`OperationError::Exists`]; the schema is then as it was.
    pub fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        self.change().apply(schema)
    }

    /// What may be lost for good by it, in a few words; `None` where its reverse brings everything back.
    pub fn is_destructive(&self) -> Option<&'static str> {
        self.change().destroys()
    }

    /// It, in one line for people, without SQL: `add column book.title character varying(50)`.
    pub fn summary(&self) -> String {
        let summary = self.change().summary();
        if summary.contains(['\n', '\r']) {
            summary.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            summary
        }
    }

    fn change(&self) -> &dyn Change {
        match self {
            Operation::CreateNamespace(op) => op,
            Operation::DropNamespace(op) => op,
            Operation::CreateExtension(op) => op,
            Operation::DropExtension(op) => op,
            Operation::AlterExtension(op) => op,
            Operation::CreateEnum(op) => op,
            Operation::DropEnum(op) => op,
            Operation::AlterEnum(op) => op,
            Operation::CreateComposite(op) => op,
            Operation::DropComposite(op) => op,
            Operation::AlterComposite(op) => op,
            Operation::CreateDomain(op) => op,
            Operation::DropDomain(op) => op,
            Operation::AlterDomain(op) => op,
            Operation::CreateSequence(op) => op,
            Operation::DropSequence(op) => op,
            Operation::AlterSequence(op) => op,
            Operation::CreateTable(op) => op,
            Operation::DropTable(op) => op,
            Operation::RenameTable(op) => op,
            Operation::AlterTableOptions(op) => op,
            Operation::RebuildTable(op) => op,
            Operation::AddColumn(op) => op,
            Operation::DropColumn(op) => op,
            Operation::AlterColumn(op) => op,
            Operation::AddConstraint(op) => op,
            Operation::DropConstraint(op) => op,
            Operation::RenameConstraint(op) => op,
            Operation::ChangePrimaryKey(op) => op,
            Operation::CreateIndex(op) => op,
            Operation::DropIndex(op) => op,
            Operation::RenameIndex(op) => op,
            Operation::SetComment(op) => op,
            Operation::CreateView(op) => op,
            Operation::DropView(op) => op,
            Operation::AlterView(op) => op,
            Operation::CreateFunction(op) => op,
            Operation::DropFunction(op) => op,
            Operation::AlterFunction(op) => op,
            Operation::CreateTrigger(op) => op,
            Operation::DropTrigger(op) => op,
            Operation::CreatePolicy(op) => op,
            Operation::DropPolicy(op) => op,
            Operation::SetRowSecurity(op) => op,
            Operation::BulkInsert(op) => op,
            Operation::Execute(op) => op,
        }
    }
}
