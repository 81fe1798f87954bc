//! SQL as the server prints it, token by token: quotes and introducers taken off, the database's name taken out.

use migrated_core::schema::Name;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name in backticks.
    Name,
    /// A string in quotes.
    Text,
    /// A bare word or number.
    Word,
    /// Any other character.
    Symbol,
    /// Blanks and comments.
    Blank,
}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
}

impl Token<'_> {
    fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    fn is_word(&self, words: &[&str]) -> bool {
        self.kind == Kind::Word && words.iter().any(|word| self.text.eq_ignore_ascii_case(word))
    }

    /// The name that it is, where it is one.
    pub(super) fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Name => Some(self.text.get(1..self.text.len().saturating_sub(1))?.replace("``", "`")),
            Kind::Word => Some(self.text.to_owned()),
            _ => None,
        }
    }
}

/// The tokens of a text; put together again they are the text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '`' => (Kind::Name, quoted(rest, '`', false)),
            '\'' | '"' => (Kind::Text, quoted(rest, first, true)),
            '/' if rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!") => {
                (Kind::Blank, rest.find("*/").map_or(rest.len(), |end| end + 2))
            }
            '#' => (Kind::Blank, rest.find('\n').unwrap_or(rest.len())),
            '-' if rest.starts_with("-- ") || rest.starts_with("--\n") => {
                (Kind::Blank, rest.find('\n').unwrap_or(rest.len()))
            }
            c if c.is_whitespace() => {
                (Kind::Blank, rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()))
            }
            c if is_word(c) => (Kind::Word, rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())),
            c => (Kind::Symbol, c.len_utf8()),
        };
        let (token, after) = rest.split_at(length);
        found.push(Token { kind, text: token });
        rest = after;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of what is quoted at the beginning.
fn quoted(text: &str, quote: char, backslashes: bool) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && backslashes {
            characters.next();
        } else if c == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return at + c.len_utf8();
            }
        }
    }
    text.len()
}

/// What a view's query, or an expression, says once its own database is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::mysql) struct Local {
    pub(in crate::mysql) text: String,
    /// The tables and views that it reads, in the order of their names.
    pub(super) reads: Vec<Name>,
}

/// Takes the name of `database` out where it qualifies something. The server qualifies tables, their columns,
/// functions and sequences; an alias of that name is left alone, for what it qualifies stands elsewhere.
pub(in crate::mysql) fn local(text: &str, database: &str) -> Local {
    let all = tokens(text);
    let told: Vec<(usize, Token<'_>)> =
        all.iter().copied().enumerate().filter(|(_, token)| token.kind != Kind::Blank).collect();
    let mut left_out = vec![false; all.len()];
    let mut reads = Vec::new();
    let dotted = |at: usize| told.get(at).is_some_and(|(_, token)| token.is_symbol("."));
    let mut at = 0;
    while at < told.len() {
        let start = at;
        at += 1;
        let Some(first) = told[start].1.name().filter(|_| dotted(at)) else { continue };
        let Some(second) = told.get(at + 1).and_then(|(_, token)| token.name()) else { continue };
        let table = is_table(&told[..start]);
        let own = first == database;
        let called = told.get(at + 2).is_some_and(|(_, token)| token.is_symbol("("));
        if own && (dotted(at + 2) || table || called || is_sequence(&told[..start])) {
            left_out[told[start].0] = true;
            left_out[told[at].0] = true;
        }
        if table {
            reads.push(if own { Name::local(second) } else { Name::new(Some(&first), second) });
        }
        // Behind the last part of the name.
        at += 2;
        while dotted(at) {
            at += 2;
        }
    }
    reads.sort();
    reads.dedup();
    let text = all.iter().zip(left_out).filter(|(_, out)| !out).map(|(token, _)| token.text).collect();
    Local { text, reads }
}

/// Whether a table stands behind these tokens: the server prints joins in parentheses.
fn is_table(before: &[(usize, Token<'_>)]) -> bool {
    before
        .iter()
        .rev()
        .find(|(_, token)| !token.is_symbol("("))
        .is_some_and(|(_, token)| token.is_word(&["FROM", "JOIN", "STRAIGHT_JOIN"]))
}

/// Whether a sequence stands behind them.
fn is_sequence(before: &[(usize, Token<'_>)]) -> bool {
    matches!(before, [.., (_, function), (_, open)]
        if open.is_symbol("(") && function.is_word(&["NEXTVAL", "LASTVAL", "SETVAL"]))
}

/// Whether a qualified name begins with `database`, in whatever case where names are folded.
pub(super) fn names_database(text: &str, database: &str, folded: bool) -> bool {
    let all: Vec<Token<'_>> = tokens(text).into_iter().filter(|token| token.kind != Kind::Blank).collect();
    all.windows(3).any(|part| {
        let same = part[0]
            .name()
            .is_some_and(|name| name == database || folded && name.to_lowercase() == database.to_lowercase());
        same && part[1].is_symbol(".") && part[2].name().is_some()
    })
}

/// An expression as MySQL's catalog tells it, in the form in which it is written: there quotes stand escaped, and
/// strings say their character set.
pub(super) fn plain(expression: &str) -> String {
    let mut text = String::with_capacity(expression.len());
    let mut characters = expression.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    let all = tokens(&text);
    let introduces = |at: usize| {
        all[at].is_word(&["_utf8mb4", "_utf8mb3", "_utf8"])
            && all.get(at + 1).is_some_and(|next| next.kind == Kind::Text)
    };
    all.iter().enumerate().filter(|(at, _)| !introduces(*at)).map(|(_, token)| token.text).collect()
}

/// Without the parentheses around the whole of it.
pub(super) fn bare(expression: &str) -> &str {
    let inner = expression.trim();
    let Some(inside) = inner.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else { return inner };
    let mut depth = 0_i32;
    for token in tokens(inside) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth -= 1;
        }
        if depth < 0 {
            return inner;
        }
    }
    bare(inside)
}

#[cfg(test)]
mod tests {
    use super::{bare, local, names_database, plain};
    use migrated_core::schema::Name;

    #[test]
    fn the_own_database_is_left_out() {
        let cases = [
            ("select `x`.`p`.`id` AS `id` from `x`.`p`", "select `p`.`id` AS `id` from `p`"),
            (
                "select 1 from (`x`.`v` join `x`.`t` on(`x`.`t`.`id` = 1))",
                "select 1 from (`v` join `t` on(`t`.`id` = 1))",
            ),
            ("nextval(`x`.`sq`)", "nextval(`sq`)"),
            ("select `x`.`f`(1),'`x`.`p`' from `y`.`x`", "select `f`(1),'`x`.`p`' from `y`.`x`"),
            ("select `x`.`id` from `x`.`p` `x`", "select `x`.`id` from `p` `x`"),
            ("select `x`.`x`.`x` from `x`.`x`", "select `x`.`x` from `x`"),
        ];
        for (text, expected) in cases {
            assert_eq!(local(text, "x").text, expected);
        }
    }

    #[test]
    fn what_a_query_reads_is_told() {
        let text = "with `c` as (select 1 from `y`.`t`) select * from ((`x`.`b` join `c`) join `x`.`a`)";
        let expected = [Name::local("a"), Name::local("b"), Name::new(Some("y"), "t")];
        assert_eq!(local(text, "x").reads, expected);
    }

    #[test]
    fn names_of_a_database_are_found() {
        assert!(names_database("INSERT INTO app . t VALUES (1)", "app", false));
        assert!(names_database("select 1 from `App`.`t`", "app", true));
        assert!(!names_database("select 1 from `App`.`t`", "app", false));
        assert!(!names_database("select 'app.t', app, x.app from t -- app.t", "app", false));
    }

    #[test]
    fn expressions_of_mysql_lose_escapes_and_introducers() {
        assert_eq!(plain(r"concat(`a`,_utf8mb4\'x\')"), "concat(`a`,'x')");
        assert_eq!(plain(r"(`_utf8mb4` = _utf8mb4\'it\\\'s\')"), r"(`_utf8mb4` = 'it\'s')");
    }

    #[test]
    fn outer_parentheses_are_taken_off() {
        let cases = [("(`a` > 0)", "`a` > 0"), ("(a) or (b)", "(a) or (b)"), ("((a) or ')')", "(a) or ')'")];
        for (expression, expected) in cases {
            assert_eq!(bare(expression), expected);
        }
    }
}
