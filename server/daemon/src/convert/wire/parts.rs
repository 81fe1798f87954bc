//! What has parts: lists, tuples, objects and maps on their way into a message.

use super::Misfit;
use super::shape::Field;
use super::write::{BYTES, Body, Of, Place, close, tag, text};
use prost::encoding::encode_varint;
use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleVariant,
};

/// The elements of a list; `from` is where the message begins that holds the list, where one does.
pub(super) struct Elements<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) from: Option<usize>,
    pub(super) field: &'static Field,
    pub(super) index: usize,
}

impl SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        let written = value.serialize(Place { out: self.out, of: Of::Element(self.field) });
        let index = self.index;
        self.index += 1;
        written.map_err(|misfit| misfit.at(index).inside(&self.field.name))
    }

    fn end(self) -> Result<(), Misfit> {
        close(self.out, self.from);
        Ok(())
    }
}

/// The message of a variant and, around it, that of the choice.
pub(super) struct Nested<'o> {
    pub(super) inner: Body<'o>,
    pub(super) outer: Option<usize>,
}

impl Nested<'_> {
    fn finish(self) {
        close(self.inner.out, self.inner.from);
        close(self.inner.out, self.outer);
    }
}

impl SerializeTupleVariant for Nested<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        self.inner.put_next(value)
    }

    fn end(self) -> Result<(), Misfit> {
        self.finish();
        Ok(())
    }
}

impl SerializeStructVariant for Nested<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Misfit> {
        let field = self.inner.field(key)?;
        self.inner.put(field, value)
    }

    fn end(self) -> Result<(), Misfit> {
        self.finish();
        Ok(())
    }
}

impl SerializeTuple for Body<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        self.put_next(value)
    }

    fn end(self) -> Result<(), Misfit> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Body<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Misfit> {
        let field = Body::field(self, key)?;
        self.put(field, value)
    }

    fn end(self) -> Result<(), Misfit> {
        self.close();
        Ok(())
    }
}

pub(super) fn word<T: Serialize + ?Sized>(value: &T) -> Result<String, Misfit> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(Misfit::custom("a key is a word")),
    }
}

/// What has keys: a message whose object has others flat within it, or a map of texts.
pub(super) enum Keyed<'o> {
    Body(Body<'o>),
    Texts { out: &'o mut Vec<u8>, field: &'static Field, key: String },
}

impl SerializeMap for Keyed<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Misfit> {
        let word = word(key)?;
        match self {
            Keyed::Body(body) => body.field = Some(body.field(&word)?),
            Keyed::Texts { key, .. } => *key = word,
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        match self {
            Keyed::Body(body) => match body.field.take() {
                Some(field) => body.put(field, value),
                None => Err(Misfit::custom("a value came without its key")),
            },
            Keyed::Texts { out, field, key } => {
                let value = word(value)?;
                let mut entry = Vec::with_capacity(key.len() + value.len() + 8);
                text(&mut entry, 1, key);
                text(&mut entry, 2, &value);
                tag(out, field, BYTES);
                encode_varint(entry.len() as u64, *out);
                out.extend_from_slice(&entry);
                Ok(())
            }
        }
    }

    fn end(self) -> Result<(), Misfit> {
        if let Keyed::Body(body) = self {
            body.close();
        }
        Ok(())
    }
}
