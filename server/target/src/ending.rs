//! Ending what a session does, from another connection: as a server's canceller does it.

use crate::{Backend, BackendState, TargetError};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Servers have no event for the end of a connection: this is how often we look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a connection may take to end after it was told to: DDL that is cut off is undone first.
pub(crate) const END_WITHIN: Duration = Duration::from_secs(10);

/// How long an orphan may take to end after it was cancelled, before it is ended.
pub(crate) const ORPHAN_GRACE: Duration = Duration::from_secs(5);

/// Whether somebody asked a session to stop. It looks before each statement: between two of them the server has
/// nothing to cancel.
#[derive(Default)]
pub(crate) struct Asked {
    asked: AtomicBool,
    told: Notify,
}

impl Asked {
    /// Asks. To be done before the server is told: a statement that begins between the two would be missed
    /// otherwise.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
        self.told.notify_one();
    }

    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits, but not longer than until somebody asks.
    pub(crate) async fn pause(&self, pause: Duration) {
        let told = self.told.notified();
        if !self.was_asked() {
            // A timeout is the usual end here.
            let _ = tokio::time::timeout(pause, told).await;
        }
    }
}

/// What a backend does.
pub(crate) struct Activity {
    /// Whether it executes a statement.
    pub(crate) at_work: bool,
    /// In the server's words, shortened.
    pub(crate) what: String,
}

/// A connection that looks after another.
#[async_trait]
pub(crate) trait Watch: Send {
    /// What a backend does; `None` where it is gone.
    async fn activity(&mut self, backend: &Backend) -> Result<Option<Activity>, TargetError>;
    /// Tells the server to end its connection.
    async fn end_connection(&mut self, backend: &Backend) -> Result<(), TargetError>;
    /// Says goodbye.
    async fn close(self);
}

/// Whether a backend is still there.
pub(crate) async fn state<W: Watch>(mut watcher: W, backend: &Backend) -> Result<BackendState, TargetError> {
    let activity = watcher.activity(backend).await;
    watcher.close().await;
    Ok(activity?.map_or(BackendState::Gone, |activity| BackendState::Alive(activity.what)))
}

/// Waits until a backend is gone.
pub(crate) async fn gone<W: Watch>(
    watcher: &mut W,
    backend: &Backend,
    within: Duration,
) -> Result<BackendState, TargetError> {
    let deadline = Instant::now() + within;
    loop {
        match watcher.activity(backend).await? {
            None => return Ok(BackendState::Gone),
            Some(activity) if Instant::now() >= deadline => return Ok(BackendState::Alive(activity.what)),
            Some(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// Ends the connection where its statement does not end within `grace`.
pub(crate) async fn end_work<W: Watch>(
    mut watcher: W,
    backend: &Backend,
    grace: Duration,
) -> Result<(), TargetError> {
    let deadline = Instant::now() + grace;
    let ended = loop {
        match watcher.activity(backend).await {
            Ok(Some(activity)) if !activity.at_work => break Ok(()),
            Ok(None) => break Ok(()),
            Ok(Some(_)) if Instant::now() < deadline => tokio::time::sleep(LOOK_EVERY).await,
            Ok(Some(_)) => {
                break match watcher.end_connection(backend).await {
                    Ok(()) => gone(&mut watcher, backend, END_WITHIN).await.map(drop),
                    Err(e) => Err(e),
                };
            }
            Err(e) => break Err(e),
        }
    };
    watcher.close().await;
    ended
}
