//! YAML as a tree in which everything has its place, and every scalar its own text.
//!
//! Values are not interpreted here: a revision `0123` stays `0123`, and `on` stays a word.

use crate::Code;
use crate::file::error::FileError;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

/// Line and column, both from 1.
pub(super) type Place = (u32, u32);

/// How deep lists and maps may stand in each other. Operations need seven.
const DEPTH: u32 = 40;

/// A value and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What stands there.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A scalar; `plain` is one without quotes, which may be a number, true, false or null.
    Text { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order written, without a key that stands twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) text: String,
}

impl Node {
    /// A text in quotes.
    pub(super) fn text(place: Place, text: &str) -> Node {
        Node { place, value: Value::Text { text: text.to_owned(), plain: false } }
    }

    /// A map of one key.
    pub(super) fn single(place: Place, key: &str, node: Node) -> Node {
        Node { place, value: Value::Map(vec![(Key { place, text: key.to_owned() }, node)]) }
    }

    /// The scalar's text, where it is one and not null.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Whether it is nothing: `~`, `null` or left out.
    pub(super) fn is_null(&self) -> bool {
        let null = |text: &str| matches!(text, "" | "~" | "null" | "Null" | "NULL");
        matches!(&self.value, Value::Text { text, plain: true } if null(text))
    }

    /// The value of a key, where it is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node),
            _ => None,
        }
    }
}

/// Reads a file that holds one document. `None`: it holds nothing.
pub(super) fn tree(path: &str, text: &str) -> Result<Option<Node>, FileError> {
    let mut reader = Reader { path, events: Parser::new_from_str(text.trim_start_matches('\u{feff}')) };
    let mut root = None;
    while let Some((event, place)) = reader.next()? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
            _ if root.is_some() => return Err(reader.unsupported(place, "a second document")),
            event => root = Some(reader.node(event, place, 0)?),
        }
    }
    Ok(root)
}

struct Reader<'t, I: serde_saphyr::granit_parser::BorrowedInput<'t>> {
    path: &'t str,
    events: Parser<'t, I>,
}

impl<'t, I: serde_saphyr::granit_parser::BorrowedInput<'t>> Reader<'t, I> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Place)>, FileError> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, place(span.start.line(), span.start.col())))),
            Some(Err(error)) => {
                let at = error.marker();
                let message = format!("this is not YAML: {}", error.info());
                Err(self.wrong(place(at.line(), at.col()), message))
            }
        }
    }

    fn node(&mut self, event: Event<'t>, place: Place, depth: u32) -> Result<Node, FileError> {
        if depth > DEPTH {
            return Err(self.wrong(place, "lists and maps stand too deep in each other".into()));
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => (0, false),
        };
        if anchor != 0 || tag {
            return Err(self.unsupported(place, if tag { "a tag" } else { "an anchor" }));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => {
                Value::Text { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => {
                let mut list = Vec::new();
                while let Some((event, place)) = self.next()? {
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    list.push(self.node(event, place, depth + 1)?);
                }
                Value::List(list)
            }
            Event::MappingStart(..) => Value::Map(self.map(depth)?),
            Event::Alias(..) => return Err(self.unsupported(place, "an alias")),
            _ => return Err(self.wrong(place, "a value is missing".into())),
        };
        Ok(Node { place, value })
    }

    fn map(&mut self, depth: u32) -> Result<Vec<(Key, Node)>, FileError> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        while let Some((event, place)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let Value::Text { text, .. } = self.node(event, place, depth + 1)?.value else {
                return Err(self.wrong(place, "a key is a word".into()));
            };
            if let Some((first, _)) = entries.iter().find(|(key, _)| key.text == text) {
                let message = format!("`{text}` stands here again, after line {}", first.place.0);
                return Err(self.wrong(place, message));
            }
            let key = Key { place, text };
            let Some((event, place)) = self.next()? else {
                return Err(self.wrong(place, "a value is missing".into()));
            };
            entries.push((key, self.node(event, place, depth + 1)?));
        }
        Ok(entries)
    }

    fn wrong(&self, place: Place, message: String) -> FileError {
        FileError::new(Code::FileInvalidSection, self.path, place, message)
    }

    fn unsupported(&self, place: Place, what: &str) -> FileError {
        let message = format!("{what}: a revision file has no use for it");
        FileError::new(Code::UnsupportedForm, self.path, place, message)
            .help("write the value itself; anchors, aliases, tags and several documents are not read")
    }
}

fn place(line: usize, column: usize) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (number(line), number(column).saturating_add(1))
}
