//! Stopping connections: cancel or kill, wait, verify. Ids of connections are not used twice while a server runs, so
//! id and start of the server together name one for ever; the start is compared on the very connection that kills.

use super::connect::{Connected, Purpose};
use super::wire::{Answer, Wire};
use super::{MysqlTarget, error};
use crate::{Backend, BackendState, Canceller, TargetError};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The server has no event for the end of a connection: this is how often we look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a connection may take to end after it was killed: DDL that is cut off is undone first.
const KILL_WITHIN: Duration = Duration::from_secs(10);

/// Stops what a session does.
pub(super) struct MysqlCanceller {
    target: MysqlTarget,
    backend: Backend,
    asked: AtomicBool,
    told: Notify,
}

impl MysqlCanceller {
    pub(super) fn new(target: &MysqlTarget, backend: &Backend) -> MysqlCanceller {
        MysqlCanceller {
            target: target.clone(),
            backend: backend.clone(),
            asked: AtomicBool::new(false),
            told: Notify::new(),
        }
    }

    /// Whether somebody asked to stop. The session looks before each statement: between two of them the server
    /// has nothing to cancel.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits, but not longer than until somebody asks to stop.
    pub(super) async fn pause(&self, pause: Duration) {
        let told = self.told.notified();
        if !self.was_asked() {
            // A timeout is the usual end here.
            let _ = tokio::time::timeout(pause, told).await;
        }
    }

    fn ask(&self) {
        // First the flag: a statement that begins between it and the signal would be missed otherwise.
        self.asked.store(true, Ordering::SeqCst);
        self.told.notify_one();
    }
}

#[async_trait]
impl Canceller for MysqlCanceller {
    async fn cancel(&self) -> Result<(), TargetError> {
        self.ask();
        let mut watcher = Watcher::open(&self.target).await?;
        let signalled = match watcher.activity(&self.backend).await {
            Ok(Some(activity)) if activity.at_work => watcher.kill("QUERY", &self.backend).await,
            Ok(_) => Ok(()),
            Err(e) => Err(e),
        };
        watcher.wire.close().await;
        signalled
    }

    async fn terminate(&self, grace: Duration) -> Result<(), TargetError> {
        self.ask();
        let mut watcher = Watcher::open(&self.target).await?;
        let deadline = Instant::now() + grace;
        let ended = loop {
            match watcher.activity(&self.backend).await? {
                Some(activity) if activity.at_work && Instant::now() >= deadline => {
                    watcher.kill("CONNECTION", &self.backend).await?;
                    break watcher.gone(&self.backend, KILL_WITHIN).await.map(drop);
                }
                Some(activity) if activity.at_work => tokio::time::sleep(LOOK_EVERY).await,
                _ => break Ok(()),
            }
        };
        watcher.wire.close().await;
        ended
    }
}

/// Whether a backend is still there.
pub(super) async fn state(target: &MysqlTarget, backend: &Backend) -> Result<BackendState, TargetError> {
    let mut watcher = Watcher::open(target).await?;
    let activity = watcher.activity(backend).await;
    watcher.wire.close().await;
    Ok(activity?.map_or(BackendState::Gone, Activity::into_state))
}

/// Ends a backend of ours: kill, wait, verify.
pub(super) async fn end(
    target: &MysqlTarget,
    backend: &Backend,
    grace: Duration,
) -> Result<BackendState, TargetError> {
    let mut watcher = Watcher::open(target).await?;
    let ended = watcher.end(backend, grace).await;
    watcher.wire.close().await;
    ended
}

struct Activity {
    at_work: bool,
    what: String,
}

impl Activity {
    fn into_state(self) -> BackendState {
        BackendState::Alive(self.what)
    }
}

/// A connection that looks after another.
struct Watcher {
    wire: Wire,
    /// The start of the server that this connection reached.
    server: String,
}

impl Watcher {
    async fn open(target: &MysqlTarget) -> Result<Watcher, TargetError> {
        let Connected { wire, backend, .. } = target.connected(Purpose::Ours).await?;
        Ok(Watcher { wire, server: backend.start })
    }

    async fn ask(&mut self, text: &str, doing: &str) -> Result<Answer, TargetError> {
        match self.wire.query(text).await {
            Ok(mut answers) => Ok(answers.pop().unwrap_or_default()),
            Err((_, e)) => Err(error::outside(&e, doing)),
        }
    }

    async fn activity(&mut self, backend: &Backend) -> Result<Option<Activity>, TargetError> {
        if backend.start != self.server {
            // It was a connection of a server that runs no more, or of another.
            return Ok(None);
        }
        let text = format!(
            "SELECT p.COMMAND,IFNULL(p.STATE,''),LEFT(IFNULL(p.INFO,''),200) \
             FROM information_schema.processlist p WHERE p.ID={}",
            backend.pid
        );
        let answer = self.ask(&text, "looking for a connection").await?;
        let cell = |at| answer.first(at).unwrap_or_default();
        Ok(answer.first(0).map(|command| Activity {
            at_work: !matches!(command, "Sleep" | "Killed"),
            what: format!("{command} {}: {}", cell(1), cell(2)),
        }))
    }

    async fn kill(&mut self, what: &str, backend: &Backend) -> Result<(), TargetError> {
        match self.wire.query(&format!("KILL {what} {}", backend.pid)).await {
            // "Unknown thread id": it is gone already.
            Err((_, e)) if error::number(&e) != Some(1094) => Err(error::outside(&e, "ending a connection")),
            _ => Ok(()),
        }
    }

    /// Waits until the backend is gone.
    async fn gone(&mut self, backend: &Backend, within: Duration) -> Result<BackendState, TargetError> {
        let deadline = Instant::now() + within;
        loop {
            match self.activity(backend).await? {
                None => return Ok(BackendState::Gone),
                Some(activity) if Instant::now() >= deadline => return Ok(activity.into_state()),
                Some(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// Killing a connection interrupts its statement as killing the query alone does. That alone would not do:
    /// SLEEP() and others then end as if they were done, and a client that is alive goes on to the next.
    async fn end(&mut self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        if self.activity(backend).await?.is_none() {
            return Ok(BackendState::Gone);
        }
        self.kill("CONNECTION", backend).await?;
        self.gone(backend, grace.max(KILL_WITHIN)).await
    }
}
