//! What a step tells while it runs.

use crate::Engine;
use crate::run::RunHandle;
use async_trait::async_trait;
use migrated_core::event::{Blocker, EventKind};
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
    /// The attempt at the statement at work.
    attempt: AtomicU32,
    /// Who was seen to be in its way.
    blockers: Mutex<Vec<Blocker>>,
}

impl<'a> StepTell<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        run: &'a RunHandle,
        begun: Option<StepNote>,
        attempt: u32,
    ) -> StepTell<'a> {
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
            attempt: AtomicU32::new(attempt),
            blockers: Mutex::default(),
        }
    }

    /// The statement at work and for how long it has been.
    pub(super) fn at_work(&self) -> (u32, Duration) {
        let since = Duration::from_millis(self.since_ms.load(Ordering::Relaxed));
        (self.statement.load(Ordering::Relaxed), self.epoch.elapsed().saturating_sub(since))
    }

    /// The attempt at the statement at work.
    pub(super) fn attempt(&self) -> u32 {
        self.attempt.load(Ordering::Relaxed)
    }

    pub(super) fn note_blockers(&self, blockers: &[Blocker]) {
        blockers.clone_into(&mut self.blockers.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn take_blockers(&self) -> Vec<Blocker> {
        std::mem::take(&mut *self.blockers.lock().unwrap_or_else(PoisonError::into_inner))
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

    fn event(&self, mut what: EventKind) {
        match &mut what {
            // The statement is tried again by itself, for others of its step are done.
            EventKind::Retrying { attempt, message, .. } => {
                name_blockers(message, &self.take_blockers());
                self.attempt.store(*attempt + 1, Ordering::Relaxed);
            }
            EventKind::StatementFinished { .. } => self.note_blockers(&[]),
            _ => {}
        }
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

/// Says in a message about a lock that was not got who was in its way.
pub(super) fn name_blockers(message: &mut String, blockers: &[Blocker]) {
    let Some(first) = blockers.first() else { return };
    let of = match (first.application.as_str(), first.user.as_str()) {
        ("", user) => user.to_owned(),
        (application, user) => format!("{application} of {user}"),
    };
    let on = if first.object.is_empty() { String::new() } else { format!(" on {}", first.object) };
    let age = first.age_ms / 1_000;
    message.push_str(&format!("; pid {} ({of}, for {age}s) was in the way{on}", first.pid));
    let query: String = first.query.split_whitespace().collect::<Vec<_>>().join(" ");
    if !query.is_empty() {
        let shown: String = query.chars().take(80).collect();
        let more = if shown.len() < query.len() { "…" } else { "" };
        message.push_str(&format!(": {shown}{more}"));
    }
    if blockers.len() > 1 {
        message.push_str(&format!(", and {} more", blockers.len() - 1));
    }
}
