//! What a database holds, each object by the statement that SHOW CREATE tells.

use super::super::connect::Connected;
use super::super::error;
use super::super::quote::{literal, qualified};
use super::super::wire::{Answer, Wire};
use crate::{TargetError, journal};
use migrated_core::Code;
use std::collections::BTreeMap;

/// Tables that are asked about in one text.
const AT_ONCE: usize = 100;
/// Differences that are told by name.
const SHOWN: usize = 5;

/// What an object is, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Sequence,
    Table,
    Function,
    Procedure,
    View,
    Trigger,
    Event,
}

impl Kind {
    /// The word of SHOW CREATE.
    fn word(self) -> &'static str {
        match self {
            Kind::Sequence => "SEQUENCE",
            Kind::Table => "TABLE",
            Kind::Function => "FUNCTION",
            Kind::Procedure => "PROCEDURE",
            Kind::View => "VIEW",
            Kind::Trigger => "TRIGGER",
            Kind::Event => "EVENT",
        }
    }

    /// The column of its answer in which the statement stands.
    fn column(self) -> usize {
        match self {
            Kind::Sequence | Kind::Table | Kind::View => 1,
            Kind::Function | Kind::Procedure | Kind::Trigger => 2,
            Kind::Event => 3,
        }
    }

    /// As it stands in messages.
    pub(super) fn as_str(self) -> String {
        self.word().to_lowercase()
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The statement that makes it.
    pub(super) text: String,
    /// With which `sql_mode` it was made, where it keeps that.
    pub(super) sql_mode: Option<String>,
}

/// An object to ask about.
struct Asked {
    kind: Kind,
    name: String,
    sql_mode: Option<String>,
}

/// Reads all of it but our journal; and, a line each, what cannot be read.
pub(super) async fn read(
    connected: &mut Connected,
    database: &str,
) -> Result<(Vec<Definition>, Vec<String>), TargetError> {
    let mariadb = connected.server.is_mariadb;
    let wire = &mut connected.wire;
    // Names are to be printed in one way, whatever the server's settings are.
    ask(wire, "SET SESSION sql_mode='',SESSION sql_quote_show_create=1").await?;
    let mut notes = Vec::new();
    let asked = list(wire, database, mariadb, &mut notes).await?;
    let mut found = Vec::with_capacity(asked.len());
    let (tables, others): (Vec<Asked>, Vec<Asked>) =
        asked.into_iter().partition(|one| one.kind == Kind::Table);
    for some in tables.chunks(AT_ONCE) {
        let questions: Vec<String> = some.iter().map(|table| question(database, table)).collect();
        let answers = ask(wire, &questions.join(";")).await?;
        for (table, answer) in some.iter().zip(&answers) {
            let text = without_counter(answer.first(1).unwrap_or_default());
            found.push(Definition { kind: table.kind, name: table.name.clone(), text, sql_mode: None });
        }
    }
    for one in others {
        let answers = ask(wire, &question(database, &one)).await?;
        let text = answers.last().and_then(|answer| answer.first(one.kind.column())).unwrap_or_default();
        if text.is_empty() {
            let why = "this user may not read its definition";
            notes.push(format!("{} {} was not copied: {why}", one.kind.as_str(), one.name));
            continue;
        }
        found.push(Definition {
            kind: one.kind,
            name: one.name,
            text: text.to_owned(),
            sql_mode: one.sql_mode,
        });
    }
    Ok((found, notes))
}

fn question(database: &str, asked: &Asked) -> String {
    format!("SHOW CREATE {} {}", asked.kind.word(), qualified(database, &asked.name))
}

/// Asks. What the catalog named and is not there any more was dropped meanwhile.
async fn ask(wire: &mut Wire, text: &str) -> Result<Vec<Answer>, TargetError> {
    match wire.query(text).await {
        Ok(answers) => Ok(answers),
        Err((_, e)) if matches!(error::number(&e), Some(1146 | 1347 | 1360 | 1305 | 1539 | 4091)) => {
            let message = format!("the schema changed while it was read: {e}");
            Err(TargetError::new(Code::SchemaMoved, message)
                .help("wait until whoever changes it is done, and try again"))
        }
        Err((_, e)) => Err(error::outside(&e, "reading the schema")),
    }
}

/// Everything that there is.
async fn list(
    wire: &mut Wire,
    database: &str,
    mariadb: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<Asked>, TargetError> {
    let here = literal(database);
    let text = format!(
        "SELECT TABLE_NAME,TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA={here} \
         AND TABLE_NAME<>{} ORDER BY TABLE_NAME;\
         SELECT ROUTINE_NAME,ROUTINE_TYPE,SQL_MODE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA={here} \
         ORDER BY ROUTINE_NAME;\
         SELECT TRIGGER_NAME,SQL_MODE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA={here} \
         ORDER BY EVENT_OBJECT_TABLE,ACTION_TIMING,EVENT_MANIPULATION,ACTION_ORDER;\
         SELECT EVENT_NAME,SQL_MODE FROM information_schema.EVENTS WHERE EVENT_SCHEMA={here} ORDER BY EVENT_NAME",
        literal(journal::TABLE)
    );
    let answers = ask(wire, &text).await?;
    let rows = |at: usize| answers.get(at).map(|answer| answer.rows.as_slice()).unwrap_or_default();
    let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    let mut asked = Vec::new();
    for row in rows(0) {
        let kind = match cell(row, 1).as_str() {
            "BASE TABLE" | "SYSTEM VERSIONED" => Kind::Table,
            "VIEW" => Kind::View,
            "SEQUENCE" if mariadb => Kind::Sequence,
            other => {
                notes.push(format!("{} {} was not copied", other.to_lowercase(), cell(row, 0)));
                continue;
            }
        };
        asked.push(Asked { kind, name: cell(row, 0), sql_mode: None });
    }
    for row in rows(1) {
        let kind = match cell(row, 1).as_str() {
            "FUNCTION" => Kind::Function,
            "PROCEDURE" => Kind::Procedure,
            other => {
                notes.push(format!("{} {} was not copied", other.to_lowercase(), cell(row, 0)));
                continue;
            }
        };
        asked.push(Asked { kind, name: cell(row, 0), sql_mode: Some(cell(row, 2)) });
    }
    for (at, kind) in [(2, Kind::Trigger), (3, Kind::Event)] {
        asked.extend(rows(at).iter().map(|row| Asked {
            kind,
            name: cell(row, 0),
            sql_mode: Some(cell(row, 1)),
        }));
    }
    Ok(asked)
}

/// A table's statement without the next number of its key, which every INSERT of anybody moves.
fn without_counter(text: &str) -> String {
    let options = text.rfind("\n)").unwrap_or(0);
    let (columns, options) = text.split_at(options);
    let Some((before, after)) = options.split_once(" AUTO_INCREMENT=") else { return text.to_owned() };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{columns}{before}{after}")
}

/// What was made, changed or dropped between two readings.
pub(super) fn differences(before: &[Definition], after: &[Definition]) -> Vec<String> {
    let by_name = |all: &[Definition]| -> BTreeMap<(Kind, String), Definition> {
        // The numbers of a sequence go on whoever asks for one.
        let lasting = all.iter().filter(|one| one.kind != Kind::Sequence);
        lasting.map(|one| ((one.kind, one.name.clone()), one.clone())).collect()
    };
    let (before, after) = (by_name(before), by_name(after));
    let mut found = Vec::new();
    for ((kind, name), one) in &before {
        match after.get(&(*kind, name.clone())) {
            None => found.push(format!("{} {name} is gone", kind.as_str())),
            Some(now) if now != one => found.push(format!("{} {name} is another", kind.as_str())),
            Some(_) => {}
        }
    }
    let new = after.keys().filter(|key| !before.contains_key(key));
    found.extend(new.map(|(kind, name)| format!("{} {name} is new", kind.as_str())));
    if found.len() > SHOWN {
        let more = found.len() - SHOWN;
        found.truncate(SHOWN);
        found.push(format!("{more} more"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Definition, Kind, differences, without_counter};

    #[test]
    fn the_counter_of_a_table_is_left_out() {
        let text = "CREATE TABLE `t` (\n  `id` int COMMENT ' AUTO_INCREMENT=7'\n) ENGINE=InnoDB AUTO_INCREMENT=42 \
                    DEFAULT CHARSET=utf8mb4";
        let expected = "CREATE TABLE `t` (\n  `id` int COMMENT ' AUTO_INCREMENT=7'\n) ENGINE=InnoDB DEFAULT \
                        CHARSET=utf8mb4";
        assert_eq!(without_counter(text), expected);
        assert_eq!(without_counter(expected), expected);
    }

    #[test]
    fn differences_are_told() {
        let one = |kind, name: &str, text: &str| Definition {
            kind,
            name: name.into(),
            text: text.into(),
            sql_mode: None,
        };
        let before = [one(Kind::Table, "a", "1"), one(Kind::Table, "b", "1"), one(Kind::Sequence, "s", "1")];
        let after = [one(Kind::Table, "a", "2"), one(Kind::View, "b", "1"), one(Kind::Sequence, "s", "2")];
        assert_eq!(differences(&before, &before), Vec::<String>::new());
        assert_eq!(differences(&before, &after), ["table a is another", "table b is gone", "view b is new"]);
    }
}
