//! What has to be known of a statement before it is sent.

/// What the number of rows of a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    Changed,
    Returned,
}

/// SQLite's count of changed rows stays what it was where a statement changes none by its nature, so it is only
/// read after one that does.
fn rows(sql: &str) -> Rows {
    let writes = |word: &str| {
        ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|writing| word.eq_ignore_ascii_case(writing))
    };
    let mut words = Words::new(sql);
    let changed = match words.next() {
        Some(word) if word.eq_ignore_ascii_case("WITH") => words
            .find(|word| writes(word) || ["SELECT", "VALUES"].iter().any(|w| word.eq_ignore_ascii_case(w)))
            .is_some_and(writes),
        Some(word) => writes(word),
        None => false,
    };
    if changed { Rows::Changed } else { Rows::Returned }
}

/// The number of rows of a statement that is done.
pub(super) fn count(sql: &str, changed: u64, returned: u64) -> u64 {
    match rows(sql) {
        Rows::Changed => changed,
        Rows::Returned => returned,
    }
}

/// Whether there is a statement at all: each begins with a word.
pub(super) fn has_words(sql: &str) -> bool {
    Words::new(sql).next().is_some()
}

/// What a statement may leave in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// Nothing.
    Untouched,
    /// A setting or an attached file: running it again gives the same.
    Setting,
    /// A temporary table, which statements may fill.
    TemporaryTable,
    /// Another temporary object.
    TemporaryObject,
}

/// What a statement may leave in the session.
pub(super) fn session(sql: &str) -> Session {
    let mut words = Words::new(sql);
    let Some(first) = words.next() else { return Session::Untouched };
    let is = |names: &[&str]| names.iter().any(|name| first.eq_ignore_ascii_case(name));
    if is(&["PRAGMA", "ATTACH", "DETACH"]) {
        return Session::Setting;
    }
    // `temp` is a schema's name and can stand quoted; a string that happens to contain it costs one look more.
    if !is(&["CREATE"]) || !contains_ignoring_case(sql, "temp") {
        return Session::Untouched;
    }
    match words
        .find(|word| ["TABLE", "VIEW", "TRIGGER", "INDEX"].iter().any(|w| word.eq_ignore_ascii_case(w)))
    {
        Some(word) if word.eq_ignore_ascii_case("TABLE") => Session::TemporaryTable,
        _ => Session::TemporaryObject,
    }
}

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The bare words of a statement outside of parentheses, quotes and comments.
struct Words<'a> {
    sql: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Words<'a> {
    fn new(sql: &'a str) -> Self {
        Words { sql, at: 0, depth: 0 }
    }

    /// Moves behind the next `end`, or to the end of the text.
    fn skip(&mut self, from: usize, end: &str) {
        self.at = self.sql[from..].find(end).map_or(self.sql.len(), |found| from + found + end.len());
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            let rest = &self.sql[self.at..];
            let first = rest.chars().next()?;
            match first {
                '-' if rest.starts_with("--") => self.skip(self.at, "\n"),
                '/' if rest.starts_with("/*") => self.skip(self.at + 2, "*/"),
                '\'' | '"' | '`' => self.skip(self.at + 1, &first.to_string()),
                '[' => self.skip(self.at + 1, "]"),
                '(' => (self.at, self.depth) = (self.at + 1, self.depth + 1),
                ')' => (self.at, self.depth) = (self.at + 1, self.depth.saturating_sub(1)),
                c if c.is_alphabetic() || c == '_' => {
                    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                    self.at += end;
                    if self.depth == 0 {
                        return Some(&rest[..end]);
                    }
                }
                c => self.at += c.len_utf8(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rows, Session, rows, session};

    #[test]
    fn tells_what_the_number_of_rows_is() {
        assert_eq!(rows("/* x */ -- y\n insert INTO t VALUES (1)"), Rows::Changed);
        assert_eq!(rows("WITH a AS (SELECT 1) DELETE FROM t"), Rows::Changed);
        assert_eq!(rows("WITH a AS (SELECT 'x(' AS \"DELETE\") SELECT * FROM a"), Rows::Returned);
        assert_eq!(rows("REPLACE INTO t VALUES (1)"), Rows::Changed);
        assert_eq!(rows("CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END"), Rows::Returned);
        assert_eq!(rows("-- nothing"), Rows::Returned);
    }

    #[test]
    fn sees_what_stays_in_the_session() {
        let check = |sql: &str, left: Session| assert_eq!(session(sql), left, "{sql}");
        check("pragma cache_size=1", Session::Setting);
        check("/**/ATTACH 'x' AS y", Session::Setting);
        check("CREATE TABLE \"Temp\".x(a)", Session::TemporaryTable);
        check("create temporary view v as select 1", Session::TemporaryObject);
        check("CREATE TABLE t(a)", Session::Untouched);
        check("INSERT INTO t VALUES ('pragma temp')", Session::Untouched);
        check("-- pragma x", Session::Untouched);
    }
}
