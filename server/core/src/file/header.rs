//! Header lines.

use super::created::Created;
use super::error::{FileError, nearest};
use crate::Code;

/// The keys that a header may have.
pub(super) const KEYS: &[&str] =
    &["revision", "down_revision", "depends_on", "branch_labels", "message", "created"];

/// Characters with a meaning in revision identifiers (Alembic refuses the same).
const ILLEGAL: &[char] = &['@', '-', '+', ':'];

/// Words that mean something else where a revision is asked for.
const SYMBOLS: &[&str] = &["head", "heads", "base", "none"];

/// What the header lines say.
#[derive(Default)]
pub(super) struct Header {
    pub(super) revision: Option<String>,
    pub(super) down_revisions: Vec<String>,
    pub(super) depends_on: Vec<String>,
    pub(super) branch_labels: Vec<String>,
    pub(super) message: String,
    pub(super) created: String,
    /// Keys seen, with their lines.
    seen: Vec<(&'static str, u32)>,
}

impl Header {
    /// Reads a comment line before the first section.
    pub(super) fn line(&mut self, path: &str, line: &str, number: u32) -> Result<(), FileError> {
        let Some((key, value)) = entry(line, "--") else { return Ok(()) };
        // `-- migrated:allow L001`, for lint.
        if key == "migrated" && value.starts_with("allow ") {
            return Ok(());
        }
        // Licence texts and notes hold colons too; ours are plain lower-case words.
        let plain = key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        if !KEYS.contains(&key) && nearest(key, KEYS).is_none() && plain {
            let at = key.as_ptr() as usize - line.as_ptr() as usize;
            let place = (number, line[..at].chars().count() as u32 + 1);
            let message = format!("unknown key `{key}`");
            return Err(FileError::new(Code::FileInvalidHeader, path, place, message)
                .help(format!("keys are {}; a comment must not look like one", KEYS.join(", "))));
        }
        self.entry(path, line, number, (key, value))
    }

    /// Takes an entry of a header line. A key that is none, and looks like none, is passed over.
    pub(super) fn entry(
        &mut self,
        path: &str,
        line: &str,
        number: u32,
        (key, value): (&str, &str),
    ) -> Result<(), FileError> {
        let column = |part: &str| {
            let at = part.as_ptr() as usize - line.as_ptr() as usize;
            line[..at].chars().count() as u32 + 1
        };
        let error = |part: &str, message: String| {
            FileError::new(Code::FileInvalidHeader, path, (number, column(part)), message)
        };
        let Some(known) = KEYS.iter().find(|k| **k == key) else {
            let Some(near) = nearest(key, KEYS) else { return Ok(()) };
            return Err(error(key, format!("unknown key `{key}`")).help(format!("did you mean `{near}`?")));
        };
        if let Some((_, first)) = self.seen.iter().find(|(k, _)| k == known) {
            return Err(error(key, format!("`{known}` stands here again, after line {first}")));
        }
        self.seen.push((known, number));
        let place = (number, column(value));
        match *known {
            "revision" => {
                if value.is_empty() {
                    return Err(error(key, "`revision` without an id".into()));
                }
                check(path, place, "revision id", value)?;
                self.revision = Some(value.into());
            }
            "down_revision" => self.down_revisions = list(path, place, "revision id", value)?,
            "depends_on" => self.depends_on = list(path, place, "dependency", value)?,
            "branch_labels" => self.branch_labels = list(path, place, "branch label", value)?,
            "message" => self.message = value.into(),
            _ => {
                if !value.is_empty() && Created::parse(value).is_none() {
                    return Err(error(value, format!("`{value}` is no date and time"))
                        .help("write it as 2026-11-21T07:12:00Z"));
                }
                self.created = value.into();
            }
        }
        Ok(())
    }
}

/// Whether the line is the one that every revision file has.
pub(super) fn is_revision_line(line: &str) -> bool {
    entry(line, "--").is_some_and(|(key, _)| key == "revision")
}

/// `-- key: value`, both trimmed. Any word before a colon is taken for a key. `marker` is what a comment begins with.
pub(super) fn entry<'l>(line: &'l str, marker: &str) -> Option<(&'l str, &'l str)> {
    let (key, value) = line.trim().strip_prefix(marker)?.trim_start().split_once(':')?;
    let key = key.trim_end();
    let word = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    // `-- https://…` is no key.
    (word && !value.starts_with("//")).then(|| (key, value.trim()))
}

pub(super) fn list(path: &str, place: (u32, u32), what: &str, value: &str) -> Result<Vec<String>, FileError> {
    if value.is_empty() || value == "None" {
        return Ok(Vec::new());
    }
    let mut found: Vec<String> = Vec::new();
    for id in value.split(',').map(str::trim) {
        if id.is_empty() {
            let message = format!("an empty {what} in `{value}`");
            return Err(FileError::new(Code::FileInvalidHeader, path, place, message));
        }
        check(path, place, what, id)?;
        if found.iter().any(|f| f == id) {
            let message = format!("{what} `{id}` is given twice");
            return Err(FileError::new(Code::FileInvalidHeader, path, place, message));
        }
        found.push(id.into());
    }
    Ok(found)
}

pub(super) fn check(path: &str, place: (u32, u32), what: &str, id: &str) -> Result<(), FileError> {
    check_id(id).map_err(|why| {
        FileError::new(Code::IllegalId, path, place, format!("{what} `{id}` {why}"))
            .help("use letters, digits and _")
    })
}

/// Whether a revision id or branch label can be told apart in every identifier.
///
/// # Errors
/// Why it cannot, to follow the id in a sentence.
pub fn check_id(id: &str) -> Result<(), String> {
    if id.is_empty() {
        Err("is empty".into())
    } else if let Some(c) = id.chars().find(|c| ILLEGAL.contains(c)) {
        Err(format!("holds `{c}`, which has a meaning in revision identifiers"))
    } else if id.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',') {
        Err("holds white space, a comma or a control character".into())
    } else if SYMBOLS.iter().any(|s| id.eq_ignore_ascii_case(s)) {
        Err("is a word with a meaning in revision identifiers".into())
    } else {
        Ok(())
    }
}
