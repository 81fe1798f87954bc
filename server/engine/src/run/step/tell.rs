//! What a step tells while it runs.

use crate::Engine;
use crate::run::RunHandle;
use async_trait::async_trait;
use migrated_core::event::EventKind;
use migrated_store::StepNote;
use migrated_target::edge::{Edge, Edges};
use migrated_target::{TargetError, Tell};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Passes events on and remembers which statement is at work.
pub(super) struct StepTell<'a> {
    run: &'a RunHandle,
    edges: &'a dyn Edges,
    /// The step as it begins; `None` for the COMMIT of a whole run.
    begun: Option<StepNote>,
    epoch: Instant,
    statement: AtomicU32,
    since_ms: AtomicU64,
    /// First words of a statement that came from a client.
    pub(super) summary: Mutex<String>,
}

impl<'a> StepTell<'a> {
    pub(super) fn new(engine: &'a Engine, run: &'a RunHandle, begun: Option<StepNote>) -> StepTell<'a> {
        if let Some(note) = &begun {
            run.log.note(note.clone(), false);
        }
        StepTell {
            run,
            edges: engine.inner.edges.as_ref(),
            begun,
            epoch: Instant::now(),
            statement: AtomicU32::new(0),
            since_ms: AtomicU64::new(0),
            summary: Mutex::default(),
        }
    }

    /// The statement at work and for how long it has been.
    pub(super) fn at_work(&self) -> (u32, Duration) {
        let since = Duration::from_millis(self.since_ms.load(Ordering::Relaxed));
        (self.statement.load(Ordering::Relaxed), self.epoch.elapsed().saturating_sub(since))
    }
}

#[async_trait]
impl Tell for StepTell<'_> {
    fn statement_started(&self, index: u32) {
        self.since_ms.store(self.epoch.elapsed().as_millis() as u64, Ordering::Relaxed);
        self.statement.store(index, Ordering::Relaxed);
    }

    fn statement_sent(&self, index: u32, summary: &str) {
        let mut known = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != summary {
            summary.clone_into(&mut known);
        }
        drop(known);
        self.statement_started(index);
    }

    fn event(&self, what: EventKind) {
        self.run.log.push(what);
    }

    fn transaction(&self, xid: &str) {
        if let Some(begun) = &self.begun {
            self.run.log.note(StepNote { xid: Some(xid.to_owned()), ..begun.clone() }, true);
        }
    }

    async fn edge(&self, edge: Edge) {
        self.edges.pass(edge).await;
    }

    async fn recorded(&self) -> std::result::Result<(), TargetError> {
        self.run.log.recorded().await.map_err(|e| {
            TargetError::new(
                e.code(),
                format!("the transaction is not committed, for its id cannot be recorded: {e}"),
            )
        })
    }
}
