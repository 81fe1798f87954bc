//! A part of the model in the wire format of its message (<https://protobuf.dev/programming-guides/encoding/>).

use super::Misfit;
use super::parts::{Elements, Keyed, Nested};
use super::shape::{Field, Kind, Message};
use prost::encoding::encode_varint;
use serde::ser::{Error as _, Impossible, Serialize, Serializer};

const VARINT: u64 = 0;
pub(super) const BYTES: u64 = 2;

/// `value` as the message `shape`.
pub(super) fn bytes<T: Serialize>(shape: &'static Message, value: &T) -> Result<Vec<u8>, Misfit> {
    let mut out = Vec::new();
    value.serialize(Place { out: &mut out, of: Of::Whole(shape) })?;
    Ok(out)
}

/// Where a value goes.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// Into a message that nothing holds.
    Whole(&'static Message),
    /// Into a field: all of it.
    Field(&'static Field),
    /// Into a repeated field: one of its elements.
    Element(&'static Field),
}

pub(super) struct Place<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) of: Of,
}

/// A message that is being written; `from` is where it begins, unless nothing holds it.
pub(super) struct Body<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) shape: &'static Message,
    pub(super) from: Option<usize>,
    /// The field of the next value: of a key that was written, or the next of a tuple.
    pub(super) field: Option<&'static Field>,
    pub(super) position: usize,
}

impl<'o> Place<'o> {
    fn misfit(&self, what: &str) -> Misfit {
        match self.of {
            Of::Whole(shape) => Misfit::custom(format_args!("{} cannot hold {what}", shape.name)),
            Of::Field(field) | Of::Element(field) => {
                Misfit::custom(format_args!("it cannot hold {what}")).inside(&field.name)
            }
        }
    }

    /// The message that is wanted here.
    fn shape(&self) -> Option<&'static Message> {
        match self.of {
            Of::Whole(shape) => Some(shape),
            Of::Field(field) if field.repeated => None,
            Of::Field(field) | Of::Element(field) => field.message(),
        }
    }

    /// Begins the message that is wanted here.
    fn open(self, what: &str) -> Result<Body<'o>, Misfit> {
        let Some(shape) = self.shape() else { return Err(self.misfit(what)) };
        let from = match self.of {
            Of::Whole(_) => None,
            Of::Field(field) | Of::Element(field) => {
                tag(self.out, field, BYTES);
                Some(self.out.len())
            }
        };
        Ok(Body { out: self.out, shape, from, field: None, position: 0 })
    }

    /// A value without parts: of the field itself, or of the first of its kind where the message is a choice.
    fn plain(self, kind: Kind, what: &str, write: impl FnOnce(&mut Vec<u8>, &Field)) -> Result<(), Misfit> {
        match self.of {
            Of::Field(field) if field.kind == kind && !field.repeated => write(self.out, field),
            Of::Element(field) if field.kind == kind => write(self.out, field),
            _ => {
                let choice = self.shape().filter(|shape| shape.is_choice);
                let Some(field) = choice.and_then(|shape| shape.fields.iter().find(|f| f.kind == kind))
                else {
                    return Err(self.misfit(what));
                };
                let body = self.open(what)?;
                write(body.out, field);
                body.close();
            }
        }
        Ok(())
    }
}

impl<'o> Body<'o> {
    pub(super) fn close(self) {
        close(self.out, self.from);
    }

    pub(super) fn field(&self, name: &str) -> Result<&'static Field, Misfit> {
        let none = || Misfit::custom(format_args!("{} has no field {name}", self.shape.name));
        self.shape.field(name).ok_or_else(none)
    }

    pub(super) fn put<T: Serialize + ?Sized>(
        &mut self,
        field: &'static Field,
        value: &T,
    ) -> Result<(), Misfit> {
        value.serialize(Place { out: self.out, of: Of::Field(field) })
    }

    pub(super) fn put_next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        let none = || Misfit::custom(format_args!("{} has too few fields", self.shape.name));
        let field = self.shape.fields.get(self.position).ok_or_else(none)?;
        self.position += 1;
        self.put(field, value)
    }
}

/// Puts its length in front of a message that began at `from`.
pub(super) fn close(out: &mut Vec<u8>, from: Option<usize>) {
    let Some(from) = from else { return };
    let mut length = Vec::with_capacity(5);
    encode_varint((out.len() - from) as u64, &mut length);
    out.splice(from..from, length);
}

pub(super) fn tag(out: &mut Vec<u8>, field: &Field, wire: u64) {
    encode_varint(u64::from(field.number) << 3 | wire, out);
}

pub(super) fn text(out: &mut Vec<u8>, number: u32, value: &str) {
    encode_varint(u64::from(number) << 3 | BYTES, out);
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Misfit> {
            let number = i64::try_from(value).map_err(Misfit::custom)?;
            // A negative number has its sign in all ten bytes, in fields of 32 bits too.
            self.plain(Kind::Int, "a whole number", |out, field| {
                tag(out, field, VARINT);
                encode_varint(number.cast_unsigned(), out);
            })
        }
    )*};
}

macro_rules! refused {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, _: $type) -> Result<(), Misfit> {
            Err(self.misfit(concat!("what came by ", stringify!($method))))
        }
    )*};
}

impl<'o> Serializer for Place<'o> {
    type Ok = ();
    type Error = Misfit;
    type SerializeSeq = Elements<'o>;
    type SerializeTuple = Body<'o>;
    type SerializeTupleStruct = Impossible<(), Misfit>;
    type SerializeTupleVariant = Nested<'o>;
    type SerializeMap = Keyed<'o>;
    type SerializeStruct = Body<'o>;
    type SerializeStructVariant = Nested<'o>;

    fn serialize_bool(self, value: bool) -> Result<(), Misfit> {
        self.plain(Kind::Bool, "true or false", |out, field| {
            tag(out, field, VARINT);
            out.push(u8::from(value));
        })
    }

    whole_numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    }

    refused! { serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_bytes: &[u8] }

    fn serialize_str(self, value: &str) -> Result<(), Misfit> {
        self.plain(Kind::Text, "text", |out, field| text(out, field.number, value))
    }

    /// What is not set is not written; in a list it is a choice of which nothing is chosen.
    fn serialize_none(self) -> Result<(), Misfit> {
        if let Of::Element(_) = self.of {
            self.open("nothing")?.close();
        }
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Misfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Misfit> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Misfit> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Misfit> {
        let (Of::Field(field) | Of::Element(field)) = self.of else { return Err(self.misfit(variant)) };
        let words = field.choices().into_iter().flat_map(|choices| &choices.words);
        let Some((number, _)) = words.into_iter().find(|(_, word)| *word == variant) else {
            return Err(self.misfit(variant));
        };
        tag(self.out, field, VARINT);
        encode_varint(*number, self.out);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Misfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Misfit> {
        let mut body = self.open(variant)?;
        let field = body.field(variant)?;
        body.put(field, value)?;
        body.close();
        Ok(())
    }

    /// A list is a repeated field; a list in a list is a message with one.
    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'o>, Misfit> {
        if let Of::Field(field) = self.of
            && field.repeated
        {
            return Ok(Elements { out: self.out, from: None, field, index: 0 });
        }
        let body = self.open("a list")?;
        let none = || Misfit::custom(format_args!("{} holds no list", body.shape.name));
        let field = body.shape.fields.first().filter(|field| field.repeated).ok_or_else(none)?;
        Ok(Elements { out: body.out, from: body.from, field, index: 0 })
    }

    fn serialize_tuple(self, _: usize) -> Result<Body<'o>, Misfit> {
        self.open("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Misfit> {
        Err(self.misfit(name))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nested<'o>, Misfit> {
        self.nested(variant)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Keyed<'o>, Misfit> {
        match self.of {
            Of::Field(field) if field.kind == Kind::Map => {
                Ok(Keyed::Texts { out: self.out, field, key: String::new() })
            }
            _ => Ok(Keyed::Body(self.open("a map")?)),
        }
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Body<'o>, Misfit> {
        self.open(name)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Nested<'o>, Misfit> {
        self.nested(variant)
    }
}

impl<'o> Place<'o> {
    /// The message of a variant, within that of the choice.
    fn nested(self, variant: &'static str) -> Result<Nested<'o>, Misfit> {
        let Body { out, shape, from, .. } = self.open(variant)?;
        let none = || Misfit::custom(format_args!("{} has no field {variant}", shape.name));
        let field = shape.field(variant).ok_or_else(none)?;
        let inner = Place { out, of: Of::Field(field) }.open(variant)?;
        Ok(Nested { inner, outer: from })
    }
}
