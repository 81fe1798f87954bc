//! Core's schema model and operations as messages, and back.
//!
//! Both sides have the same names, as the YAML and JSON files have: a message's fields are the model's keys, a oneof is
//! an enum's variants, an enum's values are its words in upper case behind a prefix. So nothing is mapped by hand: the
//! model is written through serde in the wire format that the descriptors tell, and read from it in the same way. A
//! field that only one side knows is an error, which a test looks for in every message.

mod fields;
mod parts;
mod read;
mod shape;
mod write;
mod wrong;

#[cfg(test)]
mod drawn;
#[cfg(test)]
mod tests;

pub(crate) use wrong::Misfit;

use migrated_core::diff::Rules;
use migrated_core::operation::Operation;
use migrated_core::schema::Schema;
use migrated_proto::v1;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What of core travels as a message.
pub(crate) trait Modelled: Serialize + DeserializeOwned {
    /// The message.
    type Message: prost::Message + Default;
    /// Its name.
    const MESSAGE: &'static str;
}

impl Modelled for Schema {
    type Message = v1::Schema;
    const MESSAGE: &'static str = "migrated.v1.Schema";
}

impl Modelled for Operation {
    type Message = v1::Operation;
    const MESSAGE: &'static str = "migrated.v1.Operation";
}

impl Modelled for Rules {
    type Message = v1::ComparisonRules;
    const MESSAGE: &'static str = "migrated.v1.ComparisonRules";
}

/// A part of the model as a message.
///
/// # Errors
/// [`Misfit`] where the message has no place for something: a fault of ours.
pub(crate) fn message<T: Modelled>(value: &T) -> Result<T::Message, Misfit> {
    let bytes = write::bytes(shape::message(T::MESSAGE)?, value)?;
    prost::Message::decode(bytes.as_slice()).map_err(serde::de::Error::custom)
}

/// A message as a part of the model.
///
/// # Errors
/// [`Misfit`] with the field, where something is missing or cannot be.
pub(crate) fn model<T: Modelled>(message: &T::Message) -> Result<T, Misfit> {
    read::read(shape::message(T::MESSAGE)?, &prost::Message::encode_to_vec(message))
}
