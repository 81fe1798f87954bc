//! Sequences (MariaDB's manual, "CREATE SEQUENCE" and "ALTER SEQUENCE").

use super::{condition, qualified, text, unsupported};
use crate::operation::{AlterSequence, CreateSequence, DropSequence, OperationError, Server};
use crate::schema::{Sequence, SequenceOptions};

pub(super) fn create(create: &CreateSequence, server: &Server) -> Result<String, OperationError> {
    let sequence = &create.sequence;
    supported(sequence, server)?;
    let condition = condition(create.if_not_exists, "IF NOT EXISTS", server)?;
    let kind = sequence.data_type.as_ref().map(|kind| format!(" AS {kind}")).unwrap_or_default();
    let comment = sequence.comment.as_ref().map(|c| format!(" COMMENT={}", text(c))).unwrap_or_default();
    let options = written(&SequenceOptions::default(), &sequence.options);
    Ok(format!("CREATE SEQUENCE {condition}{}{kind}{options}{comment}", qualified(&sequence.name)))
}

pub(super) fn drop(drop: &DropSequence, server: &Server) -> Result<String, OperationError> {
    supported(&drop.sequence, server)?;
    let condition = condition(drop.if_exists, "IF EXISTS", server)?;
    Ok(format!("DROP SEQUENCE {condition}{}", qualified(&drop.sequence.name)))
}

pub(super) fn alter(alter: &AlterSequence, server: &Server) -> Result<Vec<String>, OperationError> {
    supported(&alter.to, server)?;
    let name = qualified(&alter.to.name);
    let mut statements = Vec::new();
    let kind = match (&alter.from.data_type, &alter.to.data_type) {
        (from, to) if from == to => String::new(),
        (_, to) => format!(" AS {}", to.as_deref().unwrap_or("bigint")),
    };
    let options = written(&alter.from.options, &alter.to.options);
    if !kind.is_empty() || !options.is_empty() {
        statements.push(format!("ALTER SEQUENCE {name}{kind}{options}"));
    }
    if alter.from.comment != alter.to.comment {
        let comment = text(alter.to.comment.as_deref().unwrap_or_default());
        statements.push(format!("ALTER TABLE {name} COMMENT = {comment}"));
    }
    Ok(statements)
}

fn supported(sequence: &Sequence, server: &Server) -> Result<(), OperationError> {
    if !server.mariadb {
        return Err(unsupported(server, "keep a sequence", "take an AUTO_INCREMENT column"));
    }
    if sequence.owned_by.is_some() || sequence.unlogged {
        let what = "let a column own a sequence, or make one UNLOGGED";
        return Err(unsupported(server, what, "these are PostgreSQL's"));
    }
    Ok(())
}

/// The options in which they differ, with a blank in front of each. One that is told no more gets its default.
fn written(from: &SequenceOptions, to: &SequenceOptions) -> String {
    let mut out = String::new();
    let mut option = |words: &str, from: Option<i64>, to: Option<i64>, default: String| {
        if from != to {
            out.push(' ');
            out.push_str(&to.map_or(default, |value| format!("{words} {value}")));
        }
    };
    let down = to.increment.is_some_and(|step| step < 0);
    let first = if down { to.max.unwrap_or(-1) } else { to.min.unwrap_or(1) };
    option("INCREMENT BY", from.increment, to.increment, "INCREMENT BY 1".into());
    option("MINVALUE", from.min, to.min, "NO MINVALUE".into());
    option("MAXVALUE", from.max, to.max, "NO MAXVALUE".into());
    option("START WITH", from.start, to.start, format!("START WITH {first}"));
    option("CACHE", from.cache, to.cache, "CACHE 1000".into());
    if from.cycle != to.cycle {
        out.push_str(if to.cycle { " CYCLE" } else { " NOCYCLE" });
    }
    out
}
