//! Texts of expressions as the server prints them.

/// An expression without the parentheses around the whole of it.
pub(super) fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // `(a) + (b)` begins and ends with parentheses that are not a pair.
        if end_of_item(inner) != inner.len() {
            break;
        }
        text = inner.trim();
    }
    text
}

/// Where the item that a text begins with ends: at a comma or a closing parenthesis that is not inside of
/// parentheses, brackets, a string or a quoted name. The text's length where there is none.
pub(super) fn end_of_item(text: &str) -> usize {
    find(text, |c, _| c == ',' || c == ')')
}

/// Where a piece of text stands outside of parentheses, strings and quoted names.
pub(super) fn find_outside(text: &str, piece: &str) -> Option<usize> {
    let at = find(text, |_, rest| rest.starts_with(piece));
    (at < text.len()).then_some(at)
}

fn find(text: &str, found: impl Fn(char, &str) -> bool) -> usize {
    let mut depth = 0_u32;
    // The quote that is open, and whether a backslash protects in it.
    let mut open: Option<(char, bool)> = None;
    let mut before = ' ';
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match open {
            Some((_, true)) if c == '\\' => {
                characters.next();
            }
            // A doubled quote closes and opens again, which comes to the same, but for the E of E'…'.
            Some((quote, escapes)) if c == quote => {
                let doubled = text[at + 1..].starts_with(quote);
                if doubled && escapes {
                    characters.next();
                } else {
                    open = None;
                }
            }
            Some(_) => {}
            None if depth == 0 && found(c, &text[at..]) => return at,
            None => match c {
                '\'' => open = Some((c, before == 'E')),
                '"' => open = Some((c, false)),
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
        before = c;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{bare, end_of_item, find_outside};

    #[test]
    fn only_parentheses_around_the_whole_are_taken_off() {
        assert_eq!(bare("((a > 0))"), "a > 0");
        assert_eq!(bare("((a > 0) AND (b > 0))"), "(a > 0) AND (b > 0)");
        assert_eq!(bare("(a) + (b)"), "(a) + (b)");
        assert_eq!(bare("lower(a)"), "lower(a)");
        assert_eq!(bare("(a = ')'::text)"), "a = ')'::text");
        assert_eq!(bare("(a = 'it''s)'::text)"), "a = 'it''s)'::text");
        assert_eq!(bare(r"(a = E'\\)\''::text)"), r"a = E'\\)\''::text");
        assert_eq!(bare("(\"a)\" > 0)"), "\"a)\" > 0");
        assert_eq!(bare("(é > 'ü')"), "é > 'ü'");
    }

    #[test]
    fn items_end_at_their_comma() {
        assert_eq!(
            end_of_item(" COLLATE \"a,b\" x (n='1,2') DESC, c)"),
            " COLLATE \"a,b\" x (n='1,2') DESC".len()
        );
        assert_eq!(end_of_item("a[1,2]) WHERE"), "a[1,2]".len());
    }

    #[test]
    fn names_hide_what_is_in_them() {
        let text = "CREATE INDEX \" USING x (\" ON t USING gin (a)";
        assert_eq!(find_outside(text, " USING "), Some(text.find(" USING gin").expect("it is there")));
        assert_eq!(find_outside("(a b)", " b"), None);
    }
}
