//! Work sessions, opened ahead of the steps that need them (rule R5), and recorded durably before they work (R3).

use crate::{Engine, Result};
use migrated_store::StepRecord;
use migrated_target::{Session, SessionMode, SessionOptions, Target};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// A session, and its share of the connections that we may have to the server.
pub(crate) struct Opened {
    pub(crate) session: Box<dyn Session>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Hands out the session of each step.
pub(crate) struct Sessions {
    engine: Engine,
    run: String,
    target: Arc<dyn Target>,
    options: SessionOptions,
    mode: SessionMode,
    permits: Arc<Semaphore>,
    steps: Vec<StepRecord>,
    /// Sessions being opened, by step.
    ahead: VecDeque<(usize, JoinHandle<Result<Opened>>)>,
    kept: Option<Opened>,
}

impl Sessions {
    pub(crate) fn new(
        engine: Engine,
        target: Arc<dyn Target>,
        options: SessionOptions,
        mode: SessionMode,
        steps: Vec<StepRecord>,
    ) -> Sessions {
        // Without a reset a kept session would show one revision what another left in it.
        let mode = if target.capabilities().session_reset { mode } else { SessionMode::Revision };
        let permits = engine.inner.runs.server(target.key());
        let run = options.run.clone();
        Sessions { engine, run, target, options, mode, permits, steps, ahead: VecDeque::new(), kept: None }
    }

    /// The session for step `index` (from 0). In run mode the kept one, which [`Sessions::give_back`] reset.
    pub(crate) async fn take(&mut self, index: usize) -> Result<Opened> {
        if let Some(kept) = self.kept.take() {
            return Ok(kept);
        }
        let mut opened = None;
        while let Some((at, task)) = self.ahead.pop_front() {
            if at < index {
                task.abort();
                continue;
            }
            // A session that could not be opened ahead is opened now, and its error, if any, is told then.
            opened = task.await.ok().and_then(Result::ok);
            break;
        }
        let opened = match opened {
            Some(opened) => opened,
            None => {
                let permit = self.permits.clone().acquire_owned().await.ok();
                let steps = self.recorded_by(index);
                open(&self.engine, &self.run, self.target.as_ref(), &self.options, steps, permit).await?
            }
        };
        self.open_ahead(index + 1);
        Ok(opened)
    }

    /// Takes a session back after its step. In run mode it is reset and kept, else closed.
    pub(crate) async fn give_back(&mut self, mut opened: Opened) -> Result<()> {
        if self.mode == SessionMode::Run && opened.session.reset().await.unwrap_or(false) {
            self.kept = Some(opened);
            return Ok(());
        }
        if self.mode == SessionMode::Revision {
            // Saying goodbye costs a round trip that nobody needs to wait for.
            tokio::spawn(async move { opened.session.close().await });
        } else {
            opened.session.close().await;
        }
        Ok(())
    }

    /// Throws away what was opened ahead: a step changed what a new session starts with.
    pub(crate) fn discard_ahead(&mut self) {
        for (_, task) in self.ahead.drain(..) {
            task.abort();
        }
    }

    /// Closes everything.
    pub(crate) async fn close(mut self) {
        self.discard_ahead();
        if let Some(kept) = self.kept.take() {
            kept.session.close().await;
        }
    }

    /// Steps whose record names the session that is opened for `index`.
    fn recorded_by(&self, index: usize) -> Vec<StepRecord> {
        match self.mode {
            SessionMode::Run => self.steps.iter().skip(index).cloned().collect(),
            SessionMode::Revision => self.steps.iter().skip(index).take(1).cloned().collect(),
        }
    }

    fn open_ahead(&mut self, from: usize) {
        if self.mode == SessionMode::Run {
            return;
        }
        let depth = self.engine.settings().preconnect;
        let mut next = self.ahead.back().map_or(from, |(at, _)| at + 1);
        while self.ahead.len() < depth && next < self.steps.len() {
            // Never wait for a permit here: opening ahead must not keep another run from its one connection.
            let Ok(permit) = self.permits.clone().try_acquire_owned() else { return };
            let (engine, run) = (self.engine.clone(), self.run.clone());
            let (target, options) = (self.target.clone(), self.options.clone());
            let steps = self.recorded_by(next);
            let task = tokio::spawn(async move {
                open(&engine, &run, target.as_ref(), &options, steps, Some(permit)).await
            });
            self.ahead.push_back((next, task));
            next += 1;
        }
    }
}

async fn open(
    engine: &Engine,
    run: &str,
    target: &dyn Target,
    options: &SessionOptions,
    mut steps: Vec<StepRecord>,
    permit: Option<OwnedSemaphorePermit>,
) -> Result<Opened> {
    let session = target.connect(options).await?;
    let backend = session.backend();
    for step in &mut steps {
        step.backend_pid = Some(backend.pid);
        step.backend_start = Some(backend.start.clone());
    }
    engine.store().put_steps(run, &steps).await?;
    Ok(Opened { session, _permit: permit })
}
