//! The revision store: projects, revisions, targets, runs and events. One trait, backends behind it, one
//! contract test for all of them.

mod error;
mod record;

pub use error::StoreError;
pub use record::*;

use async_trait::async_trait;

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The daemon's own database.
///
/// Writes compare and set; no transaction leaves this trait. Times are microseconds since 1970 UTC and, like
/// ids, are passed in by the caller.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // --- projects ---
    /// Creates a project. [`StoreError::AlreadyExists`] where the name is taken.
    async fn create_project(&self, project: &ProjectRecord) -> Result<()>;
    /// A project by name.
    async fn project(&self, name: &str) -> Result<Option<ProjectRecord>>;
    /// Projects by name, after `after`, at most `limit`.
    async fn projects(&self, after: &str, limit: u32) -> Result<Vec<ProjectRecord>>;
    /// Changes description and settings if the version is still `expected`; returns the new version.
    async fn update_project(&self, project: &ProjectRecord, expected: u64) -> Result<u64>;
    /// Deletes a project that has no runs and no published revisions.
    async fn delete_project(&self, name: &str) -> Result<bool>;

    // --- bodies and manifests ---
    /// Those of `hashes` that are not stored.
    async fn missing_bodies(&self, hashes: &[Hash]) -> Result<Vec<Hash>>;
    /// Stores bodies; one that is there already is left alone.
    async fn put_bodies(&self, bodies: &[Body], at: i64) -> Result<()>;
    /// A body's bytes.
    async fn body(&self, hash: &Hash) -> Result<Option<Vec<u8>>>;
    /// Stores a manifest of a project. Every body must be there ([`StoreError::ManifestIncomplete`]).
    async fn put_manifest(&self, project: &str, manifest: &Manifest, at: i64) -> Result<()>;
    /// The revisions of a manifest in load order, without bodies; `None` where the digest is not known.
    async fn manifest(&self, project: &str, digest: &Hash) -> Result<Option<Vec<ManifestRevision>>>;
    /// Every revision that any manifest of the project ever named, newest body first, for ids that a graph
    /// lacks. With `ids` empty, all of them.
    async fn known_revisions(&self, project: &str, ids: &[String]) -> Result<Vec<ManifestRevision>>;
    /// Removes manifests not used since `before` that are neither published nor pinned by an unfinished run
    /// or an applied revision, and then the bodies that nothing refers to. Returns (manifests, bodies).
    async fn collect(&self, before: i64) -> Result<(u64, u64)>;

    // --- published graph ---
    /// What is published, with its version.
    async fn published(&self, project: &str) -> Result<Published>;
    /// Publishes a manifest if the published version is still `expected`; [`StoreError::Conflict`] otherwise.
    async fn publish(&self, project: &str, expected: u64, digest: &Hash, audit: &AuditRecord) -> Result<u64>;

    // --- what stands applied on a target, and with which content ---
    /// Records of a target, by its key.
    async fn applied(&self, target_key: &str) -> Result<Vec<AppliedRecord>>;
    /// Writes and removes records in one go.
    async fn record_applied(&self, target_key: &str, put: &[AppliedRecord], remove: &[String]) -> Result<()>;
    /// Which targets have one of these revisions of the project applied: (target key, revision).
    async fn applied_anywhere(&self, project: &str, revisions: &[String]) -> Result<Vec<(String, String)>>;

    // --- targets made by RPC ---
    /// Creates a target.
    async fn create_target(&self, target: &TargetRecord) -> Result<()>;
    /// A target by name.
    async fn target(&self, name: &str) -> Result<Option<TargetRecord>>;
    /// Targets by name, after `after`, at most `limit`.
    async fn targets(&self, after: &str, limit: u32) -> Result<Vec<TargetRecord>>;
    /// Changes a target if its version is still `expected`; returns the new version.
    async fn update_target(&self, target: &TargetRecord, expected: u64) -> Result<u64>;
    /// Deletes a target if its version is still `expected`.
    async fn delete_target(&self, name: &str, expected: u64) -> Result<bool>;

    // --- runs ---
    /// Creates a run. Where `request_id` is set and known for the project, returns the run that it made.
    async fn create_run(&self, run: &RunRecord) -> Result<CreatedRun>;
    /// Changes a run if its version is still `expected`; returns the new version.
    async fn update_run(&self, run: &RunRecord, expected: u64) -> Result<u64>;
    /// A run by id.
    async fn run(&self, id: &str) -> Result<Option<RunRecord>>;
    /// Runs, newest first.
    async fn runs(&self, filter: &RunFilter, page: &RunPage) -> Result<Vec<RunRecord>>;
    /// Runs that have not ended.
    async fn unfinished_runs(&self) -> Result<Vec<RunRecord>>;
    /// Writes steps (insert or replace by run and index), durably: returns once they would survive a crash.
    async fn put_steps(&self, run: &str, steps: &[StepRecord]) -> Result<()>;
    /// The steps of a run, by index.
    async fn steps(&self, run: &str) -> Result<Vec<StepRecord>>;

    // --- events ---
    /// Appends a group of events. The first must follow the last stored one ([`StoreError::Conflict`]).
    async fn append_events(&self, run: &str, events: &[migrated_core::event::Event]) -> Result<()>;
    /// Events after `after`, at most `limit`. [`StoreError::EventsPruned`] where the log begins later.
    async fn events(&self, run: &str, after: u64, limit: u32) -> Result<Vec<migrated_core::event::Event>>;
    /// Removes the events of runs that ended before `before`, keeping the runs. Returns how many events went.
    async fn prune_events(&self, before: i64) -> Result<u64>;

    // --- audit ---
    /// Adds an entry to the audit log.
    async fn audit(&self, entry: &AuditRecord) -> Result<()>;
    /// Entries of the audit log, newest first.
    async fn audit_log(&self, project: &str, limit: u32) -> Result<Vec<AuditRecord>>;
}
