//! The grammar of identifiers: what a text says before it is looked up in a graph.

use super::deviation::Deviation;
use super::error::{Fault, RevisionError};

/// What a command was given: one identifier, several, or nothing (which means base).
#[derive(Debug, Clone, Copy)]
pub(super) enum Ident<'a> {
    Base,
    One(&'a str),
    Many(&'a [&'a str]),
}

/// `[LABEL@][SYMBOL]+N` or `-N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relative<'a> {
    pub(super) label: Option<&'a str>,
    pub(super) symbol: Option<&'a str>,
    /// How far and which way; saturated, since no graph is as deep as `i64::MAX`.
    pub(super) steps: i64,
}

/// Reads a relative identifier; `None` where the text is not one.
///
/// The label is the shortest that makes the rest relative, the symbol consists of letters, digits and `_` only
/// (so ids with a dot are never relative), as in Alembic.
///
/// # Errors
/// `MALFORMED` ([`Deviation::TrailingGarbage`]) where text follows the number.
pub(super) fn relative(text: &str) -> Result<Option<Relative<'_>>, RevisionError> {
    let labelled = text
        .char_indices()
        .filter(|(at, sign)| *sign == '@' && *at > 0)
        .find_map(|(at, _)| step(&text[at + 1..]).map(|found| (Some(&text[..at]), found)));
    let Some((label, (symbol, number, rest))) = labelled.or_else(|| step(text).map(|found| (None, found)))
    else {
        return Ok(None);
    };
    if !rest.is_empty() {
        let read = &text[..text.len() - rest.len()];
        let fault = Fault::Malformed {
            ident: text.to_owned(),
            reason: format!("`{read}` is a relative step, and `{rest}` follows it"),
        };
        return Err(RevisionError::from(fault).declared(Deviation::TrailingGarbage));
    }
    Ok(Some(Relative { label, symbol, steps: saturating(number) }))
}

/// `[SYMBOL](+|-)N` at the start: symbol, signed number, rest.
fn step(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let symbol = prefix(text, |c| c.is_alphanumeric() || c == '_');
    let signed = &text[symbol.len()..];
    let digits = prefix(signed.strip_prefix(['+', '-'])?, |c| c.is_ascii_digit());
    if digits.is_empty() {
        return None;
    }
    let (number, rest) = signed.split_at(digits.len() + 1);
    Some(((!symbol.is_empty()).then_some(symbol), number, rest))
}

fn prefix(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !belongs(c)).unwrap_or(text.len())]
}

fn saturating(number: &str) -> i64 {
    number.parse().unwrap_or(if number.starts_with('-') { i64::MIN + 1 } else { i64::MAX })
}

/// The number of a plain `-N`, which the lookup reads as "N below every head"; nothing for `-0`.
pub(super) fn below_heads(text: &str) -> Option<i64> {
    let digits = text.trim().strip_prefix('-')?;
    let steps =
        (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| saturating(text.trim()));
    steps.filter(|steps| *steps < 0)
}

/// Splits at the first `@`: branch and rest.
pub(super) fn split_branch(text: &str) -> (Option<&str>, &str) {
    match text.split_once('@') {
        Some((branch, rest)) => (Some(branch), rest),
        None => (None, text),
    }
}

/// Reads `START:END`.
///
/// # Errors
/// `MALFORMED` where there is more than one colon.
pub(super) fn range(text: &str) -> Result<Option<(&str, &str)>, RevisionError> {
    match text.split_once(':') {
        Some((_, end)) if end.contains(':') => Err(Fault::Malformed {
            ident: text.to_owned(),
            reason: "a range is `start:end`, with one colon".to_owned(),
        }
        .into()),
        parts => Ok(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::{Relative, below_heads, relative};

    #[track_caller]
    fn check(text: &str, expected: Option<(Option<&str>, Option<&str>, i64)>) {
        let read = relative(text).expect("no garbage in it");
        assert_eq!(
            read.map(|Relative { label, symbol, steps, .. }| (label, symbol, steps)),
            expected,
            "{text}"
        );
    }

    #[test]
    fn relative_forms() {
        check("+1", Some((None, None, 1)));
        check("ae10-2", Some((None, Some("ae10"), -2)));
        check("lib@+3", Some((Some("lib"), None, 3)));
        check("lib-2@base+2", Some((Some("lib-2"), Some("base"), 2)));
        check("a@b@-1", Some((Some("a@b"), None, -1)));
        check("lib-2", Some((None, Some("lib"), -2)));
        check("-99999999999999999999", Some((None, None, i64::MIN + 1)));
        check("my-lib@head", None);
        check("v1.0-3", None);
        check("@+1x@", None);
        check("head", None);
    }

    #[test]
    fn what_follows_a_step_is_refused() {
        for text in ["+1x", "lib-2@head", "head-1 "] {
            let error = relative(text).expect_err("garbage");
            assert_eq!(error.code(), crate::Code::Malformed, "{text}");
        }
    }

    #[test]
    fn plain_negative_numbers() {
        assert_eq!(below_heads("-2"), Some(-2));
        assert_eq!(below_heads("-0"), None);
        assert_eq!(below_heads("2"), None);
        assert_eq!(below_heads("-2x"), None);
    }
}
