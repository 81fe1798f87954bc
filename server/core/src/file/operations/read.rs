//! Reading a revision in the operations form.

use super::decode::At;
use super::shorthand::spell_out;
use super::tree::{Key, Node, Value, tree};
use super::{Operations, Step};
use crate::Code;
use crate::file::created::Created;
use crate::file::error::{FileError, nearest};
use crate::file::{RevisionFile, header};
use crate::operation::Operation;
use serde::Deserialize as _;
use std::sync::Arc;

/// The keys of a file.
const KEYS: &[&str] = &[
    "revision",
    "down_revision",
    "depends_on",
    "branch_labels",
    "message",
    "created",
    "transaction",
    "up",
    "down",
];

/// Reads a file whose name says that it holds operations.
pub(in crate::file) fn parse(path: &str, text: Arc<str>) -> Result<RevisionFile, FileError> {
    let no_header = || {
        FileError::new(Code::FileNoHeader, path, (1, 1), "the file has no `revision:`")
            .help("a revision file begins with lines such as `revision: 3f2a9c1b7d4e`")
    };
    let root = tree(path, &text)?.ok_or_else(no_header)?;
    let Value::Map(entries) = root.value else { return Err(no_header()) };
    let mut file = RevisionFile {
        path: path.into(),
        revision: String::new(),
        down_revisions: Vec::new(),
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
        message: String::new(),
        created: String::new(),
        sections: Vec::new(),
        client: None,
        operations: None,
        text,
    };
    if !entries.iter().any(|(key, _)| key.text == "revision") {
        return Err(no_header());
    }
    let mut operations = Operations::default();
    for (key, node) in entries {
        let invalid = |message: String| FileError::new(Code::FileInvalidHeader, path, node.place, message);
        match key.text.as_str() {
            "up" => operations.up = Some(steps(path, &key, node)?),
            "down" if node.word() == Some("reverse") => {}
            "down" => operations.down = Some(steps(path, &key, node)?),
            "transaction" => {
                operations.transactional = match node.word() {
                    Some("true") => Some(true),
                    Some("false") => Some(false),
                    _ => return Err(invalid("`transaction` is neither true nor false".into())),
                }
            }
            "revision" => {
                let id = node.word().ok_or_else(|| invalid("`revision` without an id".into()))?;
                header::check(path, node.place, "revision id", id)?;
                id.clone_into(&mut file.revision);
            }
            "down_revision" => file.down_revisions = ids(path, "revision id", &node)?,
            "depends_on" => file.depends_on = ids(path, "dependency", &node)?,
            "branch_labels" => file.branch_labels = ids(path, "branch label", &node)?,
            "message" => file.message = node.word().unwrap_or_default().trim().to_owned(),
            "created" => {
                let written = node.word().unwrap_or_default();
                if !written.is_empty() && Created::parse(written).is_none() {
                    return Err(invalid(format!("`{written}` is no date and time"))
                        .help("write it as 2026-11-21T07:12:00Z"));
                }
                written.clone_into(&mut file.created);
            }
            other => {
                let help = match nearest(other, KEYS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("keys are {}", KEYS.join(", ")),
                };
                let message = format!("unknown key `{other}`");
                return Err(FileError::new(Code::FileInvalidHeader, path, key.place, message).help(help));
            }
        }
    }
    file.operations = Some(operations);
    Ok(file)
}

/// One id, several with commas between them, or a list.
fn ids(path: &str, what: &str, node: &Node) -> Result<Vec<String>, FileError> {
    let invalid = |message: String| FileError::new(Code::FileInvalidHeader, path, node.place, message);
    match &node.value {
        Value::List(list) => {
            let mut found: Vec<String> = Vec::with_capacity(list.len());
            for item in list {
                let id = item.word().ok_or_else(|| invalid(format!("an empty {what}")))?;
                header::check(path, item.place, what, id)?;
                if found.iter().any(|other| other == id) {
                    return Err(invalid(format!("{what} `{id}` is given twice")));
                }
                found.push(id.to_owned());
            }
            Ok(found)
        }
        Value::Map(_) => Err(invalid(format!("a {what} is a word, or a list of them"))),
        Value::Text { .. } => header::list(path, node.place, what, node.word().unwrap_or_default()),
    }
}

fn steps(path: &str, direction: &Key, node: Node) -> Result<Vec<Step>, FileError> {
    if node.is_null() {
        return Ok(Vec::new());
    }
    let invalid = |place, message: String| FileError::new(Code::OperationInvalid, path, place, message);
    let Value::List(list) = node.value else {
        return Err(invalid(node.place, format!("`{}` is a list of operations", direction.text))
            .help("write each as `- add_column: …`"));
    };
    list.into_iter()
        .map(|item| {
            let place = item.place;
            let entry = match item.value {
                Value::Map(mut entries) if entries.len() == 1 => entries.pop(),
                _ => None,
            };
            let (key, node) = entry.ok_or_else(|| {
                invalid(place, "an operation is a name with what it is about".into())
                    .help("write it as `- add_column: {table: t, column: {name: c, type: text}}`")
            })?;
            let (line, column) = key.place;
            let spelled = spell_out(key, node);
            let whole = Node { place, value: Value::Map(vec![(spelled.key, spelled.node)]) };
            let operation = Operation::deserialize(At::new(&whole))
                .map_err(|wrong| invalid(wrong.place.unwrap_or(place), wrong.message).help(wrong.help))?;
            Ok(Step { operation, line, column, only_named: spelled.only_named })
        })
        .collect()
}
