//! From the tree to typed operations, through serde: what is wrong knows its place.

use super::tree::{Key, Node, Value};
use super::wrong::{FLAT, Wrong, unknown};
use crate::DialectName;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

/// A node that is read.
#[derive(Clone, Copy)]
pub(super) struct At<'n> {
    node: &'n Node,
    /// A plain scalar is SQL, whatever it looks like: the default `0` of a column.
    sql: bool,
}

impl<'n> At<'n> {
    pub(super) fn new(node: &'n Node) -> Self {
        At { node, sql: false }
    }

    /// Gives an error this node's place, or that of the field that it is about.
    fn placed<T>(self, result: Result<T, Wrong>) -> Result<T, Wrong> {
        result.map_err(|mut wrong| {
            let flat = wrong.message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            if let (None, Some(field), Value::Map(entries)) = (wrong.place, flat, &self.node.value)
                && let Some((key, _)) = entries.iter().find(|(key, _)| key.text == field)
            {
                return unknown("field", &key.text, FLAT).at(key.place);
            }
            wrong.place.get_or_insert(self.node.place);
            wrong
        })
    }

    fn unexpected(self) -> Unexpected<'n> {
        match &self.node.value {
            _ if self.node.is_null() => Unexpected::Other("nothing"),
            Value::Text { text, .. } => Unexpected::Str(text),
            Value::List(_) => Unexpected::Other("a list"),
            Value::Map(_) => Unexpected::Other("a map"),
        }
    }

    fn refuse<'de, V: Visitor<'de>>(self, visitor: &V) -> Wrong {
        Wrong::invalid_type(self.unexpected(), visitor).at(self.node.place)
    }

    fn entries<'de, V: Visitor<'de>>(self, of: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        let Value::Map(entries) = &self.node.value else { return Err(self.refuse(&visitor)) };
        self.placed(visitor.visit_map(Entries { entries: entries.iter(), value: None, of }))
    }
}

/// The value that a plain scalar stands for, as YAML's core schema has it
/// (<https://yaml.org/spec/1.2.2/#103-core-schema>), but that a number with a fraction stays text, so that no digit is lost.
fn scalar<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Wrong> {
    match text {
        "true" | "True" | "TRUE" => visitor.visit_bool(true),
        "false" | "False" | "FALSE" => visitor.visit_bool(false),
        _ => match text.parse::<i64>() {
            // `007` and `+1` are what somebody wrote as text.
            Ok(number) if number.to_string() == text => visitor.visit_i64(number),
            _ => visitor.visit_str(text),
        },
    }
}

macro_rules! typed_scalars {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match &self.node.value {
                Value::Text { text, plain: true } if !self.node.is_null() => self.placed(scalar(text, visitor)),
                _ => Err(self.refuse(&visitor)),
            }
        }
    )*};
}

macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match self.node.word() {
                Some(text) => self.placed(visitor.visit_str(text)),
                None => Err(self.refuse(&visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.value {
            _ if self.node.is_null() => self.placed(visitor.visit_unit()),
            Value::Text { text, plain: true } if !self.sql => self.placed(scalar(text, visitor)),
            Value::Text { text, .. } => self.placed(visitor.visit_str(text)),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.entries("", visitor),
        }
    }

    typed_scalars! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64
    }

    texts! {
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_identifier
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.node.is_null() { visitor.visit_none() } else { self.placed(visitor.visit_some(self)) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.node.is_null() { visitor.visit_unit() } else { Err(self.refuse(&visitor)) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    /// A single word is a list of one: `columns: email`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.value {
            Value::List(list) => self.placed(visitor.visit_seq(Items(list.iter()))),
            Value::Text { .. } if !self.node.is_null() => {
                self.placed(visitor.visit_seq(Items(std::slice::from_ref(self.node).iter())))
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.entries("", visitor)
    }

    /// A word where a name is wanted is that name, with its schema where it has one: `t`, `app.t`; where a part of an
    /// index is wanted, a column.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let made = match (name, self.node.word()) {
            ("Name", Some(text)) => super::shorthand::name(self.node.place, text),
            ("IndexItem", Some(_)) => Node::single(self.node.place, "column", self.node.clone()),
            _ => return self.entries(name, visitor),
        };
        At::new(&made).entries(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let (key, node) = match &self.node.value {
            Value::Map(entries) if entries.len() == 1 => (entries[0].0.clone(), Some(&entries[0].1)),
            Value::Text { text, .. } if !self.node.is_null() => {
                // `postgres`, `postgresql`, `mariadb`: as in the SQL form's sections.
                let dialect = DialectName::parse(text).filter(|_| name == "DialectName");
                let text = match dialect {
                    Some(DialectName::Postgres) => "postgres".to_owned(),
                    Some(dialect) => dialect.as_str().to_owned(),
                    None => text.clone(),
                };
                (Key { place: self.node.place, text }, None)
            }
            _ => return Err(self.refuse(&visitor)),
        };
        self.placed(visitor.visit_enum(Variant { key, node }))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }
}

struct Items<'n>(std::slice::Iter<'n, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|node| seed.deserialize(At::new(node))).transpose()
    }
}

struct Entries<'n> {
    entries: std::slice::Iter<'n, (Key, Node)>,
    value: Option<At<'n>>,
    /// The struct whose fields they are.
    of: &'static str,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((key, node)) = self.entries.next() else { return Ok(None) };
        self.value = Some(At { node, sql: self.of == "Column" && key.text == "default" });
        seed.deserialize(serde::de::value::StrDeserializer::<Wrong>::new(&key.text))
            .map(Some)
            .map_err(|wrong| wrong.at(key.place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        match self.value.take() {
            Some(at) => seed.deserialize(at),
            None => Err(Wrong::custom("a value is missing")),
        }
    }
}

struct Variant<'n> {
    key: Key,
    node: Option<&'n Node>,
}

impl<'de, 'n> EnumAccess<'de> for Variant<'n> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let read = seed.deserialize(serde::de::value::StrDeserializer::<Wrong>::new(&self.key.text));
        Ok((read.map_err(|wrong| wrong.at(self.key.place))?, self))
    }
}

impl<'n> Variant<'n> {
    fn content(&self) -> Result<At<'n>, Wrong> {
        let missing = || Wrong::custom(format!("`{}` is missing what it is about", self.key.text));
        self.node.map(At::new).ok_or_else(|| missing().at(self.key.place))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.node {
            Some(node) if !node.is_null() => {
                Err(Wrong::custom(format!("`{}` stands alone", self.key.text)).at(node.place))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.content()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.content()?.deserialize_map(visitor)
    }
}
