//! A message taken apart into the values of its fields (<https://protobuf.dev/programming-guides/encoding/>).

use super::Misfit;
use super::shape::{Field, Kind, Message};
use prost::encoding::decode_varint;
use serde::de::Error as _;

/// A value as it travels.
#[derive(Clone, Copy)]
pub(super) enum Raw<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// The fields of a message, in the order in which they are declared.
pub(super) struct Fields<'b> {
    pub(super) shape: &'static Message,
    /// The values, by the field's place among all.
    pub(super) values: Vec<(usize, Raw<'b>)>,
}

impl<'b> Fields<'b> {
    pub(super) fn new(shape: &'static Message, mut bytes: &'b [u8]) -> Result<Fields<'b>, Misfit> {
        let broken = |e: prost::DecodeError| Misfit::custom(e);
        let mut values = Vec::new();
        while !bytes.is_empty() {
            let tag = decode_varint(&mut bytes).map_err(broken)?;
            let number = u32::try_from(tag >> 3).unwrap_or_default();
            let raw = match tag & 7 {
                0 => Raw::Number(decode_varint(&mut bytes).map_err(broken)?),
                2 => {
                    let length = usize::try_from(decode_varint(&mut bytes).map_err(broken)?);
                    let split = length.ok().and_then(|length| bytes.split_at_checked(length));
                    let (value, rest) = split.ok_or_else(|| Misfit::custom("a value is cut off"))?;
                    bytes = rest;
                    Raw::Bytes(value)
                }
                kind => return Err(Misfit::custom(format_args!("field {number} has the wire type {kind}"))),
            };
            let at = shape.numbered(number);
            let at =
                at.ok_or_else(|| Misfit::custom(format_args!("{} has no field {number}", shape.name)))?;
            values.push((at, raw));
        }
        values.sort_by_key(|(at, _)| *at);
        Ok(Fields { shape, values })
    }

    /// The values of a field.
    pub(super) fn of(&self, at: usize) -> Vec<Raw<'b>> {
        let from = self.values.partition_point(|(of, _)| *of < at);
        self.values[from..].iter().take_while(|(of, _)| *of == at).map(|(_, raw)| *raw).collect()
    }

    /// What was chosen, where the message is a choice.
    pub(super) fn chosen(&self) -> Option<(&'static Field, Raw<'b>)> {
        self.values.last().map(|(at, raw)| (&self.shape.fields[*at], *raw))
    }
}

/// An entry of a map of texts.
pub(super) fn entry(raw: Raw<'_>) -> Result<(&str, &str), Misfit> {
    let Raw::Bytes(mut bytes) = raw else { return Err(Misfit::custom("an entry is no message")) };
    let (mut key, mut value) = ("", "");
    while !bytes.is_empty() {
        let tag = decode_varint(&mut bytes).map_err(Misfit::custom)?;
        let length = decode_varint(&mut bytes).map_err(Misfit::custom)?;
        let split = usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length));
        let (text, rest) = split.ok_or_else(|| Misfit::custom("an entry is cut off"))?;
        bytes = rest;
        let text = std::str::from_utf8(text).map_err(Misfit::custom)?;
        if tag >> 3 == 1 { key = text } else { value = text }
    }
    Ok((key, value))
}

/// The elements of a list; numbers may travel packed together (<https://protobuf.dev/programming-guides/encoding/#packed>).
pub(super) fn elements<'b>(field: &Field, raws: &[Raw<'b>]) -> Result<Vec<Raw<'b>>, Misfit> {
    let packable = matches!(field.kind, Kind::Bool | Kind::Int | Kind::Enum(_));
    let mut all = Vec::with_capacity(raws.len());
    for raw in raws {
        match *raw {
            Raw::Bytes(mut packed) if packable => {
                while !packed.is_empty() {
                    all.push(Raw::Number(decode_varint(&mut packed).map_err(Misfit::custom)?));
                }
            }
            raw => all.push(raw),
        }
    }
    Ok(all)
}
