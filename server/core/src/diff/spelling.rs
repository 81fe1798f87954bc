//! SQLite keeps what it was told, letter by letter: types and defaults that only differ in their spelling are alike.
//!
//! The other engines print a spelling of their own.

use crate::schema::{Column, DefaultValue, Schema};
use std::borrow::Cow;

/// Gives what is alike in `to` the spelling of `from`.
pub(super) fn settle(from: &Schema, to: &mut Cow<'_, Schema>) {
    let alike = |old: &Column, new: &Column| {
        (old.data_type != new.data_type && type_key(&old.data_type) == type_key(&new.data_type))
            || (old.default != new.default && default_key(old) == default_key(new))
    };
    for table in &from.tables {
        for old in &table.columns {
            let new = to.tables.get(&table.name).and_then(|table| table.column(&old.name));
            if !new.is_some_and(|new| alike(old, new)) {
                continue;
            }
            let column = to
                .to_mut()
                .tables
                .get_mut(&table.name)
                .and_then(|table| table.columns.iter_mut().find(|column| column.name == old.name));
            let Some(new) = column else { continue };
            if type_key(&old.data_type) == type_key(&new.data_type) {
                new.data_type.clone_from(&old.data_type);
            }
            if default_key(old) == default_key(new) {
                new.default.clone_from(&old.default);
            }
        }
    }
}

/// A type without its case and white space; `INT` and `INTEGER` are one.
fn type_key(data_type: &str) -> String {
    let key: String =
        data_type.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    if key == "INT" { "INTEGER".to_owned() } else { key }
}

/// A default whose keyword has no case, and whose sign is only there where it says something.
fn default_key(column: &Column) -> Option<String> {
    let DefaultValue::Sql(sql) = column.default.as_ref()? else {
        return Some(format!("{:?}", column.default));
    };
    let word = sql.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    Some(if word { sql.to_ascii_uppercase() } else { sql.trim_start_matches('+').to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{default_key, type_key};
    use crate::schema::{Column, DefaultValue};

    #[test]
    fn spelling_is_no_difference() {
        for (a, b) in
            [("int", "INTEGER"), ("varchar(50)", "VARCHAR(50)"), ("NUMERIC(10, 2)", "numeric(10,2)")]
        {
            assert_eq!(type_key(a), type_key(b), "{a} {b}");
        }
        assert_ne!(type_key("VARCHAR(5)"), type_key("VARCHAR(50)"));
        let default = |sql: &str| {
            default_key(&Column { default: Some(DefaultValue::Sql(sql.into())), ..Column::new("a", "") })
        };
        assert_eq!(default("false"), default("FALSE"));
        assert_eq!(default("+1"), default("1"));
        assert_ne!(default("'a'"), default("'A'"));
        assert_ne!(default("1"), default("-1"));
    }
}
