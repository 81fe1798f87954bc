//! Values of PostgreSQL's binary format in our words.

mod moment;
mod numeric;

use crate::{Array, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, Type};

/// The bytes of a cell.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Whether values of a type can be read from the binary format; of the others we ask for the text.
pub(super) fn is_readable(ty: &Type) -> bool {
    match ty.kind() {
        Kind::Enum(_) => true,
        Kind::Array(inner) => is_readable(inner),
        _ => matches!(
            *ty,
            Type::BOOL
                | Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::OID
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::NUMERIC
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
                | Type::CHAR
                | Type::UNKNOWN
                | Type::XML
                | Type::PG_NODE_TREE
                | Type::VOID
                | Type::JSON
                | Type::JSONB
                | Type::BYTEA
                | Type::UUID
                | Type::DATE
                | Type::TIME
                | Type::TIMETZ
                | Type::TIMESTAMP
                | Type::TIMESTAMPTZ
                | Type::INTERVAL
        ),
    }
}

/// A row's values. `None` for one that is not what its type says.
pub(super) fn row(row: &Row) -> Option<Vec<Value>> {
    let of = |(at, column): (usize, &tokio_postgres::Column)| match row.try_get::<_, Raw<'_>>(at).ok()? {
        Raw(None) => Some(Value::Null),
        Raw(Some(bytes)) => value(column.type_(), bytes),
    };
    row.columns().iter().enumerate().map(of).collect()
}

fn value(ty: &Type, bytes: &[u8]) -> Option<Value> {
    if let Kind::Array(inner) = ty.kind() {
        return array(inner, bytes);
    }
    let text = || String::from_utf8(bytes.to_vec()).ok();
    Some(match *ty {
        Type::BOOL => Value::Boolean(bytes.first()? != &0),
        Type::INT2 => Value::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT4 => Value::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::INT8 => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        Type::OID => Value::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT4 => Value::Real(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        Type::FLOAT8 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        Type::NUMERIC => Value::Decimal(numeric::text(bytes)?),
        // A byte of its own: 0 stands for the empty text.
        Type::CHAR => match bytes {
            [0] | [] => Value::Text(String::new()),
            [c] if c.is_ascii() => Value::Text(char::from(*c).into()),
            [c] => Value::Text(format!("\\{c:o}")),
            _ => return None,
        },
        Type::JSON => Value::Json(text()?),
        // The first byte is the version of the format.
        Type::JSONB => Value::Json(String::from_utf8(bytes.get(1..)?.to_vec()).ok()?),
        Type::BYTEA => Value::Bytes(bytes.to_vec()),
        Type::UUID => Value::Uuid(uuid(bytes)?),
        Type::DATE => Value::Date(moment::date(i32::from_be_bytes(bytes.try_into().ok()?))),
        Type::TIME => Value::Time(moment::time(i64::from_be_bytes(bytes.try_into().ok()?))),
        Type::TIMETZ => {
            let (time, zone) = bytes.split_first_chunk::<8>()?;
            let offset = i32::from_be_bytes(zone.try_into().ok()?);
            Value::Time(moment::time_tz(i64::from_be_bytes(*time), offset))
        }
        Type::TIMESTAMP => {
            Value::Timestamp(moment::timestamp(i64::from_be_bytes(bytes.try_into().ok()?), ""))
        }
        Type::TIMESTAMPTZ => {
            Value::TimestampTz(moment::timestamp(i64::from_be_bytes(bytes.try_into().ok()?), "+00:00"))
        }
        Type::INTERVAL => {
            let (micros, rest) = bytes.split_first_chunk::<8>()?;
            let (days, months) = rest.split_first_chunk::<4>()?;
            let months = i32::from_be_bytes(months.try_into().ok()?);
            Value::Interval(moment::interval(months, i32::from_be_bytes(*days), i64::from_be_bytes(*micros)))
        }
        _ => Value::Text(text()?),
    })
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let all = hex::encode(<&[u8; 16]>::try_from(bytes).ok()?);
    Some(format!("{}-{}-{}-{}-{}", &all[..8], &all[8..12], &all[12..16], &all[16..20], &all[20..]))
}

fn number(bytes: &mut &[u8]) -> Option<i32> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*first))
}

/// Dimensions, whether there are NULLs, the element's type; of each dimension length and first index; the elements, each
/// with its length.
fn array(inner: &Type, mut bytes: &[u8]) -> Option<Value> {
    let dimensions = usize::try_from(number(&mut bytes)?).ok()?;
    number(&mut bytes)?;
    number(&mut bytes)?;
    let (mut lengths, mut lows) = (Vec::new(), Vec::new());
    for _ in 0..dimensions {
        lengths.push(usize::try_from(number(&mut bytes)?).ok()?);
        lows.push(number(&mut bytes)?);
    }
    let elements = match lengths.is_empty() {
        true => Vec::new(),
        false => elements(inner, &lengths, &mut bytes)?,
    };
    let lower_bounds = if lows.iter().all(|low| *low == 1) { Vec::new() } else { lows };
    Some(Value::Array(Array { elements, lower_bounds }))
}

fn elements(inner: &Type, lengths: &[usize], bytes: &mut &[u8]) -> Option<Vec<Value>> {
    let (length, deeper) = lengths.split_first()?;
    let mut all = Vec::new();
    for _ in 0..*length {
        all.push(match deeper {
            [] => match usize::try_from(number(bytes)?) {
                Err(_) => Value::Null,
                Ok(size) => {
                    let (one, rest) = bytes.split_at_checked(size)?;
                    *bytes = rest;
                    value(inner, one)?
                }
            },
            deeper => {
                let elements = elements(inner, deeper, bytes)?;
                Value::Array(Array { elements, lower_bounds: Vec::new() })
            }
        });
    }
    Some(all)
}
