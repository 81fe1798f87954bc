//! What the store holds, as plain records.

use migrated_core::event::{Direction, Failure, RunKind, RunState};

/// A SHA-256.
pub type Hash = [u8; 32];

/// A namespace with one revision graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRecord {
    /// Unique name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// When it was made.
    pub created_at: i64,
    /// Counts changes, from 1.
    pub version: u64,
}

/// What is known of a revision without its body: parsed once, when the body arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionHeader {
    /// Revision id.
    pub revision: String,
    /// Parents.
    pub down_revisions: Vec<String>,
    /// Dependencies, ids or labels.
    pub depends_on: Vec<String>,
    /// Labels that this revision declares.
    pub branch_labels: Vec<String>,
    /// Message.
    pub message: String,
    /// Creation time as it stands in the file.
    pub created: String,
    /// Identity over tokens (`core::file`).
    pub token_hash: Hash,
    /// Bytes of the file.
    pub size: u64,
}

/// An uploaded body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// SHA-256 of the bytes.
    pub hash: Hash,
    /// The file.
    pub bytes: Vec<u8>,
    /// What was parsed from it.
    pub header: RevisionHeader,
}

/// A folder's list of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// SHA-256 over the entries.
    pub digest: Hash,
    /// Path and body, in load order.
    pub entries: Vec<(String, Hash)>,
}

/// A revision as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRevision {
    /// Path within the folder.
    pub path: String,
    /// SHA-256 of the body.
    pub hash: Hash,
    /// What was parsed from the body.
    pub header: RevisionHeader,
}

/// The published graph of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// 0 where nothing was ever published.
    pub version: u64,
    /// The manifest, where there is one.
    pub digest: Option<Hash>,
}

/// A revision that stands applied, and with which content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedRecord {
    /// Project of the revision.
    pub project: String,
    /// Revision id.
    pub revision: String,
    /// Identity of the content that was applied.
    pub token_hash: Hash,
    /// The body that was applied.
    pub body_hash: Hash,
    /// The run that applied it.
    pub run: String,
    /// When.
    pub at: i64,
}

/// A target made by RPC: a connection of the configuration plus where in it to work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetRecord {
    /// Unique name.
    pub name: String,
    /// Name of a connection of the daemon's configuration.
    pub connection: String,
    /// Database, where it differs from the connection's.
    pub database: Option<String>,
    /// Default schema.
    pub schema: Option<String>,
    /// Version table's name, where it is not `alembic_version`.
    pub version_table: Option<String>,
    /// Version table's schema.
    pub version_table_schema: Option<String>,
    /// Freezes its revisions for everybody.
    pub protected: bool,
    /// When it was made.
    pub created_at: i64,
    /// Counts changes, from 1.
    pub version: u64,
}

/// One execution on a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Unique id, sortable by time.
    pub id: String,
    /// Project.
    pub project: String,
    /// Target's name, or its display form where it was ad hoc.
    pub target: String,
    /// Key by which runs of one database are joined.
    pub target_key: String,
    /// What it does.
    pub kind: RunKind,
    /// The goal as it was typed.
    pub goal: Vec<String>,
    /// The graph's manifest digest that it is pinned to.
    pub graph: Option<Hash>,
    /// Where it stands.
    pub state: RunState,
    /// Who asked for it.
    pub actor: String,
    /// Id chosen by the caller: the same id twice is one run.
    pub request_id: Option<String>,
    /// Process that owns it.
    pub owner: String,
    /// Version rows before it, once known.
    pub rows_before: Vec<String>,
    /// Version rows as last known.
    pub rows_after: Vec<String>,
    /// Steps planned.
    pub steps_planned: u32,
    /// Steps done.
    pub steps_done: u32,
    /// What ended it.
    pub failure: Option<Failure>,
    /// Accepted at.
    pub created_at: i64,
    /// Lock held and plan ready at.
    pub started_at: Option<i64>,
    /// Ended at.
    pub finished_at: Option<i64>,
    /// Counts changes, from 1.
    pub version: u64,
}

/// What [`crate::Store::create_run`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreatedRun {
    /// The run is new.
    New,
    /// This run was made with the same request id before.
    Existing(Box<RunRecord>),
}

/// One revision of a run's plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// Place in the plan, from 1.
    pub index: u32,
    /// Revision id.
    pub revision: String,
    /// Which way.
    pub direction: Direction,
    /// The body that it is pinned to; `None` for a stamp.
    pub body_hash: Option<Hash>,
    /// Its identity over tokens.
    pub token_hash: Option<Hash>,
    /// Where it stands.
    pub state: StepState,
    /// Server process that works on it.
    pub backend_pid: Option<i64>,
    /// Start of that process as the server tells it, verbatim.
    pub backend_start: Option<String>,
    /// Transaction id, recorded before COMMIT is sent.
    pub xid: Option<String>,
    /// Begun at.
    pub started_at: Option<i64>,
    /// Ended at.
    pub finished_at: Option<i64>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    Planned,
    /// Begun; in a run that has ended: nobody could tell how it ended.
    Started,
    /// Its work and version rows are committed.
    Done,
    /// It failed: none of it is left or, in a run that ended PARTIAL, some.
    Failed,
}

/// Which backend works on which steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendRecord {
    /// First step, from 1.
    pub first: u32,
    /// Last step.
    pub last: u32,
    /// Server process.
    pub pid: i64,
    /// Its start as the server tells it, verbatim.
    pub start: String,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepNote {
    /// Place in the plan, from 1.
    pub index: u32,
    /// Where it stands now. STARTED sets the time of its begin and forgets that of its end; DONE and FAILED set
    /// that of its end.
    pub state: StepState,
    /// Its transaction, where it is known; one that was noted before stays, unless the step begins anew.
    pub xid: Option<String>,
    /// When.
    pub at: i64,
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only of this project.
    pub project: Option<String>,
    /// Only on this target.
    pub target: Option<String>,
    /// Only in these states; empty for all.
    pub states: Vec<RunState>,
}

/// Which part of a list of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunPage {
    /// Only runs older than this id.
    pub before: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What, as a verb: `push`, `push --prune`, `repair --accept-hash`.
    pub action: String,
    /// Project concerned.
    pub project: String,
    /// Details as text.
    pub detail: String,
}
