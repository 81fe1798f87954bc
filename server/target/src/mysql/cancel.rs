//! Stopping connections: cancel or kill, wait, verify. Ids of connections are not used twice while a server runs, so
//! id and start of the server together name one for ever; the start is compared on the very connection that kills.

use super::connect::{Connected, Purpose};
use super::wire::{Answer, Wire};
use super::{MysqlTarget, error};
use crate::ending::{Activity, Asked, END_WITHIN, Watch, end_work, gone, state};
use crate::{Backend, BackendState, Canceller, TargetError};
use async_trait::async_trait;
use std::time::Duration;

/// Stops what a session does.
pub(super) struct MysqlCanceller {
    pub(super) target: MysqlTarget,
    pub(super) backend: Backend,
    pub(super) asked: Asked,
}

#[async_trait]
impl Canceller for MysqlCanceller {
    async fn cancel(&self) -> Result<(), TargetError> {
        self.asked.ask();
        let mut watcher = Watcher::open(&self.target).await?;
        let signalled = match watcher.activity(&self.backend).await {
            Ok(Some(activity)) if activity.at_work => watcher.kill("QUERY", &self.backend).await,
            Ok(_) => Ok(()),
            Err(e) => Err(e),
        };
        watcher.close().await;
        signalled
    }

    async fn terminate(&self, grace: Duration) -> Result<(), TargetError> {
        self.asked.ask();
        end_work(Watcher::open(&self.target).await?, &self.backend, grace).await
    }
}

/// Whether a backend is still there.
pub(super) async fn look(target: &MysqlTarget, backend: &Backend) -> Result<BackendState, TargetError> {
    state(Watcher::open(target).await?, backend).await
}

/// Ends a backend of ours: kill, wait, verify.
pub(super) async fn end(
    target: &MysqlTarget,
    backend: &Backend,
    grace: Duration,
) -> Result<BackendState, TargetError> {
    let mut watcher = Watcher::open(target).await?;
    let ended = watcher.end(backend, grace).await;
    watcher.close().await;
    ended
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

    async fn kill(&mut self, what: &str, backend: &Backend) -> Result<(), TargetError> {
        match self.wire.query(&format!("KILL {what} {}", backend.pid)).await {
            // "Unknown thread id": it is gone already.
            Err((_, e)) if error::number(&e) != Some(1094) => Err(error::outside(&e, "ending a connection")),
            _ => Ok(()),
        }
    }

    /// Killing a connection interrupts its statement as killing the query alone does. That alone would not do:
    /// SLEEP() and others then end as if they were done, and a client that is alive goes on to the next.
    async fn end(&mut self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        if self.activity(backend).await?.is_none() {
            return Ok(BackendState::Gone);
        }
        self.kill("CONNECTION", backend).await?;
        gone(self, backend, grace.max(END_WITHIN)).await
    }
}

#[async_trait]
impl Watch for Watcher {
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

    async fn end_connection(&mut self, backend: &Backend) -> Result<(), TargetError> {
        self.kill("CONNECTION", backend).await
    }

    async fn close(self) {
        self.wire.close().await;
    }
}
