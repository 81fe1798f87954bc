//! `revision.proto`.

use super::graph::graph;
use super::schema::described;
use super::target::maybe_target;
use super::{filled, invalid};
use migrated_core::DialectName;
use migrated_core::operation::Operation;
use migrated_engine::{Accepted, CreateRevision, FileSettings, NewFile, RevisionView, Which};
use migrated_proto::v1;
use tonic::Status;

/// A revision as the wire has it.
pub(crate) fn revision(view: RevisionView) -> v1::Revision {
    let header = view.header;
    v1::Revision {
        is_base: header.down_revisions.is_empty() && !view.path.is_empty(),
        is_branch_point: view.children.len() > 1,
        is_merge_point: header.down_revisions.len() > 1,
        id: header.revision,
        down_revisions: header.down_revisions,
        depends_on: header.depends_on,
        branch_labels: header.branch_labels,
        labels: view.labels,
        message: header.message,
        created: header.created,
        sha256: if view.path.is_empty() { Vec::new() } else { view.hash.to_vec() },
        path: view.path,
        children: view.children,
        is_head: view.is_head,
        is_effective_head: view.is_effective_head,
        is_current: view.is_current,
    }
}

/// Revisions whose content is accepted, as the wire has them; of one that was named, its hashes by themselves, too.
pub(crate) fn accepted(which: &Which, all: Vec<Accepted>) -> v1::AcceptRevisionResponse {
    let one = match which {
        Which::One(_) => all.first().map(|one| (one.old.clone(), one.new.clone())),
        Which::All => None,
    };
    let (old_hash, new_hash) = one.unwrap_or_default();
    let revision = |Accepted { revision, path, old, new }| v1::AcceptedRevision {
        revision,
        path,
        old_hash: old,
        new_hash: new,
    };
    v1::AcceptRevisionResponse { old_hash, new_hash, revisions: all.into_iter().map(revision).collect() }
}

/// Revisions as the wire has them.
pub(crate) fn revisions(views: Vec<RevisionView>) -> Vec<v1::Revision> {
    views.into_iter().map(revision).collect()
}

/// A new file as the wire has it.
pub(crate) fn new_file(file: NewFile) -> (v1::Revision, v1::RevisionFile) {
    (revision(file.view), v1::RevisionFile { path: file.path, content: file.content })
}

/// How new files are named and written.
pub(crate) fn settings(
    settings: Option<v1::RevisionFileSettings>,
    version_locations: Vec<String>,
) -> Result<FileSettings, Status> {
    let settings = settings.unwrap_or_default();
    Ok(FileSettings {
        operations: settings.format() == v1::RevisionFormat::Yaml,
        file_template: settings.file_template,
        truncate_slug_length: settings.truncate_slug_length as usize,
        timezone: settings.timezone,
        version_locations,
    })
}

/// An id that was asked for.
pub(crate) fn asked_id(id: String) -> Option<String> {
    filled(id)
}

/// A request for a new revision.
pub(crate) fn create(request: v1::CreateRevisionRequest) -> Result<CreateRevision, Status> {
    if request.upgrade.is_none() && request.downgrade.is_some() {
        return Err(invalid("downgrade", "there are operations to go back, and none to go on"));
    }
    if request.upgrade.is_some() && !(request.up_sql.is_empty() && request.down_sql.is_empty()) {
        return Err(invalid("upgrade", "the revision is told twice, as operations and as SQL"));
    }
    let dialects = request.dialects().map(dialect).collect::<Result<_, _>>()?;
    let upgrade = request.upgrade.as_ref().map(|list| operations("upgrade", list)).transpose()?;
    let downgrade = request.downgrade.as_ref().map(|list| operations("downgrade", list)).transpose()?;
    Ok(CreateRevision {
        project: request.project,
        graph: graph(request.graph)?,
        message: request.message,
        heads: request.heads,
        splice: request.splice,
        branch_labels: request.branch_labels,
        id: asked_id(request.revision_id),
        depends_on: request.depends_on,
        version_path: filled(request.version_path),
        settings: settings(request.settings, request.version_locations)?,
        up: request.up_sql,
        down: request.down_sql,
        operations: (upgrade.unwrap_or_default(), downgrade),
        dialects,
        target: maybe_target(request.target),
    })
}

fn operations(field: &str, list: &v1::Operations) -> Result<Vec<Operation>, Status> {
    let read = list.operations.iter().enumerate();
    read.map(|(at, operation)| described(&format!("{field}.operations[{at}]"), operation)).collect()
}

fn dialect(named: v1::Dialect) -> Result<DialectName, Status> {
    match named {
        v1::Dialect::Postgres => Ok(DialectName::Postgres),
        v1::Dialect::Mysql => Ok(DialectName::Mysql),
        v1::Dialect::Sqlite => Ok(DialectName::Sqlite),
        v1::Dialect::Unspecified => Err(invalid("dialects", "a dialect is not told")),
    }
}
