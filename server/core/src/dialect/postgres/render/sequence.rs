//! Sequences.

use super::comment::comment;
use super::options::set_schema;
use super::{beside, literal, qualified, quote, since};
use crate::operation::{AlterSequence, CreateSequence, OperationError, Server};
use crate::schema::{Name, Owner, Sequence, SequenceOptions};

pub(super) fn create(op: &CreateSequence, server: &Server) -> Result<Vec<String>, OperationError> {
    let sequence = &op.sequence;
    let name = qualified(&sequence.name);
    if sequence.unlogged {
        since(server, 15, "have unlogged sequences")?;
    }
    let unlogged = if sequence.unlogged { "UNLOGGED " } else { "" };
    let guard = if op.if_not_exists { "IF NOT EXISTS " } else { "" };
    let mut out = format!("CREATE {unlogged}SEQUENCE {guard}{name}");
    if let Some(data_type) = &sequence.data_type {
        out += &format!(" AS {data_type}");
    }
    for option in options(&sequence.options) {
        out += &format!(" {option}");
    }
    let mut statements = vec![out];
    if let Some(owner) = &sequence.owned_by {
        statements
            .push(format!("ALTER SEQUENCE {name} OWNED BY {}", owner_text(&sequence.name, Some(owner))));
    }
    if sequence.comment.is_some() {
        statements.push(comment(&format!("SEQUENCE {name}"), sequence.comment.as_deref()));
    }
    Ok(statements)
}

/// Options that are not the defaults.
pub(super) fn options(options: &SequenceOptions) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |words: &str, value: Option<i64>| all.extend(value.map(|value| format!("{words} {value}")));
    add("START WITH", options.start);
    add("INCREMENT BY", options.increment);
    add("MINVALUE", options.min);
    add("MAXVALUE", options.max);
    add("CACHE", options.cache);
    if options.cycle {
        all.push("CYCLE".into());
    }
    all
}

/// What ALTER SEQUENCE says to make `to` of `from`; what `to` leaves to its default is named.
///
/// `retyped` is the new type where that changes: bounds are then said in numbers, because ALTER SEQUENCE AS moves those
/// that are the old type's, and takes NO MINVALUE for the new type's own where it does.
pub(super) fn changed_options(
    from: &SequenceOptions,
    to: &SequenceOptions,
    retyped: Option<&str>,
) -> Vec<String> {
    let mut all = Vec::new();
    let turned = descends(from) != descends(to);
    if from.increment != to.increment {
        all.push(format!("INCREMENT BY {}", to.increment.unwrap_or(1)));
    }
    let (min, max) = bounds(retyped, to);
    let mut bound = |from: Option<i64>, to: Option<i64>, own: i64, word: &str| match to {
        Some(value) if retyped.is_some() || turned || from != to => all.push(format!("{word} {value}")),
        None if (turned || from.is_some()) && retyped.is_some() => all.push(format!("{word} {own}")),
        None if turned || from.is_some() => all.push(format!("NO {word}")),
        _ => {}
    };
    bound(from.min, to.min, min, "MINVALUE");
    bound(from.max, to.max, max, "MAXVALUE");
    if first(from) != first(to) {
        all.push(format!("START WITH {}", first(to)));
    }
    if from.cache != to.cache {
        all.push(format!("CACHE {}", to.cache.unwrap_or(1)));
    }
    if from.cycle != to.cycle {
        all.push(if to.cycle { "CYCLE" } else { "NO CYCLE" }.into());
    }
    all
}

fn descends(options: &SequenceOptions) -> bool {
    options.increment.is_some_and(|step| step < 0)
}

/// The value that it starts with (manual, CREATE SEQUENCE: the lower bound where it ascends, else the upper one).
pub(super) fn first(options: &SequenceOptions) -> i64 {
    options.start.unwrap_or(if descends(options) {
        options.max.unwrap_or(-1)
    } else {
        options.min.unwrap_or(1)
    })
}

pub(super) fn alter(op: &AlterSequence, server: &Server) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&op.from, &op.to);
    let mut statements = Vec::new();
    let mut now = from.name.clone();
    if from.owned_by.is_some() && from.owned_by != to.owned_by {
        // First of all, because a sequence with an owner stays in its table's schema.
        statements.push(format!("ALTER SEQUENCE {} OWNED BY NONE", qualified(&now)));
    }
    if from.name.schema != to.name.schema {
        statements.push(set_schema("SEQUENCE", &now, to.name.schema.as_deref()));
        now.schema.clone_from(&to.name.schema);
    }
    if from.name.name != to.name.name {
        statements.push(format!("ALTER SEQUENCE {} RENAME TO {}", qualified(&now), quote(&to.name.name)));
    }
    let name = qualified(&to.name);
    let (brought_in, restart) = brought_in(&name, from, to);
    statements.extend(brought_in);
    let mut actions = Vec::new();
    if from.data_type != to.data_type {
        actions.push(format!("AS {}", to.data_type.as_deref().unwrap_or("bigint")));
    }
    let retyped = (from.data_type != to.data_type).then(|| to.data_type.as_deref().unwrap_or("bigint"));
    actions.extend(changed_options(&from.options, &to.options, retyped));
    if restart {
        actions.push("RESTART".into());
    }
    if !actions.is_empty() {
        statements.push(format!("ALTER SEQUENCE {name} {}", actions.join(" ")));
    }
    if to.owned_by.is_some() && from.owned_by != to.owned_by {
        statements
            .push(format!("ALTER SEQUENCE {name} OWNED BY {}", owner_text(&to.name, to.owned_by.as_ref())));
    }
    if from.unlogged != to.unlogged {
        since(server, 15, "have unlogged sequences")?;
        statements
            .push(format!("ALTER SEQUENCE {name} SET {}", if to.unlogged { "UNLOGGED" } else { "LOGGED" }));
    }
    if from.comment != to.comment {
        statements.push(comment(&format!("SEQUENCE {name}"), to.comment.as_deref()));
    }
    Ok(statements)
}

/// Lowest and highest value (manual, CREATE SEQUENCE).
fn bounds(data_type: Option<&str>, options: &SequenceOptions) -> (i64, i64) {
    let (lowest, highest) = match data_type {
        Some("smallint") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("integer") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let (min, max) = if descends(options) { (lowest, -1) } else { (1, highest) };
    (options.min.unwrap_or(min), options.max.unwrap_or(max))
}

/// ALTER SEQUENCE refuses bounds that leave the counter outside: it is brought in by a statement ahead, or, where no
/// old value is a new one, by RESTART.
fn brought_in(name: &str, from: &Sequence, to: &Sequence) -> (Vec<String>, bool) {
    let of = |sequence: &Sequence| bounds(sequence.data_type.as_deref(), &sequence.options);
    let ((old_min, old_max), (min, max)) = (of(from), of(to));
    if min > old_max || max < old_min {
        return (Vec::new(), true);
    }
    let set = |value: i64, when: &str| {
        let text = literal(name);
        format!("SELECT setval({text}, {value}, false) FROM {name} WHERE last_value {when} {value}")
    };
    let mut statements = Vec::new();
    if min > old_min {
        statements.push(set(min, "<"));
    }
    if max < old_max {
        statements.push(set(max, ">"));
    }
    (statements, false)
}

fn owner_text(sequence: &Name, owner: Option<&Owner>) -> String {
    owner.map_or_else(
        || "NONE".into(),
        |owner| format!("{}.{}", beside(sequence, &owner.table), quote(&owner.column)),
    )
}
