//! The layers that figment merges: each turns its source into a dictionary and refuses keys that nobody knows.

use super::keys::{self, Kind};
use crate::error::{Error, Own, Result};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use std::path::Path;

/// The prefix of the variables.
pub const PREFIX: &str = "MIGRATECTL_";

/// Where a value comes from, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Built in.
    Default,
    /// `migratectl.toml`.
    File,
    /// A variable.
    Variable,
    /// A flag.
    Flag,
}

/// A layer whose values have been read and checked.
pub struct Layer {
    metadata: Metadata,
    dict: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

/// What [`Layer`]s call themselves, lowest first.
const NAMES: [(&str, Rank); 4] =
    [("default", Rank::Default), ("file", Rank::File), ("environment", Rank::Variable), ("flag", Rank::Flag)];

/// The rank of a layer by its metadata.
pub fn rank(metadata: Option<&Metadata>) -> Rank {
    let name = metadata.map_or("default", |m| m.name.as_ref());
    NAMES.iter().find(|(n, _)| *n == name).map_or(Rank::Default, |(_, rank)| *rank)
}

/// The file's layer.
///
/// # Errors
/// CONFIG_INVALID where the file is not TOML or has an unknown key.
pub fn file(path: &Path, text: &str) -> Result<Layer> {
    let table: toml::Table = toml::from_str(text)
        .map_err(|e| Own::ConfigInvalid.error(format!("{}: {}", path.display(), e.to_string().trim_end())))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut dict = Dict::new();
    for (name, value) in leaves("", table) {
        let Some(key) = keys::find(&name) else { return Err(unknown(&name, &path.display().to_string())) };
        let value = match (key.kind, value) {
            (Kind::Path, toml::Value::String(p)) => toml::Value::String(absolute(folder, &p)),
            (Kind::Paths, toml::Value::Array(list)) => list
                .into_iter()
                .map(|v| match v {
                    toml::Value::String(p) => toml::Value::String(absolute(folder, &p)),
                    other => other,
                })
                .collect::<Vec<_>>()
                .into(),
            (_, value) => value,
        };
        let value = Value::serialize(value)
            .map_err(|e| Own::ConfigInvalid.error(format!("{}: `{name}`: {e}", path.display())))?;
        insert(&mut dict, &name, value);
    }
    Ok(Layer { metadata: Metadata::named("file").source(path.display().to_string()), dict })
}

/// The variables' layer. A variable of our prefix that is no key is refused where it resembles one, and else left
/// alone: container platforms and build files set variables of that prefix for their own ends.
///
/// # Errors
/// CONFIG_INVALID for a misspelt variable, or a value that does not fit its key.
pub fn variables(all: &[(String, String)], folder: &Path) -> Result<Layer> {
    let mut dict = Dict::new();
    for (variable, text) in all {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let name = rest.to_lowercase().replace("__", ".");
        let Some(key) = keys::find(&name) else {
            if rest == "CONFIG" || keys::nearest(&name).is_none() {
                continue;
            }
            return Err(unknown_variable(variable, &name));
        };
        insert(&mut dict, &name, typed(key.kind, text, folder).map_err(|e| misfit(variable, &e))?);
    }
    Ok(Layer { metadata: Metadata::named("environment"), dict })
}

/// The flags' layer: `(key, text)`, a list's items one after the other.
///
/// # Errors
/// CONFIG_INVALID for a value that does not fit its key.
pub fn flags(given: &[(&'static str, String)], folder: &Path) -> Result<Layer> {
    let mut dict = Dict::new();
    let mut lists: Map<&str, Vec<Value>> = Map::new();
    for (name, text) in given {
        match keys::find(name).map(|k| k.kind) {
            Some(Kind::Paths) => lists.entry(name).or_default().push(Value::from(absolute(folder, text))),
            Some(kind) => insert(&mut dict, name, typed(kind, text, folder).map_err(|e| misfit(name, &e))?),
            None => return Err(unknown(name, "the command line")),
        }
    }
    for (name, list) in lists {
        insert(&mut dict, name, Value::from(list));
    }
    Ok(Layer { metadata: Metadata::named("flag"), dict })
}

fn typed(kind: Kind, text: &str, folder: &Path) -> std::result::Result<Value, String> {
    Ok(match kind {
        Kind::Text => Value::from(text),
        Kind::Path => Value::from(absolute(folder, text)),
        Kind::Switch => {
            Value::from(text.parse::<bool>().map_err(|_| format!("`{text}` is not true or false"))?)
        }
        Kind::Count => {
            Value::from(text.parse::<u32>().map_err(|_| format!("`{text}` is not a whole number"))?)
        }
        Kind::Paths => {
            let items = text.split(',').map(str::trim).filter(|p| !p.is_empty());
            Value::from(items.map(|p| Value::from(absolute(folder, p))).collect::<Vec<_>>())
        }
        Kind::Texts => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.map(Value::from).collect::<Vec<_>>())
        }
        Kind::Tables => return Err("can be set in migratectl.toml only".into()),
    })
}

fn absolute(folder: &Path, path: &str) -> String {
    folder.join(path).to_string_lossy().into_owned()
}

/// The leaves of a table with their dotted names; a table under an unknown name is a leaf of its own.
fn leaves(prefix: &str, table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut found = Vec::new();
    for (name, value) in table {
        let dotted = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        let section = format!("{dotted}.");
        match value {
            toml::Value::Table(inner) if keys::KEYS.iter().any(|k| k.name.starts_with(&section)) => {
                found.extend(leaves(&dotted, inner));
            }
            value => found.push((dotted, value)),
        }
    }
    found
}

fn insert(dict: &mut Dict, dotted: &str, value: Value) {
    match dotted.split_once('.') {
        None => drop(dict.insert(dotted.into(), value)),
        Some((section, rest)) => {
            let entry = dict.entry(section.into()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

fn unknown(name: &str, place: &str) -> Box<Error> {
    let error = Own::ConfigInvalid.error(format!("unknown key `{name}` in {place}"));
    match keys::nearest(name) {
        Some(near) => error.next(format!("did you mean `{near}`?")),
        None => error.next("`migratectl config` lists every key"),
    }
}

fn unknown_variable(variable: &str, name: &str) -> Box<Error> {
    let near = keys::nearest(name).unwrap_or_default().to_uppercase().replace('.', "__");
    Own::ConfigInvalid
        .error(format!("unknown variable {variable}"))
        .next(format!("did you mean {PREFIX}{near}?"))
}

fn misfit(name: &str, cause: &str) -> Box<Error> {
    Own::ConfigInvalid.error(format!("{name}: {cause}"))
}
