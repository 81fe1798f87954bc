//! The revision store in a PostgreSQL database: one file here for each group of the traits.

mod applied;
mod audit;
mod backend;
mod body;
mod collect;
mod connection;
mod event_log;
mod fault;
mod known_schema;
mod lease;
mod manifest;
mod migrate;
mod ownership;
mod project;
mod published;
mod run;
mod share;
mod step;
mod step_note;
mod target;
mod telling;

pub use connection::{PostgresOptions, PostgresStore};
#[cfg(test)]
pub(crate) use migrate::MIGRATIONS;

use async_trait::async_trait;
use migrated_core::event::Event;

use crate::{
    AppliedRecord, AuditRecord, BackendRecord, Body, CreatedRun, Hash, Manifest, ManifestRevision,
    ProjectRecord, Published, Result, RunFilter, RunPage, RunRecord, Shared, StepNote, StepRecord, Store,
    TargetRecord,
};

#[async_trait]
impl Store for PostgresStore {
    async fn create_project(&self, project: &ProjectRecord) -> Result<()> {
        project::create(self, project).await
    }

    async fn project(&self, name: &str) -> Result<Option<ProjectRecord>> {
        project::get_one(self, name).await
    }

    async fn projects(&self, after: &str, limit: u32) -> Result<Vec<ProjectRecord>> {
        project::list(self, after, limit).await
    }

    async fn update_project(&self, project: &ProjectRecord, expected: u64) -> Result<u64> {
        project::update(self, project, expected).await
    }

    async fn delete_project(&self, name: &str) -> Result<bool> {
        project::delete(self, name).await
    }

    async fn missing_bodies(&self, hashes: &[Hash]) -> Result<Vec<Hash>> {
        body::missing(self, hashes).await
    }

    async fn put_bodies(&self, bodies: &[Body], at: i64) -> Result<()> {
        body::put(self, bodies, at).await
    }

    async fn body(&self, hash: &Hash) -> Result<Option<Vec<u8>>> {
        body::get(self, hash).await
    }

    async fn put_manifest(&self, project: &str, manifest: &Manifest, at: i64) -> Result<()> {
        manifest::put(self, project, manifest, at).await
    }

    async fn touch_manifest(&self, project: &str, digest: &Hash, at: i64) -> Result<bool> {
        manifest::touch(self, project, digest, at).await
    }

    async fn manifest(&self, project: &str, digest: &Hash) -> Result<Option<Vec<ManifestRevision>>> {
        manifest::get(self, project, digest).await
    }

    async fn known_revisions(&self, project: &str, ids: &[String]) -> Result<Vec<ManifestRevision>> {
        manifest::known(self, project, ids).await
    }

    async fn collect(&self, before: i64) -> Result<(u64, u64)> {
        collect::collect(self, before).await
    }

    async fn published(&self, project: &str) -> Result<Published> {
        published::get(self, project).await
    }

    async fn publish(&self, project: &str, expected: u64, digest: &Hash, audit: &AuditRecord) -> Result<u64> {
        published::publish(self, project, expected, digest, audit).await
    }

    async fn applied(&self, target_key: &str) -> Result<Vec<AppliedRecord>> {
        applied::list(self, target_key).await
    }

    async fn record_applied(&self, target_key: &str, put: &[AppliedRecord], remove: &[String]) -> Result<()> {
        applied::record_all(self, target_key, put, remove).await
    }

    async fn applied_anywhere(&self, project: &str, revisions: &[String]) -> Result<Vec<(String, String)>> {
        applied::anywhere(self, project, revisions).await
    }

    async fn create_target(&self, target: &TargetRecord) -> Result<()> {
        target::create(self, target).await
    }

    async fn target(&self, name: &str) -> Result<Option<TargetRecord>> {
        target::get_one(self, name).await
    }

    async fn targets(&self, after: &str, limit: u32) -> Result<Vec<TargetRecord>> {
        target::list(self, after, limit).await
    }

    async fn update_target(&self, target: &TargetRecord, expected: u64) -> Result<u64> {
        target::update(self, target, expected).await
    }

    async fn delete_target(&self, name: &str, expected: u64) -> Result<bool> {
        target::delete(self, name, expected).await
    }

    async fn create_run(&self, run: &RunRecord) -> Result<CreatedRun> {
        run::create(self, run).await
    }

    async fn update_run(&self, run: &RunRecord, expected: u64) -> Result<u64> {
        run::update(self, run, expected).await
    }

    async fn run(&self, id: &str) -> Result<Option<RunRecord>> {
        run::get_one(self, id).await
    }

    async fn run_of_request(&self, project: &str, request_id: &str) -> Result<Option<RunRecord>> {
        run::of_request(self, project, request_id).await
    }

    async fn runs(&self, filter: &RunFilter, page: &RunPage) -> Result<Vec<RunRecord>> {
        run::list(self, filter, page).await
    }

    async fn unsettled_runs(&self) -> Result<Vec<RunRecord>> {
        run::unsettled(self).await
    }

    async fn put_steps(&self, run: &str, steps: &[StepRecord]) -> Result<()> {
        step::put(self, run, steps).await
    }

    async fn put_backend(&self, run: &str, backend: &BackendRecord) -> Result<()> {
        backend::put(self, run, backend).await
    }

    async fn note_steps(&self, run: &str, notes: &[StepNote]) -> Result<()> {
        step_note::put(self, run, notes).await
    }

    async fn steps(&self, run: &str) -> Result<Vec<StepRecord>> {
        step::list(self, run).await
    }

    async fn append_events(&self, run: &str, events: &[Event]) -> Result<()> {
        event_log::append(self, run, events).await
    }

    async fn events(&self, run: &str, after: u64, limit: u32) -> Result<Vec<Event>> {
        event_log::list(self, run, after, limit).await
    }

    async fn prune_events(&self, before: i64) -> Result<u64> {
        event_log::prune(self, before).await
    }

    async fn known_schema(&self, key: &Hash, at: i64) -> Result<Option<Vec<u8>>> {
        known_schema::get(self, key, at).await
    }

    async fn put_known_schema(&self, key: &Hash, told: &[u8], at: i64, limit: u64) -> Result<()> {
        known_schema::put(self, key, told, at, limit).await
    }

    async fn audit(&self, entry: &AuditRecord) -> Result<()> {
        audit::add(self, entry).await
    }

    async fn audit_log(&self, project: &str, limit: u32) -> Result<Vec<AuditRecord>> {
        audit::list(self, project, limit).await
    }

    fn shared(&self) -> Option<&dyn Shared> {
        Some(self)
    }

    async fn close(&self) -> Result<()> {
        self.close_all().await
    }
}
