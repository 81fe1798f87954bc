//! `migrated config`: the merged configuration as TOML, each value with its origin, secrets masked.

use super::schema::{ANY, Key, Kind};
use super::source::Loaded;
use std::fmt::Write as _;

/// The configuration as TOML that could be read again, but for its secrets.
///
/// # Errors
/// Where a value cannot be written as TOML (a number beyond 63 bits).
pub(crate) fn show(loaded: &Loaded) -> Result<String, toml::ser::Error> {
    let table = toml::Table::try_from(&loaded.config)?;
    let mut out = String::new();
    write_table(&mut out, loaded, &table, super::Config::KEYS, &mut Vec::new());
    Ok(out)
}

fn write_table(out: &mut String, loaded: &Loaded, table: &toml::Table, keys: &[Key], path: &mut Vec<String>) {
    let (inner, plain): (Vec<_>, Vec<_>) =
        entries(table, keys).partition(|(_, kind, value)| is_table(*kind, *value));
    if !path.is_empty() && (!plain.is_empty() || inner.is_empty()) {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}[{}]", path.iter().map(|n| quoted(n)).collect::<Vec<_>>().join("."));
    }
    for (name, _, value) in plain {
        let key = [&path[..], std::slice::from_ref(&name)].concat();
        let _ = match value {
            Some(value) => writeln!(out, "{} = {value}  # {}", quoted(&name), loaded.origin(&key)),
            None => writeln!(out, "# {} is not set", quoted(&name)),
        };
    }
    for (name, kind, value) in inner {
        path.push(name);
        match (kind, value) {
            (Kind::Table(keys), Some(toml::Value::Table(table))) => {
                write_table(out, loaded, table, keys, path)
            }
            (Kind::List(keys), Some(toml::Value::Array(all))) => write_list(out, loaded, all, keys, path),
            _ => {}
        }
        path.pop();
    }
}

fn write_list(out: &mut String, loaded: &Loaded, all: &[toml::Value], keys: &[Key], path: &[String]) {
    let origin = loaded.origin(path);
    for table in all.iter().filter_map(toml::Value::as_table) {
        let _ = writeln!(out, "\n[[{}]]  # {origin}", path.join("."));
        for (name, value) in keys.iter().filter_map(|k| Some((k.name, table.get(k.name)?))) {
            let _ = writeln!(out, "{name} = {value}");
        }
    }
}

/// The keys in their order, with those of any name where that stands; a key without a value is told as not set.
fn entries<'a>(
    table: &'a toml::Table,
    keys: &'a [Key],
) -> impl Iterator<Item = (String, Kind, Option<&'a toml::Value>)> {
    keys.iter().flat_map(move |key| match key.name {
        ANY => {
            let named = |name: &String| !keys.iter().any(|k| k.name == name);
            let rest = table.iter().filter(move |(name, _)| named(name));
            rest.map(|(name, value)| (name.clone(), key.kind, Some(value))).collect::<Vec<_>>()
        }
        name => vec![(name.to_owned(), key.kind, table.get(name))],
    })
}

fn is_table(kind: Kind, value: Option<&toml::Value>) -> bool {
    match (kind, value) {
        (Kind::List(_), Some(toml::Value::Array(all))) => !all.is_empty(),
        (Kind::Table(_), _) => true,
        _ => false,
    }
}

/// A key as TOML wants it.
fn quoted(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { toml::Value::from(name).to_string() }
}
