//! Trying a target, and making its version table.

use crate::place::TargetRequest;
use crate::{Engine, Result};
use migrated_core::DialectName;
use migrated_target::LockAttempt;

/// What trying a target showed.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Engine and version.
    pub server: String,
    /// Dialect.
    pub dialect: DialectName,
    /// The URL without secrets.
    pub display: String,
    /// Version rows; `None` where there is no version table.
    pub rows: Option<Vec<String>>,
    /// Rights that are missing.
    pub missing_rights: Vec<String>,
    /// The migration lock can be held, or is held by a run right now.
    pub lockable: bool,
    /// Longest revision id that fits.
    pub longest_id: Option<u32>,
}

impl Engine {
    /// Connects to a target, looks, and takes and releases the migration lock, which a transaction pooler in
    /// between would not let us hold.
    pub async fn test_target(&self, target: &TargetRequest) -> Result<Tested> {
        let place = self.place(target).await?;
        let standing = place.target.standing().await?;
        let _share = place.server.share("").await;
        if let LockAttempt::Held(lock) = place.target.try_lock("test").await? {
            lock.release().await?;
        }
        Ok(Tested {
            server: standing.server,
            dialect: place.target.dialect(),
            display: place.target.display().to_owned(),
            rows: standing.rows,
            missing_rights: standing.missing_rights,
            lockable: true,
            longest_id: standing.column.and_then(|c| c.max_chars),
        })
    }

    /// Creates the version table where it is missing. `true` where it was.
    pub async fn ensure_version_table(&self, target: &TargetRequest) -> Result<bool> {
        Ok(self.place(target).await?.target.ensure_version_table().await?)
    }
}
