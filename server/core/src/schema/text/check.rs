//! Whether a file holds what a schema may hold, and where it does not.

use super::SchemaTextError;
use super::shape::{Kind, PARTITION_OF, Shape};
use super::tree::{Node, Place, Value};

/// The first thing in the file that a schema may not hold.
pub(super) fn check(root: &Node, shape: &'static Shape) -> Result<(), SchemaTextError> {
    object(root, shape, "")
}

fn fault(place: Place, within: &str, message: String) -> SchemaTextError {
    let message = if within.is_empty() { message } else { format!("{within}: {message}") };
    SchemaTextError { message, line: place.0, column: place.1 }
}

fn object(node: &Node, shape: &'static Shape, within: &str) -> Result<(), SchemaTextError> {
    let Value::Map(fields) = &node.value else {
        return Err(expected(node, within, &format!("the fields of a {}", shape.what)));
    };
    let within = &label(within, shape, fields);
    for (key, place, value) in fields {
        let Some((_, kind)) = shape.fields.iter().find(|(name, _)| name == key) else {
            return Err(fault(*place, within, unknown(key, shape)));
        };
        let within = &if within.is_empty() { key.clone() } else { format!("{within}, {key}") };
        content(value, kind, within)?;
    }
    if shape.named && !fields.iter().any(|(key, ..)| key == "name") {
        return Err(fault(node.place, within, format!("this {} has no `name`", shape.what)));
    }
    Ok(())
}

/// Where in the schema an object stands, in words: `table users, column email`.
fn label(within: &str, shape: &Shape, fields: &[(String, Place, Node)]) -> String {
    if within.is_empty() {
        return String::new();
    }
    let name = fields.iter().find_map(|(key, _, value)| match &value.value {
        Value::Text(name) if key == "name" => Some(name.as_str()),
        _ => None,
    });
    // The list that it stands in says less than its own name.
    let around = within.rsplit_once(", ").map_or("", |(around, _)| around);
    let own = name.map_or_else(|| shape.what.to_owned(), |name| format!("{} {name}", shape.what));
    if around.is_empty() { own } else { format!("{around}, {own}") }
}

fn unknown(key: &str, shape: &Shape) -> String {
    let names: Vec<&str> = shape.fields.iter().map(|(name, _)| *name).collect();
    let plain = key.to_lowercase().replace(['-', ' '], "_");
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&plain, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3) && *distance < name.len());
    match near {
        Some((_, name)) => format!("a {} has no field `{key}`; did you mean `{name}`?", shape.what),
        None => format!("a {} has no field `{key}`; it has {}", shape.what, names.join(", ")),
    }
}

fn content(node: &Node, kind: &'static Kind, within: &str) -> Result<(), SchemaTextError> {
    match (kind, &node.value) {
        // A field without a value is a field left out, where that is possible; else the reader refuses it.
        (_, Value::Null)
        | (Kind::Text, Value::Text(_))
        | (Kind::Flag, Value::Flag(_))
        | (Kind::Number, Value::Integer(_)) => Ok(()),
        (Kind::Text, _) => Err(expected(node, within, &quoted(node, "a text"))),
        (Kind::Flag, _) => Err(expected(node, within, "true or false")),
        (Kind::Number, _) => Err(expected(node, within, "a whole number")),
        (Kind::Word(words), Value::Text(word)) if words.contains(&word.as_str()) => Ok(()),
        (Kind::Word(words), _) => Err(expected(node, within, &format!("one of {}", words.join(", ")))),
        (Kind::Object(shape), _) => object(node, shape, within),
        (Kind::List(kind), Value::List(items)) => {
            items.iter().try_for_each(|item| content(item, kind, within))
        }
        (Kind::List(_), _) => Err(expected(node, within, "a list")),
        (Kind::Texts, Value::Map(fields)) => fields
            .iter()
            .try_for_each(|(key, _, value)| content(value, &Kind::Text, &format!("{within}, {key}"))),
        (Kind::Texts, _) => Err(expected(node, within, "keys with a text each")),
        (Kind::Pair, Value::List(items)) if items.len() == 2 => {
            items.iter().try_for_each(|item| content(item, &Kind::Text, within))
        }
        (Kind::Pair, _) => Err(expected(node, within, "a list of two texts")),
        (Kind::Default, value) => default(node, value, within),
        (Kind::Partition, value) => partition(node, value, within),
    }
}

fn default(node: &Node, value: &Value, within: &str) -> Result<(), SchemaTextError> {
    let wanted = || expected(node, within, &quoted(node, "SQL in a text, or `literal:` with a value"));
    match value {
        Value::Text(_) => Ok(()),
        Value::Map(fields) => match fields.as_slice() {
            [(key, _, literal)] if key == "literal" => match literal.value {
                Value::Flag(_) | Value::Integer(_) | Value::Text(_) => Ok(()),
                _ => Err(expected(literal, within, "a text, a whole number, true or false")),
            },
            _ => Err(wanted()),
        },
        _ => Err(wanted()),
    }
}

fn partition(node: &Node, value: &Value, within: &str) -> Result<(), SchemaTextError> {
    if let Value::Map(fields) = value
        && let [(key, _, inner)] = fields.as_slice()
    {
        match key.as_str() {
            "by" => return content(inner, &Kind::Text, within),
            "of" => return object(inner, &PARTITION_OF, within),
            _ => {}
        }
    }
    Err(expected(node, within, "`by:` with a text, or `of:` with a parent and a bound"))
}

/// What is wanted; and how it is written where a number or the like stands in place of a text.
fn quoted(node: &Node, wanted: &str) -> String {
    match &node.value {
        Value::Flag(flag) => format!("{wanted} (with quotes: '{flag}')"),
        Value::Integer(number) | Value::Float(number) => format!("{wanted} (with quotes: '{number}')"),
        _ => wanted.to_owned(),
    }
}

fn expected(node: &Node, within: &str, wanted: &str) -> SchemaTextError {
    let found = match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Flag(flag) => format!("`{flag}`"),
        Value::Integer(number) | Value::Float(number) => format!("the number {number}"),
        Value::Text(text) => format!("the text `{}`", text.chars().take(40).collect::<String>()),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "fields".to_owned(),
    };
    fault(node.place, within, format!("expected {wanted}, not {found}"))
}
