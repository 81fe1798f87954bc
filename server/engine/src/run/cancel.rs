//! Stopping runs: one by request, all of them when the daemon stops (rules R4, R16).

use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::RunRecord;
use migrated_target::edge::Edge;
use std::time::Duration;

/// Why a run stops that somebody asked to.
pub(crate) fn cancelled(actor: &str, reason: &str) -> EngineError {
    let message = match reason {
        "" => format!("cancelled by {actor}"),
        reason => format!("cancelled by {actor}: {reason}"),
    };
    EngineError::new(Code::Cancelled, message)
}

impl Engine {
    /// Stops a run and returns it as it is after that. A run that has ended stays as it is.
    pub async fn cancel(&self, id: &str, actor: &str, reason: &str) -> Result<RunRecord> {
        let id = self.run_id(id).await?;
        if let Some(run) = self.inner.runs.get(&id) {
            run.note_cancel(actor, cancelled(actor, reason));
            self.edge(Edge::CancelNoted).await;
            run.cancelled.cancel();
            let mut shown = run.log.subscribe();
            // The task ends the statement, if need be the session, and then the run: the log's end tells.
            let bound = self.settings().cancel_grace * 3;
            let _ = tokio::time::timeout(bound, shown.wait_for(|s| s.ended || s.moved)).await;
        } else {
            self.cancel_elsewhere(&id, actor, reason).await?;
        }
        self.run(&id).await
    }

    /// Stops taking runs. Those under way end after their current step; `now` cancels them.
    pub fn close(&self, now: bool) {
        self.inner.runs.closing.cancel();
        self.inner.runs.tasks.close();
        if now {
            for run in self.inner.runs.all() {
                run.cancel(
                    "shutdown",
                    EngineError::new(Code::Cancelled, "the daemon was told to stop at once"),
                );
            }
        }
    }

    /// Waits until every run has ended, at most `bound`. Returns whether all did.
    pub async fn closed(&self, bound: Duration) -> bool {
        tokio::time::timeout(bound, self.inner.runs.tasks.wait()).await.is_ok()
    }

    /// Number of runs under way in this process.
    pub fn runs_under_way(&self) -> usize {
        self.inner.runs.all().len()
    }
}
