//! Schemas, operations and rules as messages: what decodes is read or refused with its field; what was read is the same
//! after the way back.
#![no_main]
#![allow(dead_code, reason = "the daemon uses more of it")]

#[path = "../../server/daemon/src/convert/wire/mod.rs"]
mod wire;

use libfuzzer_sys::fuzz_target;
use migrated_core::diff::Rules;
use migrated_core::operation::{Operation, Server};
use migrated_core::DialectName;
use migrated_core::schema::Schema;
use prost::Message as _;
use wire::Modelled;

fn there_and_back<T: Modelled + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
    let message = T::Message::decode(bytes).ok()?;
    let read: T = wire::model(&message).ok()?;
    let written = wire::message(&read).expect("what was read can be written");
    assert_eq!(wire::model::<T>(&written).expect("what was written can be read"), read);
    Some(read)
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    match choice % 3 {
        0 => drop(there_and_back::<Schema>(bytes)),
        1 => drop(there_and_back::<Rules>(bytes)),
        _ => {
            let Some(operation) = there_and_back::<Operation>(bytes) else { return };
            for dialect in DialectName::ALL {
                let _ = operation.render(&Server::oldest(dialect));
            }
            let _ = operation.reverse();
        }
    }
});
