//! Reading a revision file.

use super::RevisionFile;
use super::client;
use super::error::FileError;
use super::header::{Header, is_revision_line};
use super::operations;
use super::section::{Section, check_single, opening};
use crate::Code;
use std::sync::Arc;

/// Reads a revision file from its bytes, which are copied once.
///
/// # Errors
/// [`Code::FileNotUtf8`], [`Code::FileEmpty`], [`Code::FileNoHeader`], [`Code::FileInvalidHeader`],
/// [`Code::FileInvalidSection`], [`Code::IllegalId`]; for `.yaml` files also [`Code::OperationInvalid`], and
/// [`Code::UnsupportedForm`] for what of YAML is not read; each with its place.
pub fn parse(path: &str, bytes: &[u8]) -> Result<RevisionFile, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(path, bytes, error.valid_up_to()))?;
    parse_text(path, text.into())
}

/// Reads a revision file from its text, without copying it.
///
/// # Errors
/// As [`parse`].
pub fn parse_text(path: &str, text: Arc<str>) -> Result<RevisionFile, FileError> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(FileError::new(Code::FileEmpty, path, (1, 1), "the file is empty")
            .help("remove it, or write the revision; `migratectl revision -m MESSAGE` begins one"));
    }
    if is_operations_form(path) {
        return operations::parse(path, text);
    }
    if let Some(language) = client::language(path) {
        return client::parse(path, text, language);
    }
    let mut header = Header::default();
    let mut sections: Vec<Section> = Vec::new();
    let mut comment = None;
    let mut offset = 0;
    for (index, full) in text.split_inclusive('\n').enumerate() {
        let number = index as u32 + 1;
        let start = offset;
        offset += full.len();
        let line = full.trim_end_matches(['\n', '\r']);
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
        // Bodies are long: only a line that begins like a comment is looked at.
        if !sections.is_empty() && !line.trim_start().starts_with("--") {
            continue;
        }
        if comment.is_none()
            && let Some(section) = opening(path, line, number, offset)
        {
            let section = section?;
            check_single(path, &sections, &section)?;
            if let Some(last) = sections.last_mut() {
                last.body.end = start;
            }
            sections.push(section);
        } else if sections.is_empty() {
            // What has no header at all is no revision, whatever else is wrong with it.
            before_sections(path, line, number, &mut comment, &mut header)
                .map_err(|error| if is_revision(&text) { error } else { no_header(path) })?;
        }
    }
    if let Some(line) = comment {
        let message = "a comment before the first section never ends";
        return Err(FileError::new(Code::FileInvalidHeader, path, (line, 1), message));
    }
    if let Some(last) = sections.last_mut() {
        last.body.end = text.len();
    }
    let Some(revision) = header.revision else {
        return Err(no_header(path));
    };
    Ok(RevisionFile {
        path: path.into(),
        revision,
        down_revisions: header.down_revisions,
        depends_on: header.depends_on,
        branch_labels: header.branch_labels,
        message: header.message,
        created: header.created,
        sections,
        operations: None,
        client: None,
        text,
    })
}

fn is_revision(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().any(is_revision_line)
}

fn no_header(path: &str) -> FileError {
    FileError::new(Code::FileNoHeader, path, (1, 1), "the file has no `-- revision:` line")
        .help("a revision file begins with lines such as `-- revision: 3f2a9c1b7d4e`")
}

/// A line before the first section: a header line, a comment, or text that would be lost. `comment` is the line on
/// which an open block comment began.
fn before_sections(
    path: &str,
    line: &str,
    number: u32,
    comment: &mut Option<u32>,
    header: &mut Header,
) -> Result<(), FileError> {
    let mut rest = line.trim();
    loop {
        if comment.is_some() {
            let Some(end) = rest.find("*/") else { return Ok(()) };
            *comment = None;
            rest = rest[end + 2..].trim_start();
        }
        if rest.is_empty() {
            return Ok(());
        } else if rest.starts_with("--") {
            return header.line(path, rest_of(line, rest), number);
        } else if rest.starts_with("/*") && !["!", "+", "M!"].iter().any(|m| rest[2..].starts_with(m)) {
            *comment = Some(number);
            rest = &rest[2..];
        } else {
            let column = (line.len() - line.trim_start().len()) as u32 + 1;
            let message = "text before the first section: it would never run";
            return Err(FileError::new(Code::FileInvalidSection, path, (number, column), message)
                .help("put the line `-- migrate:up` in front of it"));
        }
    }
}

/// The line from `rest` on, so that columns count from the line's own start where nothing stands before it.
fn rest_of<'l>(line: &'l str, rest: &'l str) -> &'l str {
    if line.trim_start().starts_with("--") { line } else { rest }
}

/// Whether a file's name says that it holds operations.
fn is_operations_form(path: &str) -> bool {
    let extension = path.rsplit(['/', '\\']).next().and_then(|name| name.rsplit_once('.')).map(|(_, e)| e);
    extension.is_some_and(|e| ["yaml", "yml"].iter().any(|y| e.eq_ignore_ascii_case(y)))
}

fn not_utf8(path: &str, bytes: &[u8], at: usize) -> FileError {
    let before = &bytes[..at];
    let line = before.iter().filter(|c| **c == b'\n').count() as u32 + 1;
    let start = before.iter().rposition(|c| *c == b'\n').map_or(0, |n| n + 1);
    let column = before[start..].iter().filter(|c| **c & 0xC0 != 0x80).count() as u32 + 1;
    let help = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        "the file is UTF-16: save it as UTF-8"
    } else {
        "save the file as UTF-8"
    };
    let byte = bytes.get(at).copied().unwrap_or(0);
    let message = format!("byte {at} (0x{byte:02x}) is not UTF-8");
    FileError::new(Code::FileNotUtf8, path, (line, column), message).help(help)
}
