//! Expressions as the server printed them, written so that it reads the same again.

/// A list of strings that was compared with a `varchar` column comes back from the server as
/// `ANY ((ARRAY['a'::character varying, …])::text[])`. Read again, the cast would go to each element, and the text would
/// be another one for ever. Without the cast the server adds it where it was.
pub(super) fn expression(sql: &str) -> String {
    const OPEN: &str = "((ARRAY[";
    const CLOSE: &str = ")::text[])";
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = outside_quotes(rest, |text| text.starts_with(OPEN)) {
        let list = &rest[at + 2..];
        let Some(end) = closing_bracket(list) else { break };
        let after = &list[end..];
        out += &rest[..at];
        if after.starts_with(CLOSE) && list[..end].contains("::character varying") {
            out += "(";
            out += &list[..end];
            out += ")";
            rest = &after[CLOSE.len()..];
        } else {
            out += &rest[at..at + OPEN.len()];
            rest = &rest[at + OPEN.len()..];
        }
    }
    out + rest
}

/// The first place outside of strings and quoted names where `found` says so.
fn outside_quotes(sql: &str, mut found: impl FnMut(&str) -> bool) -> Option<usize> {
    let mut open = None;
    for (at, c) in sql.char_indices() {
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => open = Some(c),
            None if found(&sql[at..]) => return Some(at),
            None => {}
        }
    }
    None
}

/// Behind the bracket that ends what `ARRAY[` begins.
fn closing_bracket(list: &str) -> Option<usize> {
    let mut depth = 0;
    let at = outside_quotes(list, |text| {
        match text.as_bytes().first() {
            Some(b'[') => depth += 1,
            Some(b']') => {
                depth -= 1;
                return depth == 0;
            }
            _ => {}
        }
        false
    })?;
    Some(at + 1)
}
