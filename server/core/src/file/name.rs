//! Names of revision files.

use super::created::Created;

/// The template of names where none is configured: sorts by time, and shows id and message.
pub const DEFAULT_TEMPLATE: &str = "%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d_%(rev)s_%(slug)s";

/// How long a slug may be where nothing is configured, as in Alembic.
pub const TRUNCATE_SLUG_LENGTH: usize = 40;

/// A message as part of a file's name: its words in lower case, joined by `_`. Above `limit` characters it is cut
/// after the last whole word and ends in `_` (Alembic, `truncate_slug_length`).
pub fn slug(message: &str, limit: usize) -> String {
    let words = message.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
    let slug = words.collect::<Vec<_>>().join("_").to_lowercase();
    let Some((end, _)) = slug.char_indices().nth(limit) else { return slug };
    let cut = &slug[..end];
    format!("{}_", cut.rsplit_once('_').map_or(cut, |(whole, _)| whole))
}

/// A file's name, the `ending` (`sql`) included, from a template with Alembic's tokens: `%(rev)s`, `%(slug)s`, `%(epoch)s`,
/// `%(year)d`, `%(month).2d`, `%(day).2d`, `%(hour).2d`, `%(minute).2d`, `%(second).2d`, and `%%`. It may contain folders.
///
/// Without a message the place of the slug stays empty and the separator before it at the end is dropped.
///
/// # Errors
/// What is wrong with the template, in one line.
pub fn file_name(
    template: &str,
    rev: &str,
    slug: &str,
    created: &Created,
    ending: &str,
) -> Result<String, String> {
    let mut name = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        name.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('%') {
            name.push('%');
            rest = tail;
            continue;
        }
        let (token, tail) = rest
            .strip_prefix('(')
            .and_then(|r| r.split_once(')'))
            .ok_or_else(|| format!("a lone % in the template `{template}`: write it as %%"))?;
        let format = tail.find(|c: char| c.is_ascii_alphabetic()).map_or(tail, |end| &tail[..=end]);
        name.push_str(&value(token, format, rev, slug, created)?);
        rest = &tail[format.len()..];
    }
    name.push_str(rest);
    if slug.is_empty() {
        name.truncate(name.trim_end_matches(['_', '-', '.']).len());
    }
    name.push('.');
    name.push_str(ending);
    Ok(name)
}

fn value(token: &str, format: &str, rev: &str, slug: &str, created: &Created) -> Result<String, String> {
    let number = match token {
        "rev" | "slug" => {
            let text = if token == "rev" { rev } else { slug };
            return match format {
                "s" => Ok(text.into()),
                _ => Err(format!("%({token}){format}: {token} is text, write it as %({token})s")),
            };
        }
        "epoch" => created.epoch(),
        "year" => created.year.into(),
        "month" => created.month.into(),
        "day" => created.day.into(),
        "hour" => created.hour.into(),
        "minute" => created.minute.into(),
        "second" => created.second.into(),
        _ => return Err(format!("unknown token %({token}) in the file template")),
    };
    let digits = match format {
        "s" | "d" => 0,
        _ => format
            .strip_suffix('d')
            .and_then(|f| f.strip_prefix('.').or_else(|| f.strip_prefix('0')))
            .and_then(|f| f.parse::<usize>().ok())
            .filter(|width| *width <= 20)
            .ok_or_else(|| format!("%({token}){format} is not understood, write it as %({token}).2d"))?,
    };
    Ok(format!("{number:0digits$}"))
}
