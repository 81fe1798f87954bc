//! A client's parameters as the server gets them: as text, which the server's own input functions read, so that nothing
//! is lost on the way; bytes as they are.

use crate::{Array, Value};
use bytes::BytesMut;
use std::error::Error;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter<'a>(pub(super) &'a Value);

/// The type that the server is told; [`Type::UNKNOWN`] where it works that out by itself, as of a quoted literal.
pub(super) fn type_of(value: &Value) -> Type {
    match value {
        Value::Null | Value::Text(_) | Value::Json(_) | Value::Other { .. } => Type::UNKNOWN,
        Value::Boolean(_) => Type::BOOL,
        Value::Integer(number) if i32::try_from(*number).is_ok() => Type::INT4,
        Value::Integer(_) => Type::INT8,
        Value::Unsigned(_) | Value::Decimal(_) => Type::NUMERIC,
        Value::Real(_) => Type::FLOAT8,
        Value::Bytes(_) => Type::BYTEA,
        Value::Date(_) => Type::DATE,
        Value::Time(text) if has_offset(text) => Type::TIMETZ,
        Value::Time(_) => Type::TIME,
        Value::Timestamp(_) => Type::TIMESTAMP,
        Value::TimestampTz(_) => Type::TIMESTAMPTZ,
        Value::Interval(_) => Type::INTERVAL,
        Value::Uuid(_) => Type::UUID,
        Value::Array(array) => array_of(&element(array)),
    }
}

fn has_offset(time: &str) -> bool {
    time.bytes().skip(1).any(|c| matches!(c, b'+' | b'-' | b'Z' | b'z'))
}

/// The type that all elements have; a wide integer makes them all wide.
fn element(array: &Array) -> Type {
    let mut found = None;
    for value in &array.elements {
        let one = match value {
            Value::Null => continue,
            Value::Array(inner) => element(inner),
            value => type_of(value),
        };
        found = Some(match found {
            None => one,
            Some(before) if before == one => one,
            Some(Type::INT4 | Type::INT8) if matches!(one, Type::INT4 | Type::INT8) => Type::INT8,
            Some(_) => return Type::UNKNOWN,
        });
    }
    found.unwrap_or(Type::UNKNOWN)
}

fn array_of(element: &Type) -> Type {
    match *element {
        Type::BOOL => Type::BOOL_ARRAY,
        Type::INT4 => Type::INT4_ARRAY,
        Type::INT8 => Type::INT8_ARRAY,
        Type::NUMERIC => Type::NUMERIC_ARRAY,
        Type::FLOAT8 => Type::FLOAT8_ARRAY,
        Type::BYTEA => Type::BYTEA_ARRAY,
        Type::DATE => Type::DATE_ARRAY,
        Type::TIMETZ => Type::TIMETZ_ARRAY,
        Type::TIME => Type::TIME_ARRAY,
        Type::TIMESTAMP => Type::TIMESTAMP_ARRAY,
        Type::TIMESTAMPTZ => Type::TIMESTAMPTZ_ARRAY,
        Type::INTERVAL => Type::INTERVAL_ARRAY,
        Type::UUID => Type::UUID_ARRAY,
        _ => Type::UNKNOWN,
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bytes(bytes) => out.extend_from_slice(bytes),
            Value::Array(array) => {
                let mut text = String::new();
                bounds(array, &mut text);
                write_array(array, &mut text);
                out.extend_from_slice(text.as_bytes());
            }
            value => out.extend_from_slice(value.text().unwrap_or_default().as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, ty: &Type) -> Format {
        match self.0 {
            // Where the server takes it for something else, that something's binary form is the client's affair.
            Value::Bytes(_) if *ty != Type::UNKNOWN => Format::Binary,
            _ => Format::Text,
        }
    }

    to_sql_checked!();
}

/// `[0:2]=`, where an array does not begin at 1.
fn bounds(array: &Array, out: &mut String) {
    if array.lower_bounds.is_empty() {
        return;
    }
    let mut inner = Some(array);
    for low in &array.lower_bounds {
        let length = inner.map_or(0, |array| array.elements.len());
        let high = i64::from(*low) + length as i64 - 1;
        out.push_str(&format!("[{low}:{high}]"));
        inner = inner.and_then(|array| match array.elements.first() {
            Some(Value::Array(next)) => Some(next),
            _ => None,
        });
    }
    out.push('=');
}

/// The text of an array (PostgreSQL's manual, 8.15.6): every element in quotes, so that none is taken for NULL.
fn write_array(array: &Array, out: &mut String) {
    out.push('{');
    for (at, value) in array.elements.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match value {
            Value::Null => out.push_str("NULL"),
            Value::Array(inner) => write_array(inner, out),
            Value::Bytes(bytes) => {
                out.push_str("\"\\\\x");
                out.push_str(&hex::encode(bytes));
                out.push('"');
            }
            value => {
                out.push('"');
                for c in value.text().unwrap_or_default().chars() {
                    if matches!(c, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push('"');
            }
        }
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::{Parameter, type_of};
    use crate::{Array, Value};
    use bytes::BytesMut;
    use tokio_postgres::types::{ToSql as _, Type};

    fn text(value: &Value) -> String {
        let mut out = BytesMut::new();
        Parameter(value).to_sql(&Type::UNKNOWN, &mut out).expect("it can be written");
        String::from_utf8(out.to_vec()).expect("text")
    }

    fn array(elements: Vec<Value>) -> Value {
        Value::Array(Array { elements, ..Array::default() })
    }

    #[test]
    fn arrays_are_written_as_the_manual_says() {
        let words = ["NULL", "a\"b", "c\\d", "{}", "", "e,f"].map(|w| Value::Text(w.into()));
        let written = text(&array([&words[..], &[Value::Null]].concat()));
        assert_eq!(written, r#"{"NULL","a\"b","c\\d","{}","","e,f",NULL}"#);
        let inner = |n| array(vec![Value::Integer(n), Value::Integer(n + 1)]);
        assert_eq!(text(&array(vec![inner(1), inner(3)])), r#"{{"1","2"},{"3","4"}}"#);
        let shifted = Array { elements: vec![inner(1), inner(3)], lower_bounds: vec![0, -1] };
        assert_eq!(text(&Value::Array(shifted)), r#"[0:1][-1:0]={{"1","2"},{"3","4"}}"#);
        assert_eq!(text(&array(vec![Value::Bytes(vec![0, 255])])), r#"{"\\x00ff"}"#);
    }

    #[test]
    fn types_are_told_where_they_are_certain() {
        let wide = Value::Integer(1 << 40);
        assert_eq!(type_of(&Value::Integer(7)), Type::INT4);
        assert_eq!(type_of(&wide), Type::INT8);
        assert_eq!(type_of(&array(vec![Value::Integer(7), Value::Null, wide])), Type::INT8_ARRAY);
        assert_eq!(type_of(&array(vec![Value::Integer(7), Value::Text("x".into())])), Type::UNKNOWN);
        assert_eq!(type_of(&array(vec![])), Type::UNKNOWN);
        assert_eq!(type_of(&Value::Time("07:12:00-01:00".into())), Type::TIMETZ);
        assert_eq!(type_of(&Value::Time("07:12:00".into())), Type::TIME);
    }
}
