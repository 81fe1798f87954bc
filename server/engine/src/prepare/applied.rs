//! Which content stands applied on a target: kept in memory, written to the store in groups.

use crate::graph::LoadedGraph;
use crate::place::Place;
use crate::plan::Decided;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::{AppliedRecord, Hash};
use migrated_target::Standing;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Records = Arc<HashMap<String, AppliedRecord>>;

#[derive(Default)]
struct Entry {
    records: Option<Records>,
    put: Vec<AppliedRecord>,
    remove: Vec<String>,
    /// The graph and rows that were last compared without finding a change: comparing ten thousand hashes again
    /// for a run with nothing to do would be most of that run's time.
    unchanged: Option<(Hash, Vec<String>)>,
}

/// Records of applied content by target key.
#[derive(Default)]
pub(crate) struct Verified(Mutex<HashMap<String, Entry>>);

impl Verified {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes records to be written and removed; [`Engine::flush_applied`] makes them durable.
    pub(crate) fn note_applied(&self, key: &str, put: Vec<AppliedRecord>, remove: Vec<String>) {
        let mut entries = self.entries();
        let entry = entries.entry(key.to_owned()).or_default();
        entry.unchanged = None;
        if let Some(records) = &mut entry.records {
            let records = Arc::make_mut(records);
            for id in &remove {
                records.remove(id);
            }
            records.extend(put.iter().map(|r| (r.revision.clone(), r.clone())));
        }
        entry.put.retain(|r| !remove.contains(&r.revision));
        entry.remove.retain(|id| put.iter().all(|r| r.revision != *id));
        entry.put.extend(put);
        entry.remove.extend(remove);
    }

    fn is_unchanged(&self, key: &str, graph: &Hash, rows: &[String]) -> bool {
        let entries = self.entries();
        let known = entries.get(key).and_then(|e| e.unchanged.as_ref());
        known.is_some_and(|(g, r)| g == graph && r == rows)
    }

    fn set_unchanged(&self, key: &str, graph: Hash, rows: Vec<String>) {
        self.entries().entry(key.to_owned()).or_default().unchanged = Some((graph, rows));
    }
}

impl Engine {
    /// The records of a target, those included that are not written yet.
    pub(crate) async fn applied(&self, key: &str) -> Result<Records> {
        if let Some(records) = self.inner.verified.entries().get(key).and_then(|e| e.records.clone()) {
            return Ok(records);
        }
        let stored = self.store().applied(key).await?;
        let mut records: HashMap<String, AppliedRecord> =
            stored.into_iter().map(|r| (r.revision.clone(), r)).collect();
        let mut entries = self.inner.verified.entries();
        let entry = entries.entry(key.to_owned()).or_default();
        for id in &entry.remove {
            records.remove(id);
        }
        records.extend(entry.put.iter().map(|r| (r.revision.clone(), r.clone())));
        let records = Arc::new(records);
        entry.records = Some(records.clone());
        Ok(records)
    }

    /// Writes what was noted.
    pub(crate) async fn flush_applied(&self, key: &str) -> Result<()> {
        let (put, remove) = match self.inner.verified.entries().get_mut(key) {
            Some(entry) => (std::mem::take(&mut entry.put), std::mem::take(&mut entry.remove)),
            None => return Ok(()),
        };
        if put.is_empty() && remove.is_empty() {
            return Ok(());
        }
        if let Err(e) = self.store().record_applied(key, &put, &remove).await {
            let mut entries = self.inner.verified.entries();
            let entry = entries.entry(key.to_owned()).or_default();
            entry.put.splice(0..0, put);
            entry.remove.splice(0..0, remove);
            return Err(e.into());
        }
        Ok(())
    }

    /// Refuses where a revision that stands applied has other content in the request's graph than was applied
    /// (exit code 12). Where nothing is recorded, nothing is known and nothing is checked.
    pub(crate) async fn check_applied(
        &self,
        _project: &str,
        graph: &Arc<LoadedGraph>,
        place: &Place,
        standing: &Standing,
        decided: &Decided,
    ) -> Result<()> {
        let rows = standing.rows.clone().unwrap_or_default();
        if decided.purge || rows.is_empty() {
            return Ok(());
        }
        let digest = graph.digest.unwrap_or_default();
        if self.inner.verified.is_unchanged(place.key(), &digest, &rows) {
            return Ok(());
        }
        let records = self.applied(place.key()).await?;
        if records.is_empty() {
            return Ok(());
        }
        let stands = decided.graph.closure(&rows);
        for id in graph.load_order() {
            let (Some(record), Some(revision)) = (records.get(id), graph.revision(id)) else { continue };
            if stands.contains(id) && record.token_hash != revision.header.token_hash {
                return Err(changed(id, &revision.path, &place.name, record, &revision.header.token_hash));
            }
        }
        self.inner.verified.set_unchanged(place.key(), digest, rows);
        Ok(())
    }
}

fn changed(id: &str, path: &str, target: &str, record: &AppliedRecord, now: &Hash) -> EngineError {
    let (old, new) = (hex::encode(record.token_hash), hex::encode(now));
    EngineError::new(
        Code::ChangedRevision,
        format!("{id} ({path}) was changed after it was applied to {target}: applied {}…, now {}…", &old[..12], &new[..12]),
    )
    .revision(id)
    .with("path", path)
    .with("target", target)
    .with("applied_hash", old)
    .with("present_hash", new)
    .next(format!(
        "restore the file; or, if the change does not matter, `migratectl repair --accept-hash {id} --reason TEXT`"
    ))
}
