//! The lines that open sections.

use super::error::{FileError, nearest};
use crate::event::Direction;
use crate::{Code, DialectName};
use std::ops::Range;

/// A body: what a revision does in one direction, for some dialects or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Which way.
    pub direction: Direction,
    /// The dialects that it is for; empty: those that no other section names.
    pub dialects: Vec<DialectName>,
    /// Whether it runs in a transaction, where that is written.
    pub transactional: Option<bool>,
    /// Line of its opening.
    pub line: u32,
    /// First line of its body: what the splitter counts from.
    pub body_line: u32,
    /// Its body in the file's text, in bytes.
    pub body: Range<usize>,
}

/// Reads a line as a section's opening. `None`: it is none. The body's range is left for the caller to end.
pub(super) fn opening(
    path: &str,
    line: &str,
    number: u32,
    body_start: usize,
) -> Option<Result<Section, FileError>> {
    let rest = line.trim_start().strip_prefix("--")?.trim_start();
    let marked = rest.get(..7).filter(|word| word.eq_ignore_ascii_case("migrate"))?;
    let rest = &rest[marked.len()..];
    let error = |at: &str, message: String| {
        let column = line[..line.len() - at.len()].chars().count() as u32 + 1;
        FileError::new(Code::FileInvalidSection, path, (number, column), message)
    };
    let Some(words) = rest.trim_start().strip_prefix(':') else {
        // A comment may begin with the word; a whole line `-- migrate down` is meant otherwise.
        let word = rest.trim().to_ascii_lowercase();
        let meant = ["up", "down"].contains(&word.as_str());
        return meant.then(|| {
            Err(error(rest.trim_start(), format!("`{}` opens no section", line.trim()))
                .help(format!("write it as `-- migrate:{word}`")))
        });
    };
    Some(read(path, line, number, body_start, words, &error))
}

fn read(
    _path: &str,
    line: &str,
    number: u32,
    body_start: usize,
    words: &str,
    error: &dyn Fn(&str, String) -> FileError,
) -> Result<Section, FileError> {
    let mut rest = words.trim();
    let mut word = || {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        rest = tail.trim_start();
        (!word.is_empty()).then_some(word)
    };
    // Places are found by the distance of a word's start to the line's end.
    let tail_of = |word: &str| {
        let at = word.as_ptr() as usize - line.as_ptr() as usize;
        &line[at..]
    };
    let direction = match word() {
        Some(up) if up.eq_ignore_ascii_case("up") => Direction::Up,
        Some(down) if down.eq_ignore_ascii_case("down") => Direction::Down,
        Some(other) => {
            return Err(error(tail_of(other), format!("unknown direction `{other}`"))
                .help("a section is opened by `-- migrate:up` or `-- migrate:down`"));
        }
        None => {
            return Err(error("", "section without a direction".into())
                .help("a section is opened by `-- migrate:up` or `-- migrate:down`"));
        }
    };
    let end = body_start..body_start;
    let mut section = Section {
        direction,
        dialects: Vec::new(),
        transactional: None,
        line: number,
        body_line: number + 1,
        body: end,
    };
    while let Some(option) = word() {
        let fail = |message: String| error(tail_of(option), message);
        let Some((key, value)) = option.split_once(':') else {
            return Err(
                fail(format!("`{option}` is no option")).help("options are written as `transaction:false`")
            );
        };
        match key {
            "transaction" if section.transactional.is_none() => {
                section.transactional = Some(match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(fail(format!("`{value}` is neither true nor false"))),
                });
            }
            "dialect" if section.dialects.is_empty() => {
                for name in value.split(',') {
                    let dialect = DialectName::parse(name).ok_or_else(|| {
                        fail(format!("unknown dialect `{name}`"))
                            .help("dialects are postgresql, mysql, mariadb and sqlite")
                    })?;
                    if !section.dialects.contains(&dialect) {
                        section.dialects.push(dialect);
                    }
                }
            }
            "transaction" | "dialect" => return Err(fail(format!("option `{key}` is given twice"))),
            _ => {
                let help = nearest(key, &["transaction", "dialect"])
                    .map_or("options are transaction and dialect".into(), |near| {
                        format!("did you mean `{near}`?")
                    });
                return Err(fail(format!("unknown option `{key}`")).help(help));
            }
        }
    }
    Ok(section)
}

/// What a section is called in messages.
pub(super) fn title(section: &Section) -> String {
    let direction = match section.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let names: Vec<_> = section.dialects.iter().map(|d| d.as_str()).collect();
    if names.is_empty() {
        format!("migrate:{direction}")
    } else {
        format!("migrate:{direction} dialect:{}", names.join(","))
    }
}

/// Refuses a section whose place another has taken.
pub(super) fn check_single(path: &str, sections: &[Section], new: &Section) -> Result<(), FileError> {
    let same = |old: &&Section| {
        old.direction == new.direction
            && ((old.dialects.is_empty() && new.dialects.is_empty())
                || old.dialects.iter().any(|d| new.dialects.contains(d)))
    };
    let Some(old) = sections.iter().find(same) else { return Ok(()) };
    let message = format!("`{}` stands here again, after line {}", title(new), old.line);
    Err(FileError::new(Code::FileInvalidSection, path, (new.line, 1), message)
        .help("join the two sections, or tell them apart by dialect"))
}
