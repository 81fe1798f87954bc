//! Whether a column's values turn into another type by themselves, and by which expression where they do not.
//!
//! An assignment cast needs no USING, and must not get one: `USING x::varchar(10)` cuts off in silence what the
//! assignment refuses (manual, CREATE CAST and "Value Storage").

/// The expression that turns `column`, quoted, from one type into another; `None` where ALTER TABLE does it by itself.
pub(super) fn using(column: &str, from: &str, to: &str) -> Option<String> {
    let (old, new) = (Type::parse(from), Type::parse(to));
    if assigns(&old, &new) {
        return None;
    }
    if new.array && !old.array {
        let alike = old.base == new.base || old.is_string() && new.is_string();
        let element = Type { array: false, ..new.clone() };
        if alike || !old.is_string() && assigns(&old, &element) {
            return Some(format!("CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]::{to} END"));
        }
    }
    if casts(&old, &new) {
        return Some(format!("{column}::{to}"));
    }
    let through = match (old.base.as_str(), new.base.as_str()) {
        (number, "boolean") if old.array == new.array && NUMBERS.contains(&number) => "integer",
        ("boolean", number) if old.array == new.array && NUMBERS.contains(&number) => "integer",
        _ => "text",
    };
    let array = if old.array && new.array { "[]" } else { "" };
    Some(format!("{column}::{through}{array}::{to}"))
}

/// A type without length and precision.
#[derive(Clone, PartialEq, Eq)]
struct Type {
    base: String,
    array: bool,
}

const NUMBERS: [&str; 6] = ["smallint", "integer", "bigint", "numeric", "real", "double precision"];

const STRINGS: [&str; 5] = ["text", "character varying", "character", "name", "citext"];

/// Casts that an assignment makes, apart from those among numbers and among strings (`pg_cast`).
const ASSIGNED: &[(&str, &[&str])] = &[
    ("smallint", &["oid", "regclass"]),
    ("integer", &["money", "oid"]),
    ("bigint", &["money", "oid"]),
    ("numeric", &["money"]),
    ("money", &["numeric"]),
    ("oid", &["integer", "bigint"]),
    ("date", &["timestamp without time zone", "timestamp with time zone"]),
    ("timestamp without time zone", &["date", "time without time zone", "timestamp with time zone"]),
    (
        "timestamp with time zone",
        &["date", "time without time zone", "time with time zone", "timestamp without time zone"],
    ),
    ("time without time zone", &["time with time zone", "interval"]),
    ("time with time zone", &["time without time zone"]),
    ("interval", &["time without time zone"]),
    ("cidr", &["inet"]),
    ("inet", &["cidr"]),
    ("macaddr", &["macaddr8"]),
    ("macaddr8", &["macaddr"]),
    ("bit", &["bit varying"]),
    ("bit varying", &["bit"]),
    ("json", &["jsonb"]),
    ("jsonb", &["json"]),
];

/// Casts that have to be written.
const WRITTEN: &[(&str, &[&str])] = &[
    ("boolean", &["integer"]),
    ("integer", &["boolean", "bit"]),
    ("bigint", &["bit"]),
    ("bit", &["integer", "bigint"]),
    ("jsonb", &["boolean", "smallint", "integer", "bigint", "numeric", "real", "double precision"]),
];

fn assigns(from: &Type, to: &Type) -> bool {
    // Anything may be assigned to a string, an array too.
    if from == to || to.is_string() && !to.array {
        return true;
    }
    from.array == to.array
        && (from.base == to.base
            || to.is_string()
            || NUMBERS.contains(&from.base.as_str()) && NUMBERS.contains(&to.base.as_str())
            || listed(ASSIGNED, from, to))
}

fn casts(from: &Type, to: &Type) -> bool {
    // From a string to anything, an array too.
    from.is_string() && !from.array
        || from.array == to.array && (from.is_string() || listed(WRITTEN, from, to))
}

fn listed(casts: &[(&str, &[&str])], from: &Type, to: &Type) -> bool {
    casts.iter().any(|(old, new)| *old == from.base && new.contains(&to.base.as_str()))
}

impl Type {
    fn is_string(&self) -> bool {
        STRINGS.contains(&self.base.as_str())
    }

    fn parse(text: &str) -> Type {
        let mut words = String::new();
        let mut depth = 0;
        for c in text.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 => words.push(c),
                _ => {}
            }
        }
        let (words, array) = match words.split_once('[') {
            Some((element, _)) => (element.to_owned(), true),
            None => (words, false),
        };
        let quoted = words.contains('"');
        let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        let base = words.join(" ");
        let base = if quoted { base } else { base.to_ascii_lowercase() };
        let base = base.strip_prefix("pg_catalog.").unwrap_or(&base);
        Type { base: canonical(base).to_owned(), array }
    }
}

/// The name that the server itself prints.
fn canonical(base: &str) -> &str {
    match base {
        "int2" => "smallint",
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "decimal" => "numeric",
        "float4" => "real",
        "float" | "float8" => "double precision",
        "bool" => "boolean",
        "varchar" | "char varying" => "character varying",
        "char" | "bpchar" => "character",
        "varbit" => "bit varying",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        interval if interval.starts_with("interval ") => "interval",
        other => other,
    }
}
