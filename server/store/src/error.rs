//! What can go wrong with the store.

use migrated_core::Code;

/// A store call that did not do what it was asked to.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened, read or written.
    #[error("the revision store cannot be used: {0}")]
    Unavailable(String),
    /// No room is left on the device.
    #[error("the revision store has no room left: {0}")]
    Full(String),
    /// A value that cannot be read back.
    #[error("the revision store holds a bad value in {table}.{column}: {detail}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// What was found.
        detail: String,
    },
    /// The store was written by a newer release.
    #[error("the revision store has schema version {found}, this release knows up to {known}")]
    TooNew {
        /// Version found.
        found: i64,
        /// Newest version that this release knows.
        known: i64,
    },
    /// The compare in compare-and-set failed.
    #[error("{what} was changed by somebody else (expected version {expected}, found {found})")]
    Conflict {
        /// What was to be changed.
        what: String,
        /// Version that the caller knew.
        expected: u64,
        /// Version that is there.
        found: u64,
    },
    /// The name is taken.
    #[error("{what} exists already")]
    AlreadyExists {
        /// What was to be made.
        what: String,
    },
    /// The run belongs to another daemon by now, or this daemon's lease has lapsed.
    #[error("{what} is not this daemon's any more: its lease lapsed")]
    NotOwner {
        /// What was to be written.
        what: String,
    },
    /// There is nothing of that name.
    #[error("{what} does not exist")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// A manifest names bodies that are not stored.
    #[error("{missing} bodies of the manifest are not stored")]
    ManifestIncomplete {
        /// How many.
        missing: usize,
    },
    /// A manifest that is to be published or pinned is not stored.
    #[error("the manifest {digest} is not stored")]
    ManifestUnknown {
        /// Its digest, in hexadecimal.
        digest: String,
    },
    /// Bytes that are not those that their hash names.
    #[error("the bytes of the body {hash} have another hash")]
    BodyMismatch {
        /// The hash that was given, in hexadecimal.
        hash: String,
    },
    /// It cannot be deleted.
    #[error("{what} still has {by}")]
    InUse {
        /// What was to be deleted.
        what: String,
        /// What it still has.
        by: &'static str,
    },
    /// The log begins later than asked for.
    #[error("events before {first} were pruned")]
    EventsPruned {
        /// Number of the first event that is still there.
        first: u64,
    },
}

impl StoreError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            StoreError::Unavailable(_) => Code::StoreUnavailable,
            StoreError::Full(_) => Code::StoreFull,
            StoreError::Corrupt { .. } => Code::StoreCorrupt,
            StoreError::TooNew { .. } => Code::StoreTooNew,
            StoreError::Conflict { .. } => Code::HeadsChanged,
            StoreError::AlreadyExists { .. } => Code::AlreadyExists,
            StoreError::NotOwner { .. } => Code::LeaseLost,
            StoreError::NotFound { .. } => Code::InvalidRequest,
            StoreError::ManifestIncomplete { .. } => Code::ManifestUnknown,
            StoreError::ManifestUnknown { .. } => Code::ManifestUnknown,
            StoreError::BodyMismatch { .. } => Code::BodyMismatch,
            StoreError::InUse { .. } => Code::InvalidRequest,
            StoreError::EventsPruned { .. } => Code::EventsPruned,
        }
    }
}
