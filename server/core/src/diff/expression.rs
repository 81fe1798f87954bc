//! Expressions of PostgreSQL that the server prints in two ways, though they are one.

use crate::DialectName;
use crate::dialect::token::TokenKind;
use crate::dialect::words::Words;

/// Whether two texts that PostgreSQL printed differ in nothing but what it prints differently from time to time.
pub(super) fn alike(old: &str, new: &str) -> bool {
    old == new || varies(old) && varies(new) && key(old) == key(new)
}

/// Whether there is anything in a text that is printed in two ways; most have nothing.
fn varies(text: &str) -> bool {
    text.contains("ARRAY[") || text.contains("timezone(") || text.contains(" AT TIME ZONE ")
}

fn key(text: &str) -> String {
    let words: Vec<&str> = Words::new(DialectName::Postgres, text)
        .map(|word| if word.kind == TokenKind::Word && word.is("timezone") { "timezone" } else { word.text })
        .collect();
    let words = distributed(&words);
    zoned(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// With the cast of an array given to each of its elements, as the server does where it reads one: a list that is
/// compared with a `varchar` column is printed as `(ARRAY['a'::character varying])::text[]`, and read again, from
/// `pg_dump` for one, as `ARRAY[('a'::character varying)::text]`.
fn distributed(words: &[&str]) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        match cast_array(&words[at..]) {
            Some((elements, element_type, taken)) => {
                out.extend(["ARRAY", "["].map(str::to_owned));
                for (n, element) in elements.iter().enumerate() {
                    out.extend((n > 0).then(|| ",".to_owned()));
                    out.push("(".to_owned());
                    out.extend(distributed(element));
                    out.extend([")", ":", ":"].map(str::to_owned));
                    out.extend(element_type.iter().map(|word| (*word).to_owned()));
                }
                out.push("]".to_owned());
                at += taken;
            }
            None => {
                out.push(words[at].to_owned());
                at += 1;
            }
        }
    }
    out
}

/// Words that follow each other in a text.
type Words<'w> = &'w [&'w str];

/// `( ARRAY [ … ] ) :: type [ ]` at the beginning of words: the elements, their type, and how many words it is. An array
/// of arrays is left as it is, and so is an empty one.
fn cast_array<'w>(words: Words<'w>) -> Option<(Vec<Words<'w>>, Words<'w>, usize)> {
    let end = (words.first() == Some(&"(")).then(|| closing(words, 0)).flatten()?;
    let inside = words[1..end].strip_prefix(&["ARRAY", "["])?.strip_suffix(&["]"])?;
    let rest = words[end + 1..].strip_prefix(&[":", ":"])?;
    let length = rest.windows(2).position(|pair| pair == ["[", "]"])?;
    let is_type = |word: &&str| word.chars().all(|c| c.is_alphanumeric() || "_.\"$".contains(c));
    let elements = split(inside)?;
    if length == 0 || !rest[..length].iter().all(is_type) || rest.get(length + 2) == Some(&"[") {
        return None;
    }
    (!elements.iter().any(|element| element.first() == Some(&"ARRAY")))
        .then(|| (elements, &rest[..length], end + 3 + length + 2))
}

/// The parts between the commas; `None` where there are none, or brackets do not close in their order.
fn split<'w>(words: Words<'w>) -> Option<Vec<Words<'w>>> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0u32, 0);
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.checked_sub(1)?,
            "," if depth == 0 => {
                parts.push(&words[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&words[from..]);
    (depth == 0 && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

/// With `(x AT TIME ZONE z)` as the function that it calls, `timezone(z, x)`.
fn zoned(words: &[&str]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some(end) = (words[at] == "(").then(|| closing(words, at)).flatten() else {
            out.push(words[at].to_owned());
            at += 1;
            continue;
        };
        let inside = &words[at + 1..end];
        let called = at > 0 && words[at - 1] == "timezone";
        match (outside(inside, &["AT", "TIME", "ZONE"]), outside(inside, &[","])) {
            (Some(place), _) if !called => {
                let (value, zone) = (zoned(&inside[..place]), zoned(&inside[place + 3..]));
                out.push(format!("timezone ( {zone} , {value} )"));
            }
            _ => out.push(format!("( {} )", zoned(inside))),
        }
        at = end + 1;
    }
    out.join(" ")
}

/// Where the parenthesis that opens at `open` closes.
fn closing(words: &[&str], open: usize) -> Option<usize> {
    let mut depth = 0u32;
    for (at, word) in words.iter().enumerate().skip(open) {
        match *word {
            "(" => depth += 1,
            ")" if depth == 1 => return Some(at),
            ")" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Where these words stand outside of parentheses.
fn outside(words: &[&str], wanted: &[&str]) -> Option<usize> {
    let mut depth = 0u32;
    for (at, word) in words.iter().enumerate() {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth == 0 && words[at..].starts_with(wanted) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn a_time_zone_is_a_call() {
        assert!(alike(
            "date_trunc('day'::text, (ts AT TIME ZONE 'utc'::text))",
            "date_trunc('day'::text, timezone('utc'::text, ts))"
        ));
        assert!(!alike("(ts AT TIME ZONE 'utc'::text)", "timezone('cet'::text, ts)"));
        assert!(!alike("(a + b)", "(b + a)"));
        assert!(!alike("lower(a)", "upper(a)"));
    }

    #[test]
    fn the_cast_of_an_array_is_that_of_its_elements() {
        let printed =
            "((s)::text = ANY ((ARRAY['a,]'::character varying, lower(b, c)::character varying])::text[]))";
        let read = "((s)::text = ANY (ARRAY[('a,]'::character varying)::text, (lower(b, c)::character varying)::text]))";
        assert!(alike(printed, read));
        assert!(!alike(printed, &read.replace("'a,]'", "'a,}'")));
        assert!(!alike(printed, &read.replace("::text,", "::citext,")));
        let view = |list: &str| format!("SELECT a\n   FROM t\n  WHERE ((s)::text = ANY ({list}))");
        let list = "(ARRAY['x'::character varying])::text[]";
        assert!(alike(&view(list), &view("ARRAY[('x'::character varying)::text]")));
        assert!(!alike(&view(list), &view("ARRAY['x'::character varying]")));
        assert!(!alike("(ARRAY[ARRAY[1]])::text[]", "ARRAY[(ARRAY[1])::text]"));
        assert!(!alike("(ARRAY[])::text[]", "ARRAY[()::text]"));
    }
}
