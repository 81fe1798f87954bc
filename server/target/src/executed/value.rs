//! Values that travel to and from a client.

/// A value, exactly as the database has it or is to get it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// Up to 64 bits.
    Integer(i64),
    /// Above what [`Value::Integer`] holds.
    Unsigned(u64),
    /// Floating point.
    Real(f64),
    /// Digits.
    Decimal(String),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// `2026-11-21`.
    Date(String),
    /// `07:12:00.5`, with an offset where the type has one.
    Time(String),
    /// `2026-11-21 07:12:00.5`.
    Timestamp(String),
    /// The same with an offset.
    TimestampTz(String),
    /// An ISO 8601 duration.
    Interval(String),
    /// In the usual spelling.
    Uuid(String),
    /// A JSON text.
    Json(String),
    /// Of PostgreSQL.
    Array(Array),
    /// Of a type that is none of these.
    Other {
        /// As the engine's shell shows it.
        text: String,
        /// The type.
        type_name: String,
    },
}

/// A PostgreSQL array.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Its elements: arrays again in one of several dimensions.
    pub elements: Vec<Value>,
    /// The first index of each dimension, where one of them is not 1.
    pub lower_bounds: Vec<i32>,
}

impl Value {
    /// About how many bytes it has.
    pub fn size(&self) -> usize {
        8 + match self {
            Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::Unsigned(_) | Value::Real(_) => 0,
            Value::Decimal(text)
            | Value::Text(text)
            | Value::Date(text)
            | Value::Time(text)
            | Value::Timestamp(text)
            | Value::TimestampTz(text)
            | Value::Interval(text)
            | Value::Uuid(text)
            | Value::Json(text)
            | Value::Other { text, .. } => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Array(array) => array.elements.iter().map(Value::size).sum(),
        }
    }

    /// Its text, where it is sent as one; `None` for NULL, bytes and arrays.
    pub(crate) fn text(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some(match self {
            Value::Null | Value::Bytes(_) | Value::Array(_) => return None,
            Value::Boolean(true) => "true".into(),
            Value::Boolean(false) => "false".into(),
            Value::Integer(number) => number.to_string().into(),
            Value::Unsigned(number) => number.to_string().into(),
            Value::Real(number) => real(*number).into(),
            Value::Decimal(text)
            | Value::Text(text)
            | Value::Date(text)
            | Value::Time(text)
            | Value::Timestamp(text)
            | Value::TimestampTz(text)
            | Value::Interval(text)
            | Value::Uuid(text)
            | Value::Json(text)
            | Value::Other { text, .. } => text.as_str().into(),
        })
    }
}

/// The shortest digits that give the same number again.
fn real(number: f64) -> String {
    match number {
        n if n.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        n => format!("{n:e}"),
    }
}
