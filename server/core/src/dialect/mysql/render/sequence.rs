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
    let options = written(&SequenceOptions::default(), &sequence.options, sequence.data_type.is_none());
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
    let options = written(&alter.from.options, &alter.to.options, alter.to.data_type.is_none());
    let (brought_in, restart) = brought_in(&name, &alter.from, &alter.to);
    statements.extend(brought_in);
    if !kind.is_empty() || !options.is_empty() {
        let restart = if restart { " RESTART" } else { "" };
        statements.push(format!("ALTER SEQUENCE {name}{kind}{options}{restart}"));
    }
    if alter.from.comment != alter.to.comment {
        let comment = text(alter.to.comment.as_deref().unwrap_or_default());
        statements.push(format!("ALTER TABLE {name} COMMENT = {comment}"));
    }
    Ok(statements)
}

/// ALTER SEQUENCE refuses bounds that leave the counter outside. It is brought up to a higher lower one by a statement
/// ahead, or, where no old value is a new one, by RESTART; it cannot be brought down without counting anew.
fn brought_in(name: &str, from: &Sequence, to: &Sequence) -> (Option<String>, bool) {
    let bounds = |sequence: &Sequence| {
        let [_, (_, min), (_, max), ..] = effective(&sequence.options, sequence.data_type.is_none());
        (min, max)
    };
    let ((Some(old_min), Some(old_max)), (Some(min), Some(max))) = (bounds(from), bounds(to)) else {
        return (None, false);
    };
    let restart = min > old_max || max < old_min;
    let up = (min > old_min && !restart).then(|| format!("DO SETVAL({name}, {min}, 0)"));
    (up, restart)
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

/// The options in which they differ, with a blank in front of each. What is not told is what the server makes of it, and
/// is written where the other had it otherwise: ALTER SEQUENCE keeps what it is not told.
fn written(from: &SequenceOptions, to: &SequenceOptions, ranged: bool) -> String {
    let mut out = String::new();
    for ((words, from), (_, to)) in effective(from, ranged).into_iter().zip(effective(to, ranged)) {
        if let Some(value) = to.filter(|_| from != to) {
            out.push_str(&format!(" {words} {value}"));
        }
    }
    if from.cycle != to.cycle {
        out.push_str(if to.cycle { " CYCLE" } else { " NOCYCLE" });
    }
    out
}

/// The options with their defaults; `ranged` tells whether the range is that of `bigint`, whose ends are the server's.
fn effective(options: &SequenceOptions, ranged: bool) -> [(&'static str, Option<i64>); 5] {
    let down = options.increment.is_some_and(|step| step < 0);
    let (least, most) = if down { (-i64::MAX, -1) } else { (1, i64::MAX - 1) };
    let min = options.min.or(ranged.then_some(least));
    let max = options.max.or(ranged.then_some(most));
    [
        ("INCREMENT BY", options.increment.or(Some(1))),
        ("MINVALUE", min),
        ("MAXVALUE", max),
        ("START WITH", options.start.or(if down { max } else { min })),
        ("CACHE", options.cache.or(Some(1_000))),
    ]
}
