//! The revision store: projects, revisions, targets, runs and events. One trait, backends behind it, one
//! contract test for all of them.

mod codec;
mod collecting;
mod columns;
mod compare;
mod digest;
mod error;
mod event_log;
mod migration;
mod postgres;
mod record;
mod shared;
mod sqlite;
mod step_note;
mod together;

pub use error::StoreError;
pub use postgres::{PostgresOptions, PostgresStore};
pub use record::*;
pub use shared::{CancelAsked, Change, Claim, CreatedAmong, Lease, OpenRun, Shared, TakenRun, Terms};
pub use sqlite::{SqliteOptions, SqliteStore};

use async_trait::async_trait;

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The daemon's own database.
///
/// Writes compare and set; no transaction leaves this trait. Times are microseconds since 1970 UTC and, like
/// ids, are passed in by the caller. A write that has returned survives a power cut, except for
/// [`Store::append_events`], [`Store::note_steps`] and the time noted by [`Store::touch_manifest`]. A call whose future is dropped is
/// done wholly or not at all; which of the two is settled when the next write begins.
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
    /// Deletes a project, with its drafts; `false` where there is none. [`StoreError::InUse`] where it has
    /// published revisions, runs or applied revisions.
    async fn delete_project(&self, name: &str) -> Result<bool>;

    // --- bodies and manifests ---
    /// Those of `hashes` that are not stored, in that order, each once.
    async fn missing_bodies(&self, hashes: &[Hash]) -> Result<Vec<Hash>>;
    /// Stores bodies; one that is there already is left alone, but is safe from being collected as if it were
    /// new. [`StoreError::BodyMismatch`], and nothing stored, where bytes are not those of their hash. Each body
    /// is stored whole or not at all; after an error some of them may be there.
    async fn put_bodies(&self, bodies: &[Body], at: i64) -> Result<()>;
    /// A body's bytes, checked against the hash.
    async fn body(&self, hash: &Hash) -> Result<Option<Vec<u8>>>;
    /// Stores a manifest of a project. Every body must be there ([`StoreError::ManifestIncomplete`]). One that is
    /// stored already counts as used at `at`. That the digest is that of the entries is the caller's to see to.
    async fn put_manifest(&self, project: &str, manifest: &Manifest, at: i64) -> Result<()>;
    /// Whether a manifest is stored; if so, it counts as used at `at` (to the hour) and is not collected soon.
    async fn touch_manifest(&self, project: &str, digest: &Hash, at: i64) -> Result<bool>;
    /// The revisions of a manifest in load order, without bodies; `None` where the digest is not known.
    async fn manifest(&self, project: &str, digest: &Hash) -> Result<Option<Vec<ManifestRevision>>>;
    /// Every revision that a stored manifest of the project names, in any content it ever had there, newest body
    /// first, for ids that a graph lacks. With `ids` empty, all of them. What stands applied, and everything
    /// below it, is never missing: [`Store::collect`] keeps a manifest that names it.
    async fn known_revisions(&self, project: &str, ids: &[String]) -> Result<Vec<ManifestRevision>>;
    /// Removes manifests not used since `before`, and then the bodies not uploaded since `before` that nothing
    /// refers to. Returns (manifests, bodies).
    ///
    /// Kept are: what is published; what runs are pinned to, by graph or by step, that have not ended, or ended
    /// PARTIAL or UNKNOWN with no later success on the same target; bodies that stand applied somewhere; and,
    /// where one of those is in none of the manifests kept, the last used manifest that names it.
    ///
    /// It works in short transactions, so that runs can write in between; after an error a part may be done.
    async fn collect(&self, before: i64) -> Result<(u64, u64)>;

    // --- published graph ---
    /// What is published, with its version.
    async fn published(&self, project: &str) -> Result<Published>;
    /// Publishes a manifest if the published version is still `expected`, and writes the audit entry with it.
    /// Returns the new version. [`StoreError::Conflict`] otherwise; [`StoreError::ManifestUnknown`] where the
    /// manifest is not stored.
    async fn publish(&self, project: &str, expected: u64, digest: &Hash, audit: &AuditRecord) -> Result<u64>;

    // --- what stands applied on a target, and with which content ---
    /// Records of a target, by its key.
    async fn applied(&self, target_key: &str) -> Result<Vec<AppliedRecord>>;
    /// Removes records by revision and writes others, in one go.
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
    /// Creates a run, at version 1. Where `request_id` is set and known for the project, returns the run that it
    /// made. [`StoreError::ManifestUnknown`] where the graph that it is pinned to is not stored.
    ///
    /// The target of a run is a name or a display form: no password may stand in it.
    async fn create_run(&self, run: &RunRecord) -> Result<CreatedRun>;
    /// Changes a run if its version is still `expected`; returns the new version. Id, project, kind, request id
    /// and time of creation stay as they were. [`StoreError::ManifestUnknown`] where it has not ended and its
    /// graph is not stored.
    async fn update_run(&self, run: &RunRecord, expected: u64) -> Result<u64>;
    /// A run by id.
    async fn run(&self, id: &str) -> Result<Option<RunRecord>>;
    /// The run of a project that was made with this request id.
    async fn run_of_request(&self, project: &str, request_id: &str) -> Result<Option<RunRecord>>;
    /// Runs, newest first.
    async fn runs(&self, filter: &RunFilter, page: &RunPage) -> Result<Vec<RunRecord>>;
    /// Runs of which not everything is known that can be, oldest first: those that have not ended
    /// ([`migrated_core::event::RunState::is_terminal`]), and those that ended UNKNOWN.
    async fn unsettled_runs(&self) -> Result<Vec<RunRecord>>;
    /// Writes steps (insert or replace by run and index), durably: returns once they would survive a crash.
    async fn put_steps(&self, run: &str, steps: &[StepRecord]) -> Result<()>;
    /// Records which backend works on the steps `first..=last`, durably. Calls at the same time share a commit.
    /// [`StoreError::NotFound`] where the run has no step `first`.
    async fn put_backend(&self, run: &str, backend: &BackendRecord) -> Result<()>;
    /// Notes how steps fare, in order. Like events, notes survive the end of the process once this returns, and a
    /// power cut once the next write of any other kind has. Notes on steps that are not there are passed over.
    async fn note_steps(&self, run: &str, notes: &[StepNote]) -> Result<()>;
    /// The steps of a run, by index.
    async fn steps(&self, run: &str) -> Result<Vec<StepRecord>>;

    // --- events ---
    /// Appends a group of events, all or nothing. Numbers are dense from 1: the first must follow the last stored
    /// one, pruned or not ([`StoreError::Conflict`], with the number in front of the first as `expected`).
    /// Once this returns they survive the end of the process, but not yet a power cut: that comes with the next
    /// write of any other kind.
    async fn append_events(&self, run: &str, events: &[migrated_core::event::Event]) -> Result<()>;
    /// Events after `after`, at most `limit`. [`StoreError::EventsPruned`] where the log begins later.
    async fn events(&self, run: &str, after: u64, limit: u32) -> Result<Vec<migrated_core::event::Event>>;
    /// Removes the events of runs that ended before `before`, keeping the runs. Returns how many events went.
    /// Like [`Store::collect`], in short transactions.
    async fn prune_events(&self, before: i64) -> Result<u64>;

    // --- what engines told of scripts ---
    /// What was told of the script of that key, which counts as used at `at`.
    async fn known_schema(&self, key: &Hash, at: i64) -> Result<Option<Vec<u8>>>;
    /// Keeps what was told of a script, in place of what was there. Of all that is kept, those go that were used
    /// longest ago until what is left is `limit` bytes or less; what is larger by itself is not kept.
    async fn put_known_schema(&self, key: &Hash, told: &[u8], at: i64, limit: u64) -> Result<()>;

    // --- audit ---
    /// Adds an entry to the audit log.
    async fn audit(&self, entry: &AuditRecord) -> Result<()>;
    /// A project's entries of the audit log, newest first.
    async fn audit_log(&self, project: &str, limit: u32) -> Result<Vec<AuditRecord>>;

    /// What the store can do besides where several daemons share it; `None` where it belongs to one.
    fn shared(&self) -> Option<&dyn Shared>;

    /// Closes the store once the writes under way are done; calls after that are [`StoreError::Unavailable`].
    /// A store that is dropped instead loses nothing.
    async fn close(&self) -> Result<()>;
}
