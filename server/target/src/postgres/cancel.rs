//! Stopping backends: cancel, wait, terminate, verify. Nothing is ever signalled by pid alone (rule R4).

use super::connect::{Settings, start_text};
use super::quote::literal;
use super::wire::Wire;
use super::{PostgresTarget, error};
use crate::{Backend, BackendState, Canceller, TargetError};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::CancelToken;

/// The server has no event for the end of a backend: this is how often we look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a backend may take to end after it was told to terminate.
const TERMINATE_WITHIN: Duration = Duration::from_secs(10);

/// Stops what a session does.
pub(super) struct PostgresCanceller {
    target: PostgresTarget,
    token: CancelToken,
    backend: Backend,
    asked: AtomicBool,
}

impl PostgresCanceller {
    pub(super) fn new(target: &PostgresTarget, wire: &Wire, backend: &Backend) -> PostgresCanceller {
        PostgresCanceller {
            target: target.clone(),
            token: wire.client().cancel_token(),
            backend: backend.clone(),
            asked: AtomicBool::new(false),
        }
    }

    /// Whether somebody asked to stop. The session looks before each statement: between two of them the server
    /// has nothing to cancel.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Canceller for PostgresCanceller {
    async fn cancel(&self) -> Result<(), TargetError> {
        // First the flag: a statement that begins between the two would be missed otherwise.
        self.asked.store(true, Ordering::SeqCst);
        self.token
            .cancel_query(self.target.tls.clone())
            .await
            .map_err(|e| error::connecting(&e, &self.target.display))
    }

    async fn terminate(&self, grace: Duration) -> Result<(), TargetError> {
        self.asked.store(true, Ordering::SeqCst);
        let mut watcher = Watcher::open(&self.target).await?;
        let deadline = Instant::now() + grace;
        loop {
            match watcher.activity(&self.backend).await? {
                None => break,
                Some(activity) if activity.state != "active" => break,
                Some(_) if Instant::now() >= deadline => {
                    watcher.terminate(&self.backend).await?;
                    break;
                }
                Some(_) => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
        watcher.wire.close().await;
        Ok(())
    }
}

/// Whether a backend is still there.
pub(super) async fn state(target: &PostgresTarget, backend: &Backend) -> Result<BackendState, TargetError> {
    let mut watcher = Watcher::open(target).await?;
    let activity = watcher.activity(backend).await;
    watcher.wire.close().await;
    Ok(activity?.map_or(BackendState::Gone, Activity::into_state))
}

/// Ends a backend of ours: cancel, wait up to `grace`, terminate, verify.
pub(super) async fn end(
    target: &PostgresTarget,
    backend: &Backend,
    grace: Duration,
) -> Result<BackendState, TargetError> {
    let mut watcher = Watcher::open(target).await?;
    let ended = watcher.end(backend, grace).await;
    watcher.wire.close().await;
    ended
}

struct Activity {
    state: String,
    query: String,
}

impl Activity {
    fn into_state(self) -> BackendState {
        BackendState::Alive(format!("{}: {}", self.state, self.query))
    }
}

/// A connection that looks after another.
struct Watcher {
    wire: Wire,
}

impl Watcher {
    async fn open(target: &PostgresTarget) -> Result<Watcher, TargetError> {
        let connected = target.connected("", Settings::Work).await?;
        Ok(Watcher { wire: connected.wire })
    }

    async fn ask(&mut self, text: &str, doing: &str) -> Result<super::wire::Answer, TargetError> {
        match self.wire.query(text, &mut |_| {}).await {
            Ok(mut answers) => Ok(answers.pop().unwrap_or_default()),
            Err((_, e)) => Err(error::outside(&e, doing)),
        }
    }

    async fn activity(&mut self, backend: &Backend) -> Result<Option<Activity>, TargetError> {
        let text = format!(
            "SELECT coalesce(a.state,''),pg_catalog.left(coalesce(a.query,''),200) \
             FROM pg_catalog.pg_stat_activity a WHERE {}",
            same_backend(backend, false)
        );
        let answer = self.ask(&text, "looking for a backend").await?;
        Ok(answer.first(0).map(|state| Activity {
            state: state.to_owned(),
            query: answer.first(1).unwrap_or_default().to_owned(),
        }))
    }

    async fn signal(&mut self, function: &str, backend: &Backend) -> Result<(), TargetError> {
        let text = format!(
            "SELECT pg_catalog.{function}(a.pid) FROM pg_catalog.pg_stat_activity a WHERE {}",
            same_backend(backend, true)
        );
        self.ask(&text, "ending a backend").await.map(drop)
    }

    /// Terminates and waits until the backend is gone.
    async fn terminate(&mut self, backend: &Backend) -> Result<BackendState, TargetError> {
        self.signal("pg_terminate_backend", backend).await?;
        self.gone(backend, TERMINATE_WITHIN).await
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

    async fn end(&mut self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        if self.activity(backend).await?.is_none() {
            return Ok(BackendState::Gone);
        }
        self.signal("pg_cancel_backend", backend).await?;
        // An orphan ends by itself once its statement is cancelled: its client is gone.
        match self.gone(backend, grace).await? {
            BackendState::Gone => Ok(BackendState::Gone),
            BackendState::Alive(_) => self.terminate(backend).await,
        }
    }
}

/// The condition that names one backend for ever: pid and start, and for signals our application name as well.
fn same_backend(backend: &Backend, ours: bool) -> String {
    let mut text =
        format!("a.pid={} AND {}={}", backend.pid, start_text("a.backend_start"), literal(&backend.start));
    if ours {
        text.push_str(&format!(
            " AND a.application_name={} AND a.application_name LIKE 'migrated%' AND a.pid<>pg_catalog.pg_backend_pid()",
            literal(&backend.application)
        ));
    }
    text
}
