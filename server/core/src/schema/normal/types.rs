//! Types: which spellings are one type, where the text alone proves it.

use super::Texts;
use crate::DialectName;
use crate::dialect::{SqlWord, WordKind, sql_words};

impl Texts<'_> {
    /// Whether an engine that is told `new` tells `old`.
    pub(super) fn same_type(&self, old: &str, new: &str) -> bool {
        old == new || self.canonical_type(new).is_some_and(|told| told == old)
    }

    /// A type as the engine tells it; `None` where that is not known from the text.
    pub(super) fn canonical_type(&self, text: &str) -> Option<String> {
        match self.dialect {
            DialectName::Postgres => {
                let words = sql_words(DialectName::Postgres, text)?;
                let (told, rest) = self.postgres_type(&words)?;
                (rest == words.len()).then_some(told)
            }
            DialectName::Mysql => mysql_type(text, self.mariadb),
            // It keeps what it was told.
            DialectName::Sqlite => None,
        }
    }

    /// The type that the words begin with, as `format_type` tells it, and how many words it takes (manual, "Data
    /// Types" and "Numeric Types": aliases).
    pub(super) fn postgres_type(&self, words: &[SqlWord<'_>]) -> Option<(String, usize)> {
        let mut at = 0;
        let word = |at: usize| words.get(at);
        let is = |at: usize, keyword: &str| word(at).is_some_and(|w| w.is(keyword));
        let catalog = is(0, "pg_catalog") && is(1, ".");
        at += if catalog { 2 } else { 0 };
        let first = word(at).filter(|w| w.kind == WordKind::Word)?.text.to_ascii_lowercase();
        // A name of the catalog that a type of the schema could stand before; keywords of the grammar cannot be taken.
        let named = || catalog || !self.own_types.contains(first.as_str());
        at += 1;
        let varying = is(at, "varying");
        let double = first == "double" && is(at, "precision");
        if catalog && (varying || double) {
            return None;
        }
        at += usize::from(varying || double);
        let (length, after) = length(words, at)?;
        at = after;
        let zone = |with: &str| format!("{first}{length} {with} time zone");
        let bare = length.is_empty();
        let base = match first.as_str() {
            "char" | "character" if varying => format!("character varying{length}"),
            "char" | "character" if bare && !catalog => "character(1)".into(),
            "char" | "character" if !catalog => format!("character{length}"),
            "bit" if varying => format!("bit varying{length}"),
            _ if varying => return None,
            "bit" if bare && !catalog => "bit(1)".into(),
            "bit" if !catalog => format!("bit{length}"),
            "varchar" if named() => format!("character varying{length}"),
            "varbit" if named() => format!("bit varying{length}"),
            "numeric" | "decimal" | "dec" => match length.as_str() {
                "" => "numeric".into(),
                // Without a scale it is 0, and told so.
                length if !length.contains(',') => format!("numeric{},0)", &length[..length.len() - 1]),
                length => format!("numeric{length}"),
            },
            "timestamp" | "time" => {
                let mut with = "without";
                if (is(at, "with") || is(at, "without")) && is(at + 1, "time") && is(at + 2, "zone") {
                    with = if is(at, "with") { "with" } else { "without" };
                    at += 3;
                }
                zone(with)
            }
            "timestamptz" if named() => format!("timestamp{length} with time zone"),
            "timetz" if named() => format!("time{length} with time zone"),
            _ if !bare => return None,
            "int" | "integer" => "integer".into(),
            "int4" if named() => "integer".into(),
            "smallint" => "smallint".into(),
            "int2" if named() => "smallint".into(),
            "bigint" => "bigint".into(),
            "int8" if named() => "bigint".into(),
            "real" => "real".into(),
            "float4" if named() => "real".into(),
            "double" if double => "double precision".into(),
            "float" => "double precision".into(),
            "float8" if named() => "double precision".into(),
            "boolean" => "boolean".into(),
            "bool" if named() => "boolean".into(),
            "text" | "date" | "uuid" | "json" | "jsonb" | "bytea" | "inet" | "cidr" | "macaddr" | "xml"
            | "money" | "tsvector" | "tsquery" | "point" | "oid" | "int4range" | "int8range" | "numrange"
            | "daterange" | "tsrange" | "tstzrange"
                if named() =>
            {
                first
            }
            _ => return None,
        };
        let mut array = false;
        while is(at, "[") {
            // Sizes are not kept.
            at += if word(at + 1).is_some_and(|w| w.kind == WordKind::Number) { 2 } else { 1 };
            if !is(at, "]") {
                return None;
            }
            at += 1;
            array = true;
        }
        Some((if array { base + "[]" } else { base }, at))
    }
}

/// `(10,2)` without blanks, and what follows it; empty where there is none.
fn length(words: &[SqlWord<'_>], at: usize) -> Option<(String, usize)> {
    if !words.get(at).is_some_and(|w| w.is("(")) {
        return Some((String::new(), at));
    }
    let end = at + words[at..].iter().position(|w| w.is(")"))?;
    let mut text = String::new();
    for word in &words[at..=end] {
        match word.kind {
            // 010 is 10 for the engine.
            WordKind::Number
                if word.text.bytes().all(|b| b.is_ascii_digit()) && !word.text.starts_with('0') => {}
            WordKind::Number if word.text == "0" => {}
            WordKind::Symbol if matches!(word.text, "(" | ")" | ",") => {}
            _ => return None,
        }
        text.push_str(word.text);
    }
    Some((text, end + 1))
}

/// The aliases of whole numbers and decimals (MySQL manual, "Numeric Data Types"; MariaDB, "Numeric Data Type Overview").
fn mysql_type(text: &str, mariadb: bool) -> Option<String> {
    let words = sql_words(DialectName::Mysql, text)?;
    let first = words.first().filter(|w| w.kind == WordKind::Word)?.text.to_ascii_lowercase();
    let varying = words.get(1).is_some_and(|w| w.is("varying"));
    let (length, mut at) = length(&words, if varying { 2 } else { 1 })?;
    let unsigned = words.get(at).is_some_and(|w| w.is("unsigned"));
    at += usize::from(unsigned);
    if at != words.len() {
        return None;
    }
    let name = match first.as_str() {
        "int" | "integer" | "int4" => "int",
        "bigint" | "int8" => "bigint",
        "smallint" | "int2" => "smallint",
        "tinyint" | "int1" => "tinyint",
        "mediumint" | "middleint" | "int3" => "mediumint",
        "bool" | "boolean" if length.is_empty() && !unsigned => return Some("tinyint(1)".into()),
        "decimal" | "dec" | "numeric" | "fixed" if !varying => {
            let digits = match length.as_str() {
                "" => "(10,0)".to_owned(),
                length if !length.contains(',') => format!("{},0)", &length[..length.len() - 1]),
                length => length.to_owned(),
            };
            return Some(format!("decimal{digits}{}", if unsigned { " unsigned" } else { "" }));
        }
        "varchar" | "character" | "char" if !unsigned && length.len() > 2 => {
            let kind = if varying || first == "varchar" { "varchar" } else { "char" };
            return Some(format!("{kind}{length}"));
        }
        _ => return None,
    };
    if varying {
        return None;
    }
    // MariaDB tells a width that nobody gave; MySQL tells none since 8.0.19, so what was given is left to it.
    let width = match (length.as_str(), mariadb) {
        ("", false) => String::new(),
        ("", true) => {
            let digits = match (name, unsigned) {
                ("int", false) => 11,
                ("int", true) => 10,
                ("bigint", _) => 20,
                ("smallint", false) => 6,
                ("smallint", true) => 5,
                ("tinyint", false) => 4,
                ("tinyint", true) => 3,
                (_, false) => 9,
                (_, true) => 8,
            };
            format!("({digits})")
        }
        (length, true) => length.to_owned(),
        (_, false) => return None,
    };
    Some(format!("{name}{width}{}", if unsigned { " unsigned" } else { "" }))
}
