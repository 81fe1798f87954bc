//! A message in the wire format as a part of the model.

use super::Misfit;
use super::fields::{Fields, Raw, elements, entry};
use super::shape::{Field, Kind, Message};
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer as _,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// The message `shape` in `bytes` as `T`.
pub(super) fn read<T: DeserializeOwned>(shape: &'static Message, bytes: &[u8]) -> Result<T, Misfit> {
    T::deserialize(Node { of: Of::Message(shape), raws: &[Raw::Bytes(bytes)] })
}

#[derive(Clone, Copy)]
enum Of {
    /// A message that nothing holds.
    Message(&'static Message),
    /// A field: all of it.
    Field(&'static Field),
    /// An element of a repeated field.
    Element(&'static Field),
}

/// What is read: a field, or an element of one. No value at all is the zero of its kind.
#[derive(Clone, Copy)]
struct Node<'r, 'b> {
    of: Of,
    raws: &'r [Raw<'b>],
}

impl<'b> Node<'_, 'b> {
    fn field(&self) -> Option<&'static Field> {
        match self.of {
            Of::Message(_) => None,
            Of::Field(field) | Of::Element(field) => Some(field),
        }
    }

    /// Whether it is a whole list.
    fn list(&self) -> Option<&'static Field> {
        match self.of {
            Of::Field(field) if field.repeated => Some(field),
            _ => None,
        }
    }

    fn shape(&self) -> Option<&'static Message> {
        match self.of {
            Of::Message(shape) => Some(shape),
            Of::Field(field) | Of::Element(field) => field.message(),
        }
    }

    fn fields(&self) -> Result<Fields<'b>, Misfit> {
        let Some(shape) = self.shape() else { return Err(Misfit::custom("it is no message")) };
        match self.raws.last() {
            Some(Raw::Bytes(bytes)) => Fields::new(shape, bytes),
            Some(Raw::Number(_)) => Err(Misfit::custom(format_args!("it is no {}", shape.name))),
            None => Err(Misfit::custom("it is missing")),
        }
    }

    fn number(&self) -> Result<u64, Misfit> {
        match self.raws.last() {
            Some(Raw::Number(number)) => Ok(*number),
            Some(Raw::Bytes(_)) => Err(Misfit::custom("it is no number")),
            None => Ok(0),
        }
    }

    fn text(&self) -> Result<&'b str, Misfit> {
        match self.raws.last() {
            Some(Raw::Bytes(bytes)) => std::str::from_utf8(bytes).map_err(Misfit::custom),
            Some(Raw::Number(_)) => Err(Misfit::custom("it is no text")),
            None => Ok(""),
        }
    }

    /// The word of an enum's value.
    fn word(&self) -> Result<&'static str, Misfit> {
        let choices = self.field().and_then(Field::choices).ok_or_else(|| Misfit::custom("it is no enum"))?;
        let number = self.number()?;
        let word = choices.words.get(&number);
        word.map(String::as_str).ok_or_else(|| {
            let name = choices.name.rsplit('.').next().unwrap_or_default();
            Misfit::custom(match number {
                0 => format!("no {name} is chosen"),
                // The wire has 64 bits for what is a 32-bit number.
                other => format!("{} is no {name}", other.cast_signed()),
            })
        })
    }

    /// What was chosen of a choice: one of its fields must be.
    fn choice(&self) -> Result<(&'static Field, Raw<'b>), Misfit> {
        let fields = self.fields()?;
        fields.chosen().ok_or_else(|| {
            let names: Vec<&str> = fields.shape.fields.iter().map(|field| field.name.as_str()).collect();
            Misfit::custom(format_args!("nothing is chosen of {}", names.join(", ")))
        })
    }

    fn map<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.field() {
            Some(field) if field.kind == Kind::Map => {
                let entries = self.raws.iter().map(|raw| entry(*raw)).collect::<Result<Vec<_>, _>>()?;
                visitor.visit_map(MapDeserializer::new(entries.into_iter()))
            }
            _ => visitor.visit_map(Entries { fields: self.fields()?, at: 0, value: None }),
        }
    }

    fn tuple<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_seq(Positions { fields: self.fields()?, at: 0 })
    }
}

impl<'de> Deserializer<'de> for Node<'_, 'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.list().is_some() {
            return self.deserialize_seq(visitor);
        }
        match self.field().map(|field| field.kind) {
            Some(Kind::Bool) => visitor.visit_bool(self.number()? != 0),
            Some(Kind::Int) => visitor.visit_i64(self.number()?.cast_signed()),
            Some(Kind::Text) => visitor.visit_borrowed_str(self.text()?),
            Some(Kind::Enum(_)) => visitor.visit_borrowed_str(self.word()?),
            Some(Kind::Other) => Err(Misfit::custom("it is no part of the model")),
            // The one thing of several, known by what it is; a message among them has its key.
            _ if self.shape().is_some_and(|shape| shape.is_choice) => {
                let (field, raw) = self.choice()?;
                match field.kind {
                    Kind::Message(_) => self.map(visitor),
                    _ => Node { of: Of::Field(field), raws: &[raw] }.deserialize_any(visitor),
                }
            }
            _ => self.map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let is_choice = self.list().is_none() && self.shape().is_some_and(|shape| shape.is_choice);
        if is_choice && matches!(self.raws.last(), None | Some(Raw::Bytes([]))) {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    /// A list is a repeated field; a list in a list is a message with one.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if let Some(field) = self.list() {
            let raws = elements(field, self.raws)?;
            return visitor.visit_seq(Elements { field, raws: raws.iter(), index: 0 });
        }
        let fields = self.fields()?;
        match fields.shape.fields.first() {
            Some(field) if field.repeated => {
                Node { of: Of::Field(field), raws: &fields.of(0) }.deserialize_seq(visitor)
            }
            _ => Err(Misfit::custom("it is no list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.tuple(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.map(visitor)
    }

    /// A build for tests looks for keys that only the model has; those that only the message has it refuses by itself.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if cfg!(debug_assertions)
            && let Some(shape) = self.shape()
            && let Some(key) = keys.iter().find(|key| shape.field(key).is_none())
        {
            return Err(Misfit::custom(format_args!("{} has no field {key}", shape.name)));
        }
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if self.shape().is_none() {
            return visitor.visit_enum(self.word()?.into_deserializer());
        }
        let (field, raw) = self.choice()?;
        visitor.visit_enum(Chosen { field, raw }).map_err(|misfit| misfit.inside(&field.name))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple_struct identifier
    }
}

struct Elements<'r, 'b> {
    field: &'static Field,
    raws: std::slice::Iter<'r, Raw<'b>>,
    index: usize,
}

impl<'b> SeqAccess<'b> for Elements<'_, 'b> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(raw) = self.raws.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        let node = Node { of: Of::Element(self.field), raws: std::slice::from_ref(raw) };
        seed.deserialize(node).map(Some).map_err(|misfit| misfit.at(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.raws.len())
    }
}

/// The fields of a message by name: those that were set and, as lists cannot be unset, all lists.
struct Entries<'b> {
    fields: Fields<'b>,
    at: usize,
    value: Option<(&'static Field, Vec<Raw<'b>>)>,
}

impl<'b> MapAccess<'b> for Entries<'b> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'b>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        while let Some(field) = self.fields.shape.fields.get(self.at) {
            let raws = self.fields.of(self.at);
            self.at += 1;
            if raws.is_empty() && !field.repeated && field.kind != Kind::Map {
                continue;
            }
            self.value = Some((field, raws));
            return seed.deserialize(BorrowedStrDeserializer::new(&field.name)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'b>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some((field, raws)) = self.value.take() else {
            return Err(Misfit::custom("a value came without its key"));
        };
        let read = seed.deserialize(Node { of: Of::Field(field), raws: &raws });
        read.map_err(|misfit| misfit.inside(&field.name))
    }
}

/// The fields of a message by position.
struct Positions<'b> {
    fields: Fields<'b>,
    at: usize,
}

impl<'b> SeqAccess<'b> for Positions<'b> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(field) = self.fields.shape.fields.get(self.at) else { return Ok(None) };
        let raws = self.fields.of(self.at);
        self.at += 1;
        let read = seed.deserialize(Node { of: Of::Field(field), raws: &raws });
        read.map(Some).map_err(|misfit| misfit.inside(&field.name))
    }
}

/// What was chosen of several.
struct Chosen<'b> {
    field: &'static Field,
    raw: Raw<'b>,
}

impl<'b> EnumAccess<'b> for Chosen<'b> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'b>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name = BorrowedStrDeserializer::<Misfit>::new(&self.field.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'b> VariantAccess<'b> for Chosen<'b> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Err(Misfit::custom("it holds something"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'b>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(Node { of: Of::Field(self.field), raws: &[self.raw] })
    }

    fn tuple_variant<V: Visitor<'b>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        Node { of: Of::Field(self.field), raws: &[self.raw] }.tuple(visitor)
    }

    fn struct_variant<V: Visitor<'b>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        Node { of: Of::Field(self.field), raws: &[self.raw] }.map(visitor)
    }
}
