//! The reference of all keys, from the same declarations as the structs. `docs/configuration.md` is this text, which a
//! test sees to; each section has its own page beside it.

use super::Config;
use super::schema::{ANY, Key, Kind};
use std::fmt::Write as _;

/// Where the reference stands, from the top of the repository.
#[cfg(test)]
const PAGE: &str = "docs/configuration.md";

/// The whole page, in Markdown.
pub(crate) fn reference() -> String {
    let mut out = String::from(INTRODUCTION);
    let defaults = toml::Table::try_from(Config::default()).unwrap_or_default();
    for section in Config::KEYS {
        let _ = write!(out, "\n## {}\n\n{}\n", section.name, prose(section.docs));
        if let Kind::Table(keys) = section.kind {
            let table = defaults.get(section.name).and_then(toml::Value::as_table);
            rows(&mut out, section.name, keys, table);
        }
    }
    out
}

const INTRODUCTION: &str = "\
# Configuration of migrated

Every key of `migrated.toml`. The file is the one that `--config` or `MIGRATED_CONFIG` names, else `./migrated.toml`, else
`/etc/migrated/migrated.toml`.

A value is taken from the strongest source that has it: defaults, then the file, then environment variables, then flags.
A variable is `MIGRATED_` and the key in capitals, its parts joined by two underscores: `listen.grpc_web` is
`MIGRATED_LISTEN__GRPC_WEB`. Lists and tables are written in a variable as in the file: `[\"a\", \"b\"]`, `{a = 1}`.
`MIGRATED_LOG` is short for `MIGRATED_TELEMETRY__LOG__FILTER`. Any key can be a flag: `--set listen.grpc_web=true`. Names
of connections, targets and the like are in small letters when they come from a variable.

A key that does not exist is an error. `migrated config` prints the merged result with the origin of each value;
`migrated check-config` only tells whether it is sound. This page is what `migrated config --reference` prints.

A duration is written with its unit (`250ms`, `3s`, `15m`, `1h30m`, `7d`), a size in bytes or with its unit (`64KiB`,
`16MiB`). A path in the file is relative to the file's folder, elsewhere to the working directory.
";

/// One line for each key; tables within, after it.
fn rows(out: &mut String, path: &str, keys: &[Key], defaults: Option<&toml::Table>) {
    let (inner, plain): (Vec<&Key>, Vec<&Key>) =
        keys.iter().partition(|k| matches!(k.kind, Kind::Table(_) | Kind::List(_)));
    if !plain.is_empty() {
        out.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
    }
    for key in plain {
        let default = match defaults.and_then(|d| d.get(key.name)) {
            Some(value) => format!("`{value}`"),
            None => "not set".to_owned(),
        };
        let kind = kind(key.kind);
        let _ = writeln!(
            out,
            "| `{path}.{}` | {kind} | {default} | {} |",
            key.name,
            prose(key.docs).replace('|', "\\|")
        );
    }
    for key in inner {
        let path = format!("{path}.{}", key.name);
        let own = defaults.and_then(|d| d.get(key.name)).and_then(toml::Value::as_table).cloned();
        let (keys, heading) = match key.kind {
            Kind::List(keys) => (keys, format!("[[{path}]]")),
            Kind::Table(keys) => (keys, format!("[{path}]")),
            _ => continue,
        };
        let _ = write!(out, "\n### {heading}\n\n{}\n", prose(key.docs));
        rows(out, &path, keys, own.or_else(|| named_defaults(&path)).as_ref());
    }
}

/// The defaults within a table of any name, or within a list, which the defaults of the whole do not show.
fn named_defaults(path: &str) -> Option<toml::Table> {
    let table = match path.strip_suffix(&format!(".{ANY}")).unwrap_or(path) {
        "connections" => toml::Table::try_from(super::databases::Connection::default()),
        "targets" => toml::Table::try_from(super::databases::NamedTarget::default()),
        "access.tokens" => toml::Table::try_from(super::access::Token::default()),
        _ => return None,
    };
    table.ok()
}

fn prose(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text(form) | Kind::Literal(form) => form,
        Kind::Secret => "text, never shown",
        Kind::Path => "path",
        Kind::Table(_) | Kind::List(_) => "table",
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE, reference};
    use crate::config::{Config, Sources, load};
    use std::path::Path;

    fn repository() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders up")
    }

    #[test]
    fn the_page_lists_every_key() {
        let page = std::fs::read_to_string(repository().join(PAGE)).unwrap_or_default();
        assert!(
            page == reference(),
            "{PAGE} is not what the structs say: cargo run -p migrated -- config --reference > {PAGE}"
        );
    }

    #[test]
    fn every_section_has_its_page() {
        for section in Config::KEYS {
            let path = repository().join("docs/config").join(format!("{}.md", section.name));
            let page = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(page.starts_with(&format!("# `{}`", section.name)), "{} is missing", path.display());
        }
    }

    #[test]
    fn every_example_can_be_read() {
        let mut examples = vec![read("docker/migrated.toml")];
        for section in Config::KEYS {
            let page = read(&format!("docs/config/{}.md", section.name));
            let blocks =
                page.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()));
            examples.extend(blocks);
        }
        assert!(examples.len() >= 10);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("migrated.toml");
        for example in examples {
            std::fs::write(&path, &example).expect("written");
            let read = load(&Sources { file: Some(path.clone()), ..Sources::default() });
            assert!(
                read.is_ok(),
                "{example}\n{}",
                read.map(|_| String::new()).unwrap_or_else(|e| e.to_string())
            );
        }
    }

    fn read(path: &str) -> String {
        std::fs::read_to_string(repository().join(path)).expect("it is there")
    }
}
