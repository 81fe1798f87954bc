//! A failure for people: code and cause, the statement with the position marked, the state, and the way on.

use super::Style;
use super::narrator::{has_sqlstate, numbered, printable};
use crate::error::{Error, Place};
use std::fmt::Write as _;
use std::io::BufRead as _;

/// Longest line of a file that is shown; a data statement may be megabytes long.
const WIDTH: usize = 160;

/// The text of a failure, with its final line end.
pub fn render(error: &Error, style: &Style) -> String {
    let mut text = String::new();
    let names = [error.code.as_str(), error.reason.as_str()].map(str::trim).join(" ");
    let head = style.paint("1;31", &format!("error[{}]", names.trim()));
    let _ = writeln!(text, "{head}: {}", printable(&error.message));
    if let Some(place) = &error.place {
        position(&mut text, error, place, style);
    } else if let Some(statement) = error.sql.as_ref().map(|s| s.statement.trim()).filter(|s| !s.is_empty()) {
        quote(&mut text, statement);
    }
    if let Some(sql) = &error.sql {
        let counted = match (sql.statement_index, error.revision.as_str()) {
            (0, _) => String::new(),
            (n, "") => numbered(n, sql.statement_total),
            (n, revision) => format!("{} of {revision}", numbered(n, sql.statement_total)),
        };
        let name =
            |parts: [&str; 2]| parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(".");
        let notes = [
            ("statement", counted),
            (if has_sqlstate(sql) { "sqlstate" } else { "result code" }, sql.sqlstate.clone()),
            ("detail", sql.detail.clone()),
            ("hint", sql.hint.clone()),
            ("table", name([&sql.schema, &sql.table])),
            ("column", sql.column.clone()),
            ("constraint", sql.constraint.clone()),
        ];
        for (name, note) in notes.iter().filter(|(_, note)| !note.is_empty()) {
            let _ = writeln!(text, "  = {name}: {}", printable(note));
        }
    }
    for (name, what) in [("state", &error.state), ("next", &error.next)] {
        if !what.is_empty() {
            let _ = writeln!(text, "{}: {}", style.paint("1", name), printable(what));
        }
    }
    if !error.code.is_empty() {
        let _ = writeln!(text, "{}: docs/errors/{}.md", style.paint("1", "docs"), error.code);
    }
    text
}

fn position(text: &mut String, error: &Error, place: &Place, style: &Style) {
    let Place { path, line, column } = place;
    let at = match (line, column) {
        (0, _) => path.clone(),
        (line, 0) => format!("{path}:{line}"),
        (line, column) => format!("{path}:{line}:{column}"),
    };
    let _ = writeln!(text, " {} {at}", style.paint("1;34", "-->"));
    if let Some(source) = source_line(place, style) {
        let margin = " ".repeat(line.to_string().len());
        let (shown, mark) = window(&source, *column);
        let _ = writeln!(text, " {margin} |");
        let _ = writeln!(text, " {line} | {shown}");
        let caret = if *column > 0 {
            format!(" {}{}", " ".repeat(mark), style.paint("31", "^"))
        } else {
            String::new()
        };
        let _ = writeln!(text, " {margin} |{caret}");
    } else if let Some(statement) = error.sql.as_ref().map(|s| s.statement.trim()).filter(|s| !s.is_empty()) {
        quote(text, statement);
    }
}

fn quote(text: &mut String, statement: &str) {
    let _ = writeln!(text, "   |");
    for line in statement.lines() {
        let _ = writeln!(text, "   | {}", printable(line));
    }
    let _ = writeln!(text, "   |");
}

/// The line in the local file; none where there is no such file here.
fn source_line(place: &Place, style: &Style) -> Option<String> {
    let wanted = usize::try_from(place.line).ok()?.checked_sub(1)?;
    let file = std::fs::File::open(style.project_dir.join(&place.path)).ok()?;
    let line = std::io::BufReader::new(file).split(b'\n').nth(wanted)?.ok()?;
    let line = String::from_utf8_lossy(&line);
    let clean = line.trim_end_matches('\r').trim_start_matches('\u{feff}');
    Some(clean.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

/// The part of a line around a column, and how far the column is from its beginning.
fn window(line: &str, column: u32) -> (String, usize) {
    let at = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    let length = line.chars().count();
    if length <= WIDTH {
        return (line.into(), at.min(length));
    }
    let from = at.saturating_sub(WIDTH / 2).min(length - WIDTH);
    (line.chars().skip(from).take(WIDTH).collect(), at - from)
}
