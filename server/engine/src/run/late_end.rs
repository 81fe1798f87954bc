//! Ends of runs that the store had no room for: stored as soon as it has.

use super::RunLog;
use crate::Engine;
use migrated_core::event::EventKind;
use migrated_store::{RunRecord, StoreError};
use migrated_target::edge::Edge;
use std::time::Duration;

/// The first pause between two attempts, which doubles.
const FIRST: Duration = Duration::from_millis(200);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(2);

impl Engine {
    /// Goes on trying to store how a run ended, and its last event. Until that is done the store tells of it as under way:
    /// to other daemons it is this one's, which nobody else settles.
    pub(super) fn store_end_later(&self, record: RunRecord, last: EventKind) {
        let engine = self.clone();
        drop(self.inner.runs.tasks.spawn(async move { engine.end_later(record, last).await }));
    }

    async fn end_later(&self, record: RunRecord, last: EventKind) {
        let mut pause = FIRST;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Who starts next settles it.
                () = self.inner.runs.closing.cancelled() => return,
            }
            match self.store().update_run(&record, record.version).await {
                Ok(_) => {
                    self.edge(Edge::EndStored).await;
                    break;
                }
                Err(StoreError::Unavailable(_) | StoreError::Full(_)) => pause = (pause * 2).min(LONGEST),
                Err(e) => {
                    tracing::debug!(run = %record.id, error = %e, "the end of the run is stored by another");
                    return;
                }
            }
        }
        tracing::info!(run = %record.id, "the end of the run is stored");
        match self.last_event(&record.id).await {
            Ok(seq) => {
                RunLog::start(&record.id, seq, self).finish(last).await;
                self.edge(Edge::EndShown).await;
            }
            Err(e) => {
                tracing::warn!(run = %record.id, error = %e, "the last event of the run is not stored yet")
            }
        }
    }
}
