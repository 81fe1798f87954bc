//! L006 on SQLite: a table that is made anew under another name, filled, and renamed.

use super::Found;
use super::section::Read;
use crate::DialectName;
use crate::dialect::{ObjectKind, SqlWord};

/// Finds the rebuilds of a section.
pub(super) fn look(read: &Read<'_>, findings: &mut Vec<Found>) {
    for (i, sentence) in read.each().filter(|(_, s)| s.begins(&["DROP", "TABLE"])) {
        let Some(table) = sentence.object(ObjectKind::Table) else { continue };
        if is_rebuilt(read, i, table) {
            let message = format!("{table} is made anew: every row is copied, and nobody writes meanwhile");
            let safer = "plan it for a time with few writes; test how long it takes on a copy of the data";
            findings.push(read.found(i, 0, "L006", message, safer));
        }
    }
}

/// Whether the drop of a table is part of its rebuild: its rows went into a new table that takes its name afterwards.
pub(super) fn is_rebuilt(read: &Read<'_>, drop: usize, table: &str) -> bool {
    if read.dialect != DialectName::Sqlite {
        return false;
    }
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let renamed = read.statements[drop..].iter().filter(|s| s.begins(&["ALTER", "TABLE"]) && s.has("RENAME"));
    let mut new = renamed.filter_map(|s| match &s.class.objects[..] {
        [from, to] if same(&to.name, table) && read.creates(&from.name) => Some(from.name.as_str()),
        _ => None,
    });
    let names = |words: &[SqlWord<'_>], name: &str| {
        words.iter().any(|word| word.name(read.dialect).is_some_and(|written| same(&written, name)))
    };
    new.any(|new| {
        let filled = |s: &super::section::Sentence<'_>| {
            let select = s.words.iter().position(|word| word.is("SELECT")).unwrap_or(s.words.len());
            s.begins(&["INSERT"]) && names(&s.words[..select], new) && names(&s.words[select..], table)
        };
        read.statements[..drop].iter().any(filled)
    })
}
