//! Refusals of a body, with their place in its file.

use crate::EngineError;
use migrated_core::event::{Direction, SqlFault};
use migrated_core::{Code, DialectName, file};

/// Where a body stands.
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) revision: &'a str,
    pub(super) first_line: u32,
}

impl Place<'_> {
    /// An error at a statement.
    pub(super) fn error(
        &self,
        code: Code,
        message: impl Into<String>,
        line: u32,
        column: u32,
        sql: &str,
    ) -> EngineError {
        let mut error = EngineError::new(code, message).revision(self.revision).with("path", self.path);
        error.sql = Some(Box::new(SqlFault {
            path: self.path.to_owned(),
            line: line.max(self.first_line),
            column_number: column,
            statement: sql.chars().take(400).collect(),
            ..SqlFault::default()
        }));
        error
    }
}

/// The refusal of a revision that has no body for a direction and dialect.
pub(super) fn no_section(
    parsed: &file::RevisionFile,
    path: &str,
    revision: &str,
    direction: Direction,
    dialect: DialectName,
) -> EngineError {
    let way = match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let elsewhere = parsed.sections.iter().any(|s| s.direction == direction);
    if parsed.operations.is_some() {
        return EngineError::new(Code::NoBody, format!("{revision} has no `{way}` operations"))
            .revision(revision)
            .with("path", path)
            .with("dialect", dialect.as_str())
            .next(format!("write them under `{way}:` in {path} (`{way}: []` where there is nothing to do)"));
    }
    let message = if elsewhere {
        format!("{revision} has no `migrate:{way}` section for {dialect}")
    } else {
        format!("{revision} has no `migrate:{way}` section")
    };
    let next = match direction {
        Direction::Up => format!("add a `-- migrate:up dialect:{dialect}` section to {path}"),
        Direction::Down => {
            format!(
                "add a `-- migrate:down` section to {path} (a comment in it will do where nothing is to be undone)"
            )
        }
    };
    EngineError::new(Code::NoBody, message)
        .revision(revision)
        .with("path", path)
        .with("dialect", dialect.as_str())
        .next(next)
}
