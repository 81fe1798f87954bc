//! The messages of the API as their descriptors tell them.

use super::Misfit;
use migrated_proto::v1::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A message.
pub(super) struct Message {
    /// Its full name, without a dot in front.
    pub(super) name: String,
    /// Its fields, in the order in which they are declared.
    pub(super) fields: Vec<Field>,
    /// It is one of several things: all its fields are in a oneof.
    pub(super) is_choice: bool,
    /// It is the entry of a map.
    is_entry: bool,
}

/// A field.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) repeated: bool,
}

/// What a field holds. Messages and enums by their place among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Text,
    /// Texts by texts.
    Map,
    Enum(usize),
    Message(usize),
    /// What no part of the model is.
    Other,
}

/// An enum: its values' words as the model has them, by number.
pub(super) struct Enum {
    pub(super) name: String,
    pub(super) words: HashMap<u64, String>,
}

struct Shapes {
    messages: Vec<Message>,
    enums: Vec<Enum>,
    by_name: HashMap<String, usize>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    // They are compiled in: where they could not be read, no message would be found, and every test would say so.
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
    let ours = || set.file.iter().filter(|file| file.package() == "migrated.v1");
    let enums: Vec<Enum> = ours().flat_map(|file| &file.enum_type).map(choices).collect();
    let mut all: Vec<(String, &DescriptorProto)> = Vec::new();
    for message in ours().flat_map(|file| &file.message_type) {
        gather("migrated.v1", message, &mut all);
    }
    let by_name: HashMap<String, usize> =
        all.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    let entries: Vec<bool> = all.iter().map(|(_, message)| is_entry(message)).collect();
    let kind = |field: &FieldDescriptorProto| {
        let named = field.type_name().trim_start_matches('.');
        let of_enum = || enums.iter().position(|e| e.name == named).map_or(Kind::Other, Kind::Enum);
        match field.r#type() {
            Type::Bool => Kind::Bool,
            Type::Int64 | Type::Int32 | Type::Uint32 => Kind::Int,
            Type::String => Kind::Text,
            Type::Enum => of_enum(),
            Type::Message => match by_name.get(named) {
                Some(at) if entries[*at] => Kind::Map,
                Some(at) => Kind::Message(*at),
                None => Kind::Other,
            },
            _ => Kind::Other,
        }
    };
    let messages = all.iter().map(|(name, message)| {
        let fields: Vec<Field> = message
            .field
            .iter()
            .map(|field| Field {
                name: field.name().to_owned(),
                number: u32::try_from(field.number()).unwrap_or_default(),
                kind: kind(field),
                repeated: field.label() == Label::Repeated && kind(field) != Kind::Map,
            })
            .collect();
        let chosen = |field: &FieldDescriptorProto| field.oneof_index.is_some() && !field.proto3_optional();
        let is_choice = !fields.is_empty() && message.field.iter().all(chosen);
        Message { name: name.clone(), fields, is_choice, is_entry: is_entry(message) }
    });
    Shapes { messages: messages.collect(), enums, by_name }
});

fn is_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

fn gather<'d>(scope: &str, message: &'d DescriptorProto, into: &mut Vec<(String, &'d DescriptorProto)>) {
    let name = format!("{scope}.{}", message.name());
    for nested in &message.nested_type {
        gather(&name, nested, into);
    }
    into.push((name, message));
}

/// Words without the prefix, which the value 0 tells: `FOREIGN_KEY_ACTION_SET_NULL` is `set_null`.
fn choices(described: &EnumDescriptorProto) -> Enum {
    let zero = described.value.first().map(|value| value.name()).unwrap_or_default();
    let prefix = zero.strip_suffix("UNSPECIFIED").unwrap_or_default();
    let words = described.value.iter().skip(1).map(|value| {
        let word = value.name().strip_prefix(prefix).unwrap_or(value.name()).to_ascii_lowercase();
        (u64::try_from(value.number()).unwrap_or_default(), word)
    });
    Enum { name: format!("migrated.v1.{}", described.name()), words: words.collect() }
}

/// The message of that full name.
pub(super) fn message(name: &str) -> Result<&'static Message, Misfit> {
    let at = SHAPES.by_name.get(name);
    at.map(|at| &SHAPES.messages[*at])
        .ok_or_else(|| serde::de::Error::custom(format_args!("there is no message {name}")))
}

impl Message {
    /// The field of that name.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field of that number; unless fields were taken out, it stands where its number says.
    pub(super) fn numbered(&self, number: u32) -> Option<usize> {
        let guess = (number as usize).wrapping_sub(1);
        if self.fields.get(guess).is_some_and(|field| field.number == number) {
            return Some(guess);
        }
        self.fields.iter().position(|field| field.number == number)
    }
}

impl Field {
    /// The message that it holds.
    pub(super) fn message(&self) -> Option<&'static Message> {
        match self.kind {
            Kind::Message(at) => SHAPES.messages.get(at).filter(|message| !message.is_entry),
            _ => None,
        }
    }

    /// The enum that it holds.
    pub(super) fn choices(&self) -> Option<&'static Enum> {
        match self.kind {
            Kind::Enum(at) => SHAPES.enums.get(at),
            _ => None,
        }
    }
}
