//! Routines and events, as SHOW CREATE tells them.

use super::definition::without_definer;
use migrated_core::schema::{Function, FunctionKind, Name};

/// A routine or event to ask about.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) kind: FunctionKind,
    pub(super) sql_mode: String,
    /// When an event starts, where that is only the moment in which it was made.
    pub(super) starts: Option<String>,
}

impl Asked {
    /// What SHOW CREATE calls it.
    pub(super) fn word(&self) -> &'static str {
        match self.kind {
            FunctionKind::Procedure => "PROCEDURE",
            FunctionKind::Event => "EVENT",
            FunctionKind::Function | FunctionKind::Aggregate => "FUNCTION",
        }
    }

    /// The column of the answer in which the statement stands.
    pub(super) fn column(&self) -> usize {
        if self.kind == FunctionKind::Event { 3 } else { 2 }
    }

    /// It, once its statement is known. `mode` is the server's `sql_mode`.
    pub(super) fn told(self, statement: &str, user: &str, mode: &str) -> Function {
        let mut definition = without_definer(statement, user);
        if let Some(starts) = &self.starts {
            definition = definition.replacen(&format!(" STARTS '{starts}'"), "", 1);
        }
        Function {
            name: Name::local(self.name),
            kind: self.kind,
            definition,
            sql_mode: Some(self.sql_mode).filter(|told| told != mode),
            ..Function::default()
        }
    }
}
