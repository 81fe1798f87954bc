//! The wire types of migrated: generated code, the one message that is made by hand, and the descriptor set.

mod watched;

/// Version 1 of the API; the comments of `proto/migrated/v1/*.proto` are its reference.
#[expect(clippy::large_enum_variant, reason = "a message is as large as its fields, and held once")]
pub mod v1 {
    tonic::include_proto!("migrated.v1");
    include!(concat!(env!("OUT_DIR"), "/migrated.v1.serde.rs"));
    pub use crate::watched::WatchRunResponse;

    /// The compiled descriptors, for reflection and for tests that walk the API.
    pub const FILE_DESCRIPTOR_SET: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/migrated.v1.descriptors.bin"));
}
