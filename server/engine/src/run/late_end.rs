//! Ends of runs that the store had no room for: stored as soon as it has.

use super::RunLog;
use crate::Engine;
use migrated_core::event::{EventKind, RunState};
use migrated_store::{RunRecord, StepNote, StepState, StoreError};
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
            let stored = match self.store_lost_notes(&record).await {
                Ok(()) => self.store().update_run(&record, record.version).await.map(drop),
                Err(e) => Err(e),
            };
            match stored {
                Ok(()) => {
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

    /// Notes how the steps ended, as far as the store had no room for that either.
    async fn store_lost_notes(&self, record: &RunRecord) -> Result<(), StoreError> {
        let failed = matches!(record.state, RunState::Failed | RunState::Cancelled);
        let mut lost = Vec::new();
        for step in self.store().steps(&record.id).await? {
            let state = match step.state {
                StepState::Done | StepState::Failed => continue,
                _ if step.index <= record.steps_done => StepState::Done,
                StepState::Started if failed => StepState::Failed,
                _ => continue,
            };
            lost.push(StepNote { index: step.index, state, xid: None, at: self.now() });
        }
        if !lost.is_empty() {
            self.store().note_steps(&record.id, &lost).await?;
            self.edge(Edge::NotesStored).await;
        }
        Ok(())
    }
}
