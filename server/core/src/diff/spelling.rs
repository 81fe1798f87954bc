//! What means the same in another spelling is alike: SQLite keeps what it was told letter by letter, PostgreSQL prints
//! an expression as it was parsed, MySQL tells widths that only some clients look at.
//!
//! Only what can be proved from the text alone is settled here.

use super::constraint::index_columns;
use crate::DialectName;
use crate::dialect::token::TokenKind;
use crate::dialect::words::Words;
use crate::schema::{Column, DefaultValue, Index, Schema, Table};
use std::borrow::Cow;

/// Gives what is alike in `to` the spelling of `from`.
pub(super) fn settle(dialect: DialectName, from: &Schema, to: &mut Cow<'_, Schema>) {
    for old in &from.tables {
        let Some(new) = to.tables.get(&old.name).filter(|new| *new != old) else { continue };
        let columns: Vec<Column> = new
            .columns
            .iter()
            .map(|new_column| match old.column(&new_column.name) {
                Some(old_column) => column(dialect, (old, old_column), (new, new_column)),
                None => new_column.clone(),
            })
            .collect();
        let indexes: Vec<Index> = new
            .indexes
            .iter()
            .map(|index| {
                old.indexes.get(&index.name).filter(|o| alike(dialect, o, index)).unwrap_or(index).clone()
            })
            .collect();
        let settled = columns != new.columns || new.indexes.iter().ne(&indexes);
        if let Some(new) = settled.then(|| to.to_mut().tables.get_mut(&old.name)).flatten() {
            new.columns = columns;
            new.indexes = indexes.into_iter().collect();
        }
    }
}

/// The new column in the old one's spelling, as far as they are alike.
fn column(dialect: DialectName, (was, old): (&Table, &Column), (is, new): (&Table, &Column)) -> Column {
    let mut settled = new.clone();
    if old.data_type != new.data_type && type_key(dialect, was, old) == type_key(dialect, is, new) {
        settled.data_type.clone_from(&old.data_type);
    }
    // A default is put in the words of its column's type, so that of another type is told anew.
    let typed = old.data_type == settled.data_type;
    if typed && old.default != new.default && default_key(dialect, old) == default_key(dialect, new) {
        settled.default.clone_from(&old.default);
    }
    // JSON is text in utf8mb4_bin there, under a check that makes of any text the same value. What is not told is the
    // table's, and means the same on both sides only where that does.
    let alike = was.options.charset == is.options.charset && was.options.collation == is.options.collation;
    if dialect == DialectName::Mysql && alike && is_json(was, old) && is_json(is, new) {
        settled.charset.clone_from(&old.charset);
        settled.collation.clone_from(&old.collation);
    }
    settled
}

/// What two types that are alike have in common.
fn type_key(dialect: DialectName, table: &Table, column: &Column) -> String {
    let data_type = &column.data_type;
    match dialect {
        DialectName::Postgres => data_type.clone(),
        DialectName::Mysql => displayed(data_type),
        DialectName::Sqlite => {
            let key: String = data_type.chars().filter(|c| !c.is_whitespace()).collect();
            let key = key.to_ascii_uppercase();
            // INTEGER PRIMARY KEY is the row's own number; INT PRIMARY KEY is not.
            let numbered =
                table.primary_key.as_ref().is_some_and(|key| key.columns == [column.name.as_str()]);
            if key == "INT" && !numbered { "INTEGER".to_owned() } else { key }
        }
    }
}

/// A type of MySQL without the width that its numbers are shown in; only ZEROFILL and `tinyint(1)`, which drivers take
/// for a boolean, make anything of it.
fn displayed(data_type: &str) -> String {
    let whole = ["tinyint(", "smallint(", "mediumint(", "int(", "bigint("];
    let shown = whole.iter().any(|word| data_type.starts_with(word)) && !data_type.contains("zerofill");
    match (data_type.find('('), data_type.find(')')) {
        (Some(open), Some(close)) if shown && !data_type.starts_with("tinyint(1)") => {
            format!("{}{}", &data_type[..open], &data_type[close + 1..])
        }
        _ => data_type.to_owned(),
    }
}

fn is_json(table: &Table, column: &Column) -> bool {
    let check = format!("json_valid(`{}`)", column.name);
    let checked =
        table.checks.iter().any(|c| c.expr == check) || column.verbatim.iter().any(|v| v.contains(&check));
    column.data_type == "longtext" && checked
}

/// What two defaults that are alike have in common.
fn default_key(dialect: DialectName, column: &Column) -> Option<String> {
    let DefaultValue::Sql(sql) = column.default.as_ref()? else {
        return Some(format!("{:?}", column.default));
    };
    Some(match dialect {
        DialectName::Postgres => plain_constant(sql, &column.data_type),
        DialectName::Mysql => sql.clone(),
        DialectName::Sqlite if sql.chars().all(|c| c.is_ascii_alphabetic() || c == '_') => {
            sql.to_ascii_uppercase()
        }
        DialectName::Sqlite => sql.trim_start_matches('+').to_owned(),
    })
}

/// A constant of the column's own type as PostgreSQL prints it: `'0'::numeric` is `0`, `ARRAY[]::text[]` is
/// `'{}'::text[]`.
fn plain_constant(sql: &str, data_type: &str) -> String {
    if let Some(array) = sql.strip_prefix("ARRAY[]::") {
        return format!("'{{}}'::{array}");
    }
    let base = data_type.split('(').next().unwrap_or_default();
    let numeric = matches!(base, "numeric" | "smallint" | "integer" | "bigint");
    let number = sql.strip_suffix(base).and_then(|sql| sql.strip_suffix("'::")?.strip_prefix('\''));
    let whole = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        // A second point or an exponent would need more than letters to compare.
        !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
    };
    match number.filter(|number| numeric && whole(number)) {
        Some(number) => number.to_owned(),
        None => sql
            .strip_prefix('(')
            .and_then(|s| s.strip_suffix(')'))
            .filter(|s| whole(s))
            .unwrap_or(sql)
            .to_owned(),
    }
}

/// Whether two indexes differ only in the spelling of their expressions.
fn alike(dialect: DialectName, old: &Index, new: &Index) -> bool {
    if dialect != DialectName::Postgres || old == new || index_columns(old).len() == old.items.len() {
        return false;
    }
    let plain = |index: &Index| {
        let mut plain = index.clone();
        for item in &mut plain.items {
            item.expr = item.expr.as_deref().map(expression_key);
        }
        plain.predicate = plain.predicate.as_deref().map(expression_key);
        plain
    };
    plain(old) == plain(new)
}

/// An expression in which `(x AT TIME ZONE z)` is the function that it calls, `timezone(z, x)`.
fn expression_key(text: &str) -> String {
    let words: Vec<&str> = Words::new(DialectName::Postgres, text)
        .map(|word| if word.kind == TokenKind::Word && word.is("timezone") { "timezone" } else { word.text })
        .collect();
    zoned(&words)
}

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
    use super::{default_key, displayed, expression_key, type_key};
    use crate::DialectName::{Postgres, Sqlite};
    use crate::schema::{Column, DefaultValue, PrimaryKey, Table};

    fn default(of: crate::DialectName, data_type: &str, sql: &str) -> Option<String> {
        let default = Some(DefaultValue::Sql(sql.into()));
        default_key(of, &Column { default, ..Column::new("a", data_type) })
    }

    #[test]
    fn spelling_is_no_difference_on_sqlite() {
        let key = |data_type: &str| type_key(Sqlite, &Table::default(), &Column::new("a", data_type));
        for (a, b) in
            [("int", "INTEGER"), ("varchar(50)", "VARCHAR(50)"), ("NUMERIC(10, 2)", "numeric(10,2)")]
        {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_ne!(key("VARCHAR(5)"), key("VARCHAR(50)"));
        let numbered = Table {
            primary_key: Some(PrimaryKey { columns: vec!["a".into()], ..PrimaryKey::default() }),
            ..Table::default()
        };
        let key = |data_type: &str| type_key(Sqlite, &numbered, &Column::new("a", data_type));
        assert_ne!(key("INT"), key("INTEGER"), "only one of them is the row's own number");
        let default = |sql: &str| default(Sqlite, "", sql);
        assert_eq!(default("false"), default("FALSE"));
        assert_eq!(default("+1"), default("1"));
        assert_ne!(default("'a'"), default("'A'"));
        assert_ne!(default("1"), default("-1"));
    }

    #[test]
    fn a_constant_of_the_columns_own_type_is_the_plain_constant() {
        let default = |sql: &str| default(Postgres, "numeric(10,2)", sql);
        assert_eq!(default("'0'::numeric"), default("0"));
        assert_eq!(default("'-3'::numeric"), default("(-3)"));
        assert_ne!(default("'0'::text"), default("0"));
        assert_ne!(default("'1'::numeric"), default("'2'::numeric"));
        let array = |sql: &str| self::default(Postgres, "text[]", sql);
        assert_eq!(array("ARRAY[]::text[]"), array("'{}'::text[]"));
        assert_ne!(array("ARRAY['a'::text]"), array("'{}'::text[]"));
        assert_ne!(self::default(Postgres, "text", "'0'::text"), self::default(Postgres, "text", "0"));
    }

    #[test]
    fn a_time_zone_is_a_call() {
        let key = expression_key;
        assert_eq!(
            key("date_trunc('day'::text, (ts AT TIME ZONE 'utc'::text))"),
            key("date_trunc('day'::text, timezone('utc'::text, ts))")
        );
        assert_ne!(key("(ts AT TIME ZONE 'utc'::text)"), key("timezone('cet'::text, ts)"));
        assert_ne!(key("(a + b)"), key("(b + a)"));
        assert_ne!(key("lower(a)"), key("upper(a)"));
    }

    #[test]
    fn a_width_is_for_show() {
        assert_eq!(displayed("int(10)"), displayed("int(11)"));
        assert_eq!(displayed("bigint(20) unsigned"), "bigint unsigned");
        assert_ne!(displayed("int(10) unsigned zerofill"), displayed("int(11) unsigned zerofill"));
        assert_ne!(displayed("tinyint(1)"), displayed("tinyint(4)"));
        assert_ne!(displayed("varchar(10)"), displayed("varchar(11)"));
    }
}
