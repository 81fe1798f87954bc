//! Tables, without what stands in them.

use super::catalog::Row;
use migrated_core::schema::{Name, Partition, Table, TableOptions};

/// The table of a row of [`super::catalog::Part::Tables`].
pub(super) fn table(row: Row<'_>) -> Table {
    let collation = row.filled(3);
    // A collation's name begins with that of its character set.
    let charset = collation.as_deref().and_then(|name| name.split('_').next()).map(str::to_owned);
    let options = TableOptions {
        engine: row.filled(2),
        charset,
        collation,
        verbatim: create_options(row.text(4)),
        ..TableOptions::default()
    };
    Table { name: Name::local(row.text(0)), comment: row.filled(5), options, ..Table::default() }
}

/// The options that CREATE TABLE named, one by one, as it spells them. The catalog says `partitioned` here, too,
/// which is told elsewhere.
fn create_options(told: &str) -> Vec<String> {
    let mut options = Vec::new();
    let mut option = String::new();
    let mut quote = None;
    for c in told.chars().chain([' ']) {
        match quote {
            None if c == ' ' => {
                let whole = std::mem::take(&mut option);
                if !whole.is_empty() && whole != "partitioned" {
                    options.push(spelled(&whole));
                }
                continue;
            }
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        option.push(c);
    }
    options
}

fn spelled(option: &str) -> String {
    match option.split_once('=') {
        Some((name, value)) if !name.starts_with('`') => format!("{}={value}", name.to_uppercase()),
        _ => option.to_owned(),
    }
}

/// What only SHOW CREATE TABLE tells: partitions, periods, system versioning, parsers of FULLTEXT indexes.
pub(super) fn complete(table: &mut Table, statement: &str) {
    let mut elements = Vec::new();
    for line in statement.lines() {
        let line = line.trim().trim_end_matches(',');
        if let Some(period) = line.strip_prefix("PERIOD FOR ") {
            // The check that a period brings with it has its name, and comes and goes with it.
            let name = period.split(" (").next().unwrap_or_default().trim_matches('`');
            table.checks.retain(|check| check.name.as_deref() != Some(name));
            elements.push(format!("PERIOD FOR {period}"));
        }
        if let Some((before, parser)) = line.split_once("WITH PARSER ") {
            let name = before.split('`').nth(1).unwrap_or_default().to_owned();
            let parser = parser.trim_end_matches("*/").trim();
            if let Some(index) = table.indexes.get_mut(&name) {
                index.verbatim.push(format!("WITH PARSER {parser}"));
            }
        }
        if let Some(before) = line.strip_suffix(" WITHOUT OVERLAPS)") {
            without_overlaps(table, before);
        }
    }
    let Some((_, tail)) = statement.rsplit_once("\n) ") else { return };
    if tail.contains("WITH SYSTEM VERSIONING") {
        elements.push("WITH SYSTEM VERSIONING".into());
    }
    if let Some((_, by)) = tail.split_once("PARTITION BY ") {
        let by = by.trim_end().trim_end_matches("*/").trim_end();
        table.options.partition = Some(Partition::By(by.to_owned()));
    }
    table.options.verbatim.extend(elements);
}

/// A unique index over a period: the catalog tells the period's two columns instead of its name.
fn without_overlaps(table: &mut Table, line: &str) {
    let quoted: Vec<&str> = line.split('`').collect();
    let (Some(name), Some(period)) = (quoted.get(1), quoted.iter().rev().nth(1)) else { return };
    if let Some(index) = table.indexes.get_mut(&(*name).to_owned()) {
        let kept = index.items.len().saturating_sub(2);
        index.items.truncate(kept);
        let expr = Some(format!("`{period}` WITHOUT OVERLAPS"));
        index.items.push(migrated_core::schema::IndexItem { expr, ..Default::default() });
    }
}

#[cfg(test)]
mod tests {
    use super::{complete, create_options};
    use migrated_core::schema::{Partition, Table};

    #[test]
    fn options_are_told_one_by_one() {
        let told =
            "row_format=COMPRESSED key_block_size=8 partitioned `page_compressed`='a b' ENCRYPTION=\"Y\"";
        let expected =
            ["ROW_FORMAT=COMPRESSED", "KEY_BLOCK_SIZE=8", "`page_compressed`='a b'", "ENCRYPTION=\"Y\""];
        assert_eq!(create_options(told), expected);
    }

    #[test]
    fn partitions_of_either_server_are_found() {
        let by = "RANGE (`a`)\n(PARTITION `p0` VALUES LESS THAN (10) ENGINE = InnoDB)";
        for tail in [format!("\n PARTITION BY {by}"), format!("\n/*!50100 PARTITION BY {by} */")] {
            let mut table = Table::default();
            complete(&mut table, &format!("CREATE TABLE `t` (\n  `a` int(11)\n) ENGINE=InnoDB{tail}"));
            assert_eq!(table.options.partition, Some(Partition::By(by.to_owned())));
        }
    }
}
