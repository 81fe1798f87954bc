//! Making in the copy what the target holds.

use super::super::connect::Place;
use super::super::error;
use super::super::inspect::{definition::definer_of, text::local};
use super::super::quote::{literal, name, qualified};
use super::super::wire::Wire;
use super::confines::Confines;
use super::definitions::{Definition, Kind};
use crate::TargetError;
use migrated_core::DialectName;
use migrated_core::dialect::version_table::VersionTableSql;

/// Makes it all, on a connection that uses the copy. Gives what could not be made, a line each.
pub(super) async fn fill(
    wire: &mut Wire,
    original: &str,
    place: &Place,
    definitions: &[Definition],
    confines: &Confines,
) -> Result<Vec<String>, TargetError> {
    // What was valid when it was made need not be so for a server that is strict by now.
    run(wire, &format!("SET SESSION foreign_key_checks=0,SESSION sql_mode={}", literal(PERMISSIVE))).await?;
    let mut notes = Vec::new();
    let foreign = place.database != original;
    let mut waiting: Vec<(&Definition, String)> = Vec::new();
    let mut ordered: Vec<&Definition> = definitions.iter().collect();
    // The order among triggers of one table is the one in which they fire.
    ordered.sort_by_key(|one| one.kind);
    for one in ordered {
        if one.kind == Kind::Table && foreign && one.name == place.name {
            notes.push(format!(
                "table {} was not copied: the version table is called so in the copy",
                one.name
            ));
            continue;
        }
        if one.kind == Kind::Trigger && !waiting.is_empty() {
            views(wire, std::mem::take(&mut waiting), &mut notes).await?;
        }
        let text = local(&statement(one), original).text;
        let text = match (confines.why_not(&text), one.kind) {
            (None, _) => text,
            (Some(why), Kind::Table) => match kept_to_itself(&text, confines) {
                Some((text, left_out)) => {
                    notes.push(format!("table {} was copied without {left_out}, {why}", one.name));
                    text
                }
                None => {
                    notes.push(format!("table {} was not copied, {why}", one.name));
                    continue;
                }
            },
            (Some(why), _) => {
                notes.push(format!("{} {} was not copied, {why}", one.kind.as_str(), one.name));
                continue;
            }
        };
        if one.kind == Kind::View {
            waiting.push((one, text));
            continue;
        }
        let text = match &one.sql_mode {
            Some(mode) => format!("SET SESSION sql_mode={};{text}", literal(mode)),
            None => text,
        };
        if let Err(why) = made(wire, &text).await? {
            notes.push(not_made(one, &why));
        }
    }
    views(wire, waiting, &mut notes).await?;
    version_rows(wire, place).await?;
    Ok(notes)
}

/// With this `sql_mode` whatever a server has accepted is accepted again.
const PERMISSIVE: &str = "NO_AUTO_VALUE_ON_ZERO";

async fn run(wire: &mut Wire, text: &str) -> Result<(), TargetError> {
    match wire.query(text).await {
        Ok(_) => Ok(()),
        Err((_, e)) => Err(error::outside(&e, "copying the schema")),
    }
}

/// Makes one object; why the server refused it, if it did.
async fn made(wire: &mut Wire, text: &str) -> Result<Result<(), String>, TargetError> {
    match wire.query(text).await {
        Ok(_) => Ok(Ok(())),
        Err((_, e)) if error::is_fatal(&e) => Err(error::outside(&e, "copying the schema")),
        Err((_, e)) => Ok(Err(error::outside(&e, "the server refused it").message)),
    }
}

fn not_made(one: &Definition, why: &str) -> String {
    format!("{} {} was not copied: {why}", one.kind.as_str(), one.name)
}

/// Views may read each other: what cannot be made yet is tried again, for as long as that helps.
async fn views(
    wire: &mut Wire,
    mut waiting: Vec<(&Definition, String)>,
    notes: &mut Vec<String>,
) -> Result<(), TargetError> {
    if !waiting.is_empty() {
        run(wire, &format!("SET SESSION sql_mode={}", literal(PERMISSIVE))).await?;
    }
    while !waiting.is_empty() {
        let (before, mut left, mut refused) = (waiting.len(), Vec::new(), Vec::new());
        for (one, text) in waiting {
            if let Err(why) = made(wire, &text).await? {
                refused.push(not_made(one, &why));
                left.push((one, text));
            }
        }
        if left.len() == before {
            notes.extend(refused);
            return Ok(());
        }
        waiting = left;
    }
    Ok(())
}

/// The version rows as they are; without a version table, without one.
async fn version_rows(wire: &mut Wire, place: &Place) -> Result<(), TargetError> {
    let there = format!(
        "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA={} AND TABLE_NAME={}",
        literal(&place.database),
        literal(&place.name)
    );
    let answers = wire.query(&there).await;
    let answers = answers.map_err(|(_, e)| error::outside(&e, "looking for the version table"))?;
    if answers.last().and_then(|answer| answer.first(0)).is_none() {
        return Ok(());
    }
    let here = name(&place.name);
    let make = VersionTableSql::new(DialectName::Mysql, None, &place.name).create_if_missing();
    let from = qualified(&place.database, &place.name);
    run(wire, &format!("{make};INSERT INTO {here} (version_num) SELECT version_num FROM {from}")).await
}

/// The statement that makes an object for whoever makes it: nobody else is needed to own it. Events sleep.
fn statement(one: &Definition) -> String {
    let text = match definer_of(&one.text) {
        Some((before, _, after)) => format!("{before}{after}"),
        None => one.text.clone(),
    };
    if one.kind == Kind::Event { asleep(&text) } else { text }
}

/// An event that does not start. The server prints whether it does right behind what becomes of it in the end.
fn asleep(text: &str) -> String {
    let Some(at) = text.find(" ON COMPLETION ") else { return text.to_owned() };
    let (schedule, rest) = text.split_at(at);
    for (state, asleep) in
        [("PRESERVE ENABLE", "PRESERVE DISABLE"), ("PRESERVE DISABLE ON SLAVE", "PRESERVE DISABLE")]
    {
        if rest.trim_start_matches(" ON COMPLETION ").trim_start_matches("NOT ").starts_with(state) {
            return format!("{schedule}{}", rest.replacen(state, asleep, 1));
        }
    }
    text.to_owned()
}

/// A table without its keys on tables of other databases, where it is those that reach out of the copy.
fn kept_to_itself(text: &str, confines: &Confines) -> Option<(String, String)> {
    let mut lines: Vec<&str> = text.lines().collect();
    let end = lines.iter().rposition(|line| line.starts_with(')'))?;
    let all = end.checked_sub(1)?;
    let mut body: Vec<&str> = lines.drain(1..end).map(|line| line.trim_end_matches(',')).collect();
    body.retain(|line| {
        !(line.contains(" FOREIGN KEY ") && confines.why_not(line).is_some_and(|why| is_named(&why)))
    });
    let dropped = all - body.len();
    let left_out = match dropped {
        1 => "1 foreign key".to_owned(),
        n => format!("{n} foreign keys"),
    };
    let text = format!("{}\n{}\n{}", lines.first()?, body.join(",\n"), lines[1..].join("\n"));
    (dropped > 0 && confines.why_not(&text).is_none()).then_some((text, left_out))
}

/// A line of a table is no statement: what counts is whether it names a database.
fn is_named(why: &str) -> bool {
    why.starts_with("for it names ")
}

#[cfg(test)]
mod tests {
    use super::{asleep, kept_to_itself};
    use crate::mysql::rehearsal::Confines;

    #[test]
    fn events_sleep() {
        let event = |state: &str| {
            format!(
                "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION {state} COMMENT 'x' DO SELECT ' PRESERVE ENABLE'"
            )
        };
        assert_eq!(asleep(&event("NOT PRESERVE ENABLE")), event("NOT PRESERVE DISABLE"));
        assert_eq!(asleep(&event("PRESERVE ENABLE")), event("PRESERVE DISABLE"));
        assert_eq!(asleep(&event("PRESERVE DISABLE ON SLAVE")), event("PRESERVE DISABLE"));
        assert_eq!(asleep(&event("NOT PRESERVE DISABLE")), event("NOT PRESERVE DISABLE"));
    }

    #[test]
    fn keys_on_other_databases_are_left_out() {
        let confines = Confines::new("shop", "copy", vec!["billing".into()]);
        let table = |keys: &str| format!("CREATE TABLE `t` (\n  `a` int,\n  `b` int{keys}\n) ENGINE=InnoDB");
        let own = ",\n  CONSTRAINT `x` FOREIGN KEY (`a`) REFERENCES `u` (`a`)";
        let other = ",\n  CONSTRAINT `y` FOREIGN KEY (`b`) REFERENCES `billing`.`u` (`a`)";
        let kept = kept_to_itself(&table(&format!("{own}{other}")), &confines);
        assert_eq!(kept, Some((table(own), "1 foreign key".to_owned())));
        assert_eq!(kept_to_itself(&table(&other.replace("FOREIGN KEY", "CHECK")), &confines), None);
    }
}
