//! Values of MySQL and MariaDB in our words, and a client's parameters in theirs.

use crate::{ResultColumn, TargetError, Value};
use migrated_core::Code;
use sqlx::mysql::{MySql, MySqlArguments, MySqlColumn, MySqlRow};
use sqlx::{Arguments as _, Column as _, Row as _, Type, TypeInfo as _, ValueRef as _};

/// Types by their names, with the number that the protocol has for them.
const TYPES: [(&str, u32); 24] = [
    ("TINYINT", 1),
    ("SMALLINT", 2),
    ("INT", 3),
    ("FLOAT", 4),
    ("DOUBLE", 5),
    ("NULL", 6),
    ("TIMESTAMP", 7),
    ("BIGINT", 8),
    ("MEDIUMINT", 9),
    ("DATE", 10),
    ("TIME", 11),
    ("DATETIME", 12),
    ("YEAR", 13),
    ("BIT", 16),
    ("JSON", 245),
    ("DECIMAL", 246),
    ("ENUM", 247),
    ("SET", 248),
    ("TINYTEXT", 249),
    ("MEDIUMTEXT", 250),
    ("LONGTEXT", 251),
    ("TEXT", 252),
    ("VARCHAR", 253),
    ("CHAR", 254),
];

/// The name of a column's type. The driver takes a binary collation for bytes; what is text is text.
fn type_name(column: &MySqlColumn) -> &'static str {
    let ty = column.type_info();
    let text = <str as Type<MySql>>::compatible(ty);
    match ty.name() {
        "BOOLEAN" => "TINYINT",
        "BINARY" if text => "CHAR",
        "VARBINARY" if text => "VARCHAR",
        "TINYBLOB" if text => "TINYTEXT",
        "BLOB" if text => "TEXT",
        "MEDIUMBLOB" if text => "MEDIUMTEXT",
        "LONGBLOB" if text => "LONGTEXT",
        "CHAR" if !text => "BINARY",
        "VARCHAR" if !text => "VARBINARY",
        "TINYTEXT" if !text => "TINYBLOB",
        "TEXT" if !text => "BLOB",
        "MEDIUMTEXT" if !text => "MEDIUMBLOB",
        "LONGTEXT" if !text => "LONGBLOB",
        // The driver's names are all of these; none is made while it runs.
        name => KNOWN.iter().find(|known| **known == name).copied().unwrap_or("UNKNOWN"),
    }
}

const KNOWN: [&str; 36] = [
    "TINYINT",
    "TINYINT UNSIGNED",
    "SMALLINT",
    "SMALLINT UNSIGNED",
    "MEDIUMINT",
    "MEDIUMINT UNSIGNED",
    "INT",
    "INT UNSIGNED",
    "BIGINT",
    "BIGINT UNSIGNED",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "NULL",
    "DATE",
    "TIME",
    "DATETIME",
    "TIMESTAMP",
    "YEAR",
    "BIT",
    "JSON",
    "ENUM",
    "SET",
    "GEOMETRY",
    "CHAR",
    "VARCHAR",
    "TINYTEXT",
    "TEXT",
    "MEDIUMTEXT",
    "LONGTEXT",
    "BINARY",
    "VARBINARY",
    "TINYBLOB",
    "BLOB",
    "MEDIUMBLOB",
    "LONGBLOB",
];

/// A column, as a client is told of it.
pub(super) fn column(column: &MySqlColumn) -> ResultColumn {
    let type_name = type_name(column);
    let plain = match type_name.trim_end_matches(" UNSIGNED") {
        "BINARY" => "CHAR",
        "VARBINARY" => "VARCHAR",
        "TINYBLOB" => "TINYTEXT",
        "BLOB" => "TEXT",
        "MEDIUMBLOB" => "MEDIUMTEXT",
        "LONGBLOB" => "LONGTEXT",
        plain => plain,
    };
    let type_code = match plain {
        "GEOMETRY" => 255,
        plain => TYPES.iter().find(|(name, _)| *name == plain).map_or(0, |(_, code)| *code),
    };
    ResultColumn { name: column.name().to_owned(), type_name: type_name.to_owned(), type_code }
}

/// A row's values. `prepared` says which of the two formats it came in.
pub(super) fn values(row: &MySqlRow, prepared: bool) -> Result<Vec<Value>, sqlx::Error> {
    let of = |(at, column): (usize, &MySqlColumn)| {
        let bytes = || row.try_get_unchecked::<Vec<u8>, _>(at);
        // The driver takes the zero date for NULL, too; what is NULL has no bytes.
        if row.try_get_raw(at)?.is_null() && bytes().is_err() {
            return Ok(Value::Null);
        }
        let text = || bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let moment = |read: fn(&[u8]) -> Option<String>| match prepared {
            true => bytes().map(|bytes| read(&bytes).unwrap_or_default()),
            false => text(),
        };
        Ok(match type_name(column) {
            "BIGINT UNSIGNED" => {
                let number: u64 = row.try_get_unchecked(at)?;
                i64::try_from(number).map_or(Value::Unsigned(number), Value::Integer)
            }
            "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "YEAR" => {
                let number: u32 = row.try_get_unchecked(at)?;
                Value::Integer(number.into())
            }
            "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
                Value::Integer(row.try_get_unchecked(at)?)
            }
            "FLOAT" => Value::Real(row.try_get_unchecked::<f32, _>(at)?.into()),
            "DOUBLE" => Value::Real(row.try_get_unchecked(at)?),
            "DECIMAL" => Value::Decimal(text()?),
            "DATE" => Value::Date(moment(date)?),
            "TIME" => Value::Time(moment(time)?),
            "DATETIME" | "TIMESTAMP" => Value::Timestamp(moment(timestamp)?),
            "JSON" => Value::Json(text()?),
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" => {
                Value::Text(text()?)
            }
            _ => Value::Bytes(bytes()?),
        })
    };
    row.columns().iter().enumerate().map(of).collect()
}

/// The binary format of dates and times: a length, then as many parts as are not zero.
fn parts(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first()?;
    rest.get(..usize::from(*length))
}

fn date(bytes: &[u8]) -> Option<String> {
    let parts = parts(bytes)?;
    let [low, high, month, day] = *parts.first_chunk::<4>().unwrap_or(&[0; 4]);
    Some(format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([low, high])))
}

fn timestamp(bytes: &[u8]) -> Option<String> {
    let parts = parts(bytes)?;
    let [hour, minute, second] = parts.get(4..7).and_then(|p| p.try_into().ok()).unwrap_or([0; 3]);
    let micros = parts.get(7..11).and_then(|p| p.try_into().ok()).map_or(0, u32::from_le_bytes);
    Some(format!("{} {hour:02}:{minute:02}:{second:02}{}", date(bytes)?, fraction(micros)))
}

fn time(bytes: &[u8]) -> Option<String> {
    let parts = parts(bytes)?;
    let sign = if parts.first() == Some(&1) { "-" } else { "" };
    let days = parts.get(1..5).and_then(|p| p.try_into().ok()).map_or(0, u32::from_le_bytes);
    let [hour, minute, second] = parts.get(5..8).and_then(|p| p.try_into().ok()).unwrap_or([0; 3]);
    let micros = parts.get(8..12).and_then(|p| p.try_into().ok()).map_or(0, u32::from_le_bytes);
    let hours = days * 24 + u32::from(hour);
    Some(format!("{sign}{hours:02}:{minute:02}:{second:02}{}", fraction(micros)))
}

fn fraction(micros: u32) -> String {
    match micros {
        0 => String::new(),
        micros => format!(".{}", format!("{micros:06}").trim_end_matches('0')),
    }
}

/// A set of parameters for a statement with so many places.
///
/// # Errors
/// [`Code::InvalidRequest`] for another number of them, and for arrays.
pub(super) fn arguments(set: &[Value], places: usize) -> Result<MySqlArguments, TargetError> {
    let refused = |message: String| TargetError::new(Code::InvalidRequest, message);
    if set.len() != places {
        return Err(refused(format!(
            "the statement has {places} placeholders, and {} parameters came",
            set.len()
        )));
    }
    let mut arguments = MySqlArguments::default();
    for value in set {
        let added = match value {
            Value::Null => arguments.add(None::<String>),
            Value::Boolean(it) => arguments.add(i64::from(*it)),
            Value::Integer(it) => arguments.add(*it),
            Value::Unsigned(it) => arguments.add(*it),
            Value::Real(it) => arguments.add(*it),
            Value::Bytes(it) => arguments.add(it.clone()),
            Value::Array(_) => return Err(refused("MySQL and MariaDB have no arrays".to_owned())),
            value => arguments.add(value.text().unwrap_or_default().into_owned()),
        };
        added.map_err(|e| refused(format!("a parameter cannot be sent: {e}")))?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::{date, time, timestamp};

    #[test]
    fn what_is_zero_is_left_out_by_the_server() {
        assert_eq!(date(&[4, 0xEA, 7, 11, 21]).as_deref(), Some("2026-11-21"));
        assert_eq!(date(&[0]).as_deref(), Some("0000-00-00"));
        assert_eq!(timestamp(&[4, 0xEA, 7, 11, 21]).as_deref(), Some("2026-11-21 00:00:00"));
        assert_eq!(timestamp(&[7, 0xEA, 7, 11, 21, 7, 12, 1]).as_deref(), Some("2026-11-21 07:12:01"));
        let micros = [11, 0xEA, 7, 11, 21, 7, 12, 1, 0x20, 0xA1, 7, 0];
        assert_eq!(timestamp(&micros).as_deref(), Some("2026-11-21 07:12:01.5"));
        assert_eq!(time(&[0]).as_deref(), Some("00:00:00"));
        assert_eq!(time(&[8, 1, 34, 0, 0, 0, 22, 59, 59]).as_deref(), Some("-838:59:59"));
        assert_eq!(date(&[4, 1]), None);
    }
}
