//! What means the same in another spelling is alike: SQLite keeps what it was told letter by letter, PostgreSQL prints
//! an expression as it was parsed, MySQL tells widths that only some clients look at.
//!
//! Only what can be proved from the text alone is settled here.

use super::expression::alike;
use crate::DialectName;
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
        let mut settled = Table { columns, ..new.clone() };
        if dialect == DialectName::Postgres {
            expressions(old, &mut settled);
        }
        if let Some(new) = (settled != *new).then(|| to.to_mut().tables.get_mut(&old.name)).flatten() {
            *new = settled;
        }
    }
    if dialect == DialectName::Postgres {
        views_and_domains(from, to);
    }
}

/// Gives expressions of a table that are alike the spelling of the old one's.
fn expressions(old: &Table, new: &mut Table) {
    for column in &mut new.columns {
        let was = old.column(&column.name).and_then(|old| old.computed.as_ref());
        if let (Some(was), Some(is)) = (was, &mut column.computed) {
            respell(&was.expr, &mut is.expr);
        }
    }
    for check in &mut new.checks {
        if let Some(was) = old.checks.iter().find(|was| was.name == check.name) {
            respell(&was.expr, &mut check.expr);
        }
    }
    for exclude in &mut new.excludes {
        if let Some(was) = old.excludes.iter().find(|was| was.name == exclude.name) {
            respell_maybe(&was.predicate, &mut exclude.predicate);
        }
    }
    for index in new.indexes.iter_mut() {
        old.indexes.get(&index.name).into_iter().for_each(|was| respell_index(was, index));
    }
    for policy in new.policies.iter_mut() {
        if let Some(was) = old.policies.get(&policy.name) {
            respell_maybe(&was.using, &mut policy.using);
            respell_maybe(&was.check, &mut policy.check);
        }
    }
    for trigger in new.triggers.iter_mut() {
        if let Some(was) = old.triggers.get(&trigger.name) {
            respell(&was.definition, &mut trigger.definition);
        }
    }
}

fn views_and_domains(from: &Schema, to: &mut Cow<'_, Schema>) {
    for old in &from.views {
        let Some(new) = to.views.get(&old.name).filter(|new| *new != old) else { continue };
        let mut settled = new.clone();
        respell(&old.query, &mut settled.query);
        for index in settled.indexes.iter_mut() {
            old.indexes.get(&index.name).into_iter().for_each(|was| respell_index(was, index));
        }
        if let Some(new) = (settled != *new).then(|| to.to_mut().views.get_mut(&old.name)).flatten() {
            *new = settled;
        }
    }
    for old in &from.domains {
        let Some(new) = to.domains.get(&old.name).filter(|new| *new != old) else { continue };
        let mut settled = new.clone();
        for check in &mut settled.checks {
            if let Some(was) = old.checks.iter().find(|was| was.name == check.name) {
                respell(&was.expr, &mut check.expr);
            }
        }
        if let Some(new) = (settled != *new).then(|| to.to_mut().domains.get_mut(&old.name)).flatten() {
            *new = settled;
        }
    }
}

fn respell_index(was: &Index, is: &mut Index) {
    respell_maybe(&was.predicate, &mut is.predicate);
    if was.items.len() == is.items.len() {
        for (was, is) in was.items.iter().zip(&mut is.items) {
            respell_maybe(&was.expr, &mut is.expr);
        }
    }
}

fn respell_maybe(was: &Option<String>, is: &mut Option<String>) {
    if let (Some(was), Some(is)) = (was, is) {
        respell(was, is);
    }
}

fn respell(was: &str, is: &mut String) {
    if alike(was, is) {
        was.clone_into(is);
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

#[cfg(test)]
mod tests {
    use super::{default_key, displayed, type_key};
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
    fn a_width_is_for_show() {
        assert_eq!(displayed("int(10)"), displayed("int(11)"));
        assert_eq!(displayed("bigint(20) unsigned"), "bigint unsigned");
        assert_ne!(displayed("int(10) unsigned zerofill"), displayed("int(11) unsigned zerofill"));
        assert_ne!(displayed("tinyint(1)"), displayed("tinyint(4)"));
        assert_ne!(displayed("varchar(10)"), displayed("varchar(11)"));
    }
}
