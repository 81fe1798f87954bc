//! What people write for what operations carry: Alembic's names, an object's fields beside its table, an object that is
//! only named because it goes (<https://alembic.sqlalchemy.org/en/latest/ops.html>).

use super::tree::{Key, Node, Place, Value};

/// The names of operations that stand for others.
pub(super) const NAMES: &[&str] = &[
    "create_primary_key",
    "create_unique_constraint",
    "create_check_constraint",
    "create_foreign_key",
    "create_exclude_constraint",
    "create_table_comment",
    "drop_table_comment",
];

/// Operations that carry one object, the field that it stands in, and whether its name may have a schema.
const OBJECTS: &[(&str, &str, bool)] = &[
    ("create_namespace", "schema", false),
    ("drop_namespace", "schema", false),
    ("create_extension", "extension", false),
    ("drop_extension", "extension", false),
    ("create_enum", "enum", true),
    ("drop_enum", "enum", true),
    ("create_composite", "composite", true),
    ("drop_composite", "composite", true),
    ("create_domain", "domain", true),
    ("drop_domain", "domain", true),
    ("create_sequence", "sequence", true),
    ("drop_sequence", "sequence", true),
    ("create_table", "table", true),
    ("drop_table", "table", true),
    ("create_view", "view", true),
    ("drop_view", "view", true),
    ("create_function", "function", true),
    ("drop_function", "function", true),
    ("add_column", "column", false),
    ("drop_column", "column", false),
    ("create_index", "index", false),
    ("drop_index", "index", false),
    ("create_trigger", "trigger", false),
    ("drop_trigger", "trigger", false),
    ("create_policy", "policy", false),
    ("drop_policy", "policy", false),
];

/// Fields of operations, beside which an object's own may stand.
const BESIDE: &[&str] = &["table", "if_not_exists", "if_exists", "concurrently"];

/// An operation as it is read.
pub(super) struct SpelledOut {
    pub(super) key: Key,
    pub(super) node: Node,
    /// It drops what is only named, so that nobody knows how to make it again.
    pub(super) only_named: bool,
}

/// A name in words: `t`, `app.t`.
pub(super) fn name(place: Place, text: &str) -> Node {
    let Some((schema, name)) = text.split_once('.') else {
        return Node::single(place, "name", Node::text(place, text));
    };
    let mut node = Node::single(place, "schema", Node::text(place, schema));
    if let Value::Map(entries) = &mut node.value {
        entries.push((Key { place, text: "name".into() }, Node::text(place, name)));
    }
    node
}

/// Puts an operation in the form that its data has.
pub(super) fn spell_out(key: Key, node: Node) -> SpelledOut {
    let place = key.place;
    let renamed = |name: &str| Key { place, text: name.to_owned() };
    let plain = |key: Key, node: Node| SpelledOut { key, node, only_named: false };
    let word = key.text.clone();
    if let Some(&(_, field, schemas)) = OBJECTS.iter().find(|(name, ..)| *name == word) {
        return object(key, node, field, schemas);
    }
    match word.as_str() {
        "create_primary_key" => plain(renamed("add_constraint"), constraint(node, "primary_key")),
        "create_unique_constraint" => plain(renamed("add_constraint"), constraint(node, "unique")),
        "create_check_constraint" => plain(renamed("add_constraint"), constraint(node, "check")),
        "create_foreign_key" => plain(renamed("add_constraint"), constraint(node, "foreign_key")),
        "create_exclude_constraint" => plain(renamed("add_constraint"), constraint(node, "exclude")),
        "drop_constraint" => match node.get("type").and_then(Node::word).map(str::to_owned) {
            Some(kind) if node.get("constraint").is_none() => {
                let node = constraint(without(node, "type"), kind_in_full(&kind));
                let only_named = node.get("constraint").is_some_and(names_only);
                SpelledOut { key, node, only_named }
            }
            _ => plain(key, node),
        },
        "create_table_comment" => plain(renamed("set_comment"), table_comment(node)),
        "drop_table_comment" => plain(renamed("set_comment"), table_comment(node)),
        "execute" if node.word().is_some() => {
            let node = Node::single(node.place, "sql", node);
            plain(key, node)
        }
        "bulk_insert" => plain(key, rows(node)),
        _ => plain(key, node),
    }
}

/// An object that is only named, or whose fields stand beside those of the operation.
fn object(key: Key, node: Node, field: &str, schemas: bool) -> SpelledOut {
    // A schema or an extension is its name: nothing is lost where only that is given.
    let name_is_all = matches!(field, "schema" | "extension");
    let drops = key.text.starts_with("drop_") && !name_is_all;
    // `drop_table: t`
    let node = match node.word() {
        Some(_) => Node::single(node.place, field, node),
        None => node,
    };
    let Value::Map(entries) = node.value else { return SpelledOut { key, node, only_named: false } };
    let mut outer = Vec::new();
    let has = |name: &str| entries.iter().any(|(k, _)| k.text == name);
    if has(field) || !has("name") {
        outer = entries;
    } else {
        let mut inner = Vec::new();
        for (k, v) in entries {
            if BESIDE.contains(&k.text.as_str()) { outer.push((k, v)) } else { inner.push((k, v)) }
        }
        if !inner.is_empty() {
            let object = Node { place: inner[0].0.place, value: Value::Map(inner) };
            outer.push((Key { place: key.place, text: field.to_owned() }, object));
        }
    }
    let mut only_named = false;
    for (k, v) in &mut outer {
        if k.text != field {
            continue;
        }
        if (drops || name_is_all)
            && let Some(text) = v.word()
        {
            let named = if schemas {
                name(v.place, text)
            } else {
                Node::single(v.place, "name", Node::text(v.place, text))
            };
            *v = named;
        }
        only_named = drops && names_only(v);
        if field == "index" {
            columns_are_items(v);
        }
    }
    SpelledOut { key, node: Node { place: node.place, value: Value::Map(outer) }, only_named }
}

/// Whether nothing but a name stands in it, itself or one level deeper.
fn names_only(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else { return false };
    match entries.as_slice() {
        [(key, inner)] if matches!(inner.value, Value::Map(_)) && key.text != "name" => names_only(inner),
        _ => entries.iter().all(|(key, _)| matches!(key.text.as_str(), "name" | "schema" | "materialized")),
    }
}

/// An index's parts are mostly columns, and Alembic calls them so.
fn columns_are_items(index: &mut Node) {
    let Value::Map(entries) = &mut index.value else { return };
    if entries.iter().any(|(key, _)| key.text == "items") {
        return;
    }
    for (key, _) in entries {
        if key.text == "columns" {
            key.text = "items".into();
        }
    }
}

/// Everything but the table is about the constraint.
fn constraint(node: Node, kind: &str) -> Node {
    let Value::Map(entries) = node.value else { return node };
    let (outer, inner): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| matches!(key.text.as_str(), "table" | "if_exists"));
    let place = inner.first().map_or(node.place, |(key, _)| key.place);
    let inner = Node { place, value: Value::Map(inner) };
    let mut node = Node { place: node.place, value: Value::Map(outer) };
    if let Value::Map(entries) = &mut node.value {
        let key = Key { place, text: "constraint".into() };
        entries.push((key, Node::single(place, kind, inner)));
    }
    node
}

/// Alembic's `type_` in words of ours.
fn kind_in_full(kind: &str) -> &str {
    match kind {
        "primary" => "primary_key",
        "foreignkey" => "foreign_key",
        _ => kind,
    }
}

fn without(mut node: Node, field: &str) -> Node {
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, _)| key.text != field);
    }
    node
}

/// `{table: t, comment: x, existing_comment: y}`; without a comment it is removed.
fn table_comment(mut node: Node) -> Node {
    if let Value::Map(entries) = &mut node.value {
        for (key, value) in entries {
            match key.text.as_str() {
                "table" => {
                    key.text = "object".into();
                    *value = Node::single(value.place, "table", value.clone());
                }
                "comment" => key.text = "to".into(),
                "existing_comment" => key.text = "from".into(),
                _ => {}
            }
        }
    }
    node
}

/// Rows may be maps, as in Alembic: then the columns are those that the first one names.
fn rows(mut node: Node) -> Node {
    let Some(Node { value: Value::List(list), .. }) = node.get("rows") else { return node };
    let Some(Value::Map(first)) = list.first().map(|row| &row.value) else { return node };
    if node.get("columns").is_some() {
        return node;
    }
    let columns: Vec<Key> = first.iter().map(|(key, _)| key.clone()).collect();
    let words = columns.iter().map(|key| Node::text(key.place, &key.text)).collect();
    let columns_node = Node { place: node.place, value: Value::List(words) };
    if let Value::Map(entries) = &mut node.value {
        for (_, rows) in entries.iter_mut().filter(|(key, _)| key.text == "rows") {
            let Value::List(list) = &mut rows.value else { continue };
            for row in list {
                let Value::Map(values) = &row.value else { continue };
                // A row that names others is left as it is, and refused where it stands.
                let ordered: Option<Vec<Node>> =
                    columns.iter().map(|key| row.get(&key.text).cloned()).collect();
                if let Some(ordered) = ordered.filter(|ordered| ordered.len() == values.len()) {
                    row.value = Value::List(ordered);
                }
            }
        }
        entries.push((Key { place: node.place, text: "columns".into() }, columns_node));
    }
    node
}
