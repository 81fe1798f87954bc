//! Work sessions, opened ahead of the steps that need them (rule R5), and recorded durably before they work (R3).

use crate::connections::{Ahead, OwnPermit, Server};
use crate::{Engine, Result};
use migrated_store::BackendRecord;
use migrated_target::edge::Edge;
use migrated_target::{Session, SessionMode, SessionOptions, Target};
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

/// A session, and its share of the connections that we may have to the server.
pub(crate) struct Opened {
    pub(crate) session: Box<dyn Session>,
    permit: OwnedSemaphorePermit,
}

impl Opened {
    /// A session that was opened with that permit.
    pub(crate) fn new(session: Box<dyn Session>, permit: OwnedSemaphorePermit) -> Opened {
        Opened { session, permit }
    }

    /// Says goodbye, which costs a round trip that nobody needs to wait for.
    pub(crate) fn close_aside(self) -> JoinHandle<OwnedSemaphorePermit> {
        tokio::spawn(async move {
            self.session.close().await;
            self.permit
        })
    }
}

/// Hands out the session of each step.
pub(crate) struct Sessions {
    engine: Engine,
    target: Arc<dyn Target>,
    server: Arc<Server>,
    options: SessionOptions,
    mode: SessionMode,
    /// Number of steps.
    steps: usize,
    /// Sessions being opened, by step.
    ahead: VecDeque<(usize, Arc<Ahead>, JoinHandle<()>)>,
    /// Most of them.
    depth: usize,
    kept: Option<Opened>,
    /// The run's own permit is here, or in the session at work, or in a session that is being closed.
    own: Option<OwnedSemaphorePermit>,
    returning: Option<JoinHandle<OwnedSemaphorePermit>>,
}

impl Sessions {
    /// `own` is the permit that the run has for its work, from its share.
    pub(crate) fn new(
        engine: Engine,
        target: Arc<dyn Target>,
        server: Arc<Server>,
        own: OwnPermit,
        options: SessionOptions,
        mode: SessionMode,
        steps: usize,
    ) -> Sessions {
        // Without a reset a kept session would show one revision what another left in it.
        let mode = if target.capabilities().session_reset { mode } else { SessionMode::Revision };
        let depth = engine.settings().preconnect.min(own.ahead);
        let (ahead, kept, own, returning) = (VecDeque::new(), None, Some(own.permit), None);
        Sessions { engine, target, server, options, mode, steps, ahead, depth, kept, own, returning }
    }

    /// The session for step `index` (from 0). In run mode the kept one, which [`Sessions::give_back`] reset.
    pub(crate) async fn take(&mut self, index: usize) -> Result<Opened> {
        if let Some(kept) = self.kept.take() {
            return Ok(kept);
        }
        let mut opened = None;
        while let Some((at, ahead, task)) = self.ahead.pop_front() {
            if at < index {
                task.abort();
                continue;
            }
            // One that could not be opened ahead, or gave way, is opened now; its error, if any, is told then.
            let _ = task.await;
            opened = ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
            break;
        }
        let opened = match opened {
            Some(opened) => opened,
            None => {
                let permit = self.own_permit().await;
                let steps = self.recorded_by(index);
                match open(&self.engine, self.target.as_ref(), &self.options, steps).await {
                    Ok(session) => Opened::new(session, permit),
                    Err(e) => {
                        self.own = Some(permit);
                        return Err(e);
                    }
                }
            }
        };
        self.open_ahead(index + 1);
        Ok(opened)
    }

    /// Takes a session back after its step. In run mode it is reset and kept, else closed.
    pub(crate) async fn give_back(&mut self, mut opened: Opened) {
        if self.mode == SessionMode::Run && opened.session.reset().await.unwrap_or(false) {
            self.kept = Some(opened);
        } else {
            self.close_one(opened);
        }
    }

    /// Takes a session back that may be broken or in any state, and waits until it is closed.
    pub(crate) async fn end_one(&mut self, opened: Opened) {
        let Opened { session, permit } = opened;
        session.close().await;
        if self.own.is_none() && self.returning.is_none() {
            self.own = Some(permit);
        }
    }

    fn close_one(&mut self, opened: Opened) {
        let closing = opened.close_aside();
        if self.own.is_none() && self.returning.is_none() {
            self.returning = Some(closing);
        }
    }

    /// The run's own permit. Every session that worked on it has been given back before the next one is taken.
    async fn own_permit(&mut self) -> OwnedSemaphorePermit {
        if let Some(own) = self.own.take() {
            return own;
        }
        match self.returning.take() {
            Some(closing) => match closing.await {
                Ok(permit) => permit,
                Err(_) => self.server.another().await,
            },
            None => self.server.another().await,
        }
    }

    /// Throws away what was opened ahead: a step changed what a new session starts with.
    pub(crate) fn discard_ahead(&mut self) {
        for (_, ahead, task) in self.ahead.drain(..) {
            task.abort();
            let opened = ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
            opened.map(Opened::close_aside);
        }
    }

    /// Closes everything.
    pub(crate) async fn close(mut self) {
        self.discard_ahead();
        if let Some(kept) = self.kept.take() {
            kept.session.close().await;
        }
    }

    /// Steps whose record names the session that is opened for `index`: first and last, from 1.
    fn recorded_by(&self, index: usize) -> (u32, u32) {
        let first = index as u32 + 1;
        match self.mode {
            SessionMode::Run => (first, self.steps as u32),
            SessionMode::Revision => (first, first),
        }
    }

    fn open_ahead(&mut self, from: usize) {
        if self.mode == SessionMode::Run {
            return;
        }
        let mut next = self.ahead.back().map_or(from, |(at, ..)| at + 1);
        while self.ahead.len() < self.depth && next < self.steps {
            let Some(permit) = self.server.spare() else { return };
            let (engine, options) = (self.engine.clone(), self.options.clone());
            let (target, server) = (self.target.clone(), self.server.clone());
            let steps = self.recorded_by(next);
            let ahead = Arc::new(Ahead::default());
            let place = ahead.clone();
            let task = tokio::spawn(async move {
                if let Ok(session) = open(&engine, target.as_ref(), &options, steps).await {
                    server.offer(&place, Opened::new(session, permit));
                }
            });
            self.ahead.push_back((next, ahead, task));
            next += 1;
        }
    }
}

async fn open(
    engine: &Engine,
    target: &dyn Target,
    options: &SessionOptions,
    (first, last): (u32, u32),
) -> Result<Box<dyn Session>> {
    let session = target.connect(options).await?;
    engine.edge(Edge::Connected).await;
    let backend = session.backend();
    let record = BackendRecord { first, last, pid: backend.pid, start: backend.start.clone() };
    engine.store().put_backend(&options.run, &record).await?;
    engine.edge(Edge::BackendStored).await;
    Ok(session)
}
