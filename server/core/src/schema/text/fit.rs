//! Whether a file fits its shape, read without keeping any of it: what a large file with nothing wrong pays. Where the
//! answer is no, the file is read once more by [`super::check`], which says what is wrong and where.

use super::shape::{Kind, PARTITION_OF, SCHEMA};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Whether a whole file fits.
pub(super) struct Fits(pub(super) bool);

impl<'de> Deserialize<'de> for Fits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fits, D::Error> {
        static WHOLE: Kind = Kind::Object(&SCHEMA);
        Fit(&WHOLE, true).deserialize(deserializer).map(Fits)
    }
}

/// What must stand there, and whether it must be something at all.
#[derive(Clone, Copy)]
struct Fit(&'static Kind, bool);

impl<'de> DeserializeSeed<'de> for Fit {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The value of `literal:`.
struct Literal;

impl<'de> DeserializeSeed<'de> for Literal {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(Literal)
    }
}

impl<'de> Visitor<'de> for Literal {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false")
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(true)
    }
}

impl<'de> Visitor<'de> for Fit {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(!self.1)
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(!self.1)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(matches!(self.0, Kind::Flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(matches!(self.0, Kind::Number))
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(matches!(self.0, Kind::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(match self.0 {
            Kind::Text | Kind::Default => true,
            Kind::Word(words) => words.contains(&text),
            _ => false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let (kind, pair) = match self.0 {
            Kind::List(kind) => (*kind, false),
            Kind::Pair => (&Kind::Text, true),
            _ => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(false);
            }
        };
        let (mut fits, mut count) = (true, 0);
        while let Some(fit) = list.next_element_seed(Fit(kind, false))? {
            (fits, count) = (fits && fit, count + 1);
        }
        Ok(fits && (!pair || count == 2))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let (mut fits, mut count, mut named) = (true, 0, false);
        while let Some(key) = map.next_key::<String>()? {
            count += 1;
            let kind = match self.0 {
                Kind::Object(shape) => {
                    named |= key == "name";
                    shape.fields.iter().find(|(name, _)| *name == key).map(|(_, kind)| kind)
                }
                Kind::Texts => Some(&Kind::Text),
                Kind::Partition if key == "by" => Some(&Kind::Text),
                Kind::Partition if key == "of" => Some(&PARENT),
                Kind::Default if key == "literal" => {
                    fits &= map.next_value_seed(Literal)?;
                    continue;
                }
                _ => None,
            };
            fits &= match kind {
                Some(kind) => map.next_value_seed(Fit(kind, false))?,
                None => map.next_value::<IgnoredAny>().map(|_| false)?,
            };
        }
        Ok(fits
            && match self.0 {
                Kind::Object(shape) => named || !shape.named,
                Kind::Default | Kind::Partition => count == 1,
                Kind::Texts => true,
                _ => false,
            })
    }
}

static PARENT: Kind = Kind::Object(&PARTITION_OF);
