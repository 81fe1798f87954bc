//! Stopping backends: cancel, wait, terminate, verify. Nothing is ever signalled by pid alone (rule R4).

use super::connect::{Settings, start_text};
use super::quote::literal;
use super::wire::Wire;
use super::{PostgresTarget, error};
use crate::ending::{Activity, Asked, END_WITHIN, Watch, end_work, gone, state};
use crate::{Backend, BackendState, Canceller, TargetError};
use async_trait::async_trait;
use std::time::Duration;
use tokio_postgres::CancelToken;

/// Stops what a session does.
pub(super) struct PostgresCanceller {
    target: PostgresTarget,
    token: CancelToken,
    backend: Backend,
    pub(super) asked: Asked,
}

impl PostgresCanceller {
    pub(super) fn new(target: &PostgresTarget, wire: &Wire, backend: &Backend) -> PostgresCanceller {
        PostgresCanceller {
            target: target.clone(),
            token: wire.client().cancel_token(),
            backend: backend.clone(),
            asked: Asked::default(),
        }
    }

    /// Whether somebody asked to stop.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.was_asked()
    }
}

#[async_trait]
impl Canceller for PostgresCanceller {
    async fn cancel(&self) -> Result<(), TargetError> {
        self.asked.ask();
        self.token
            .cancel_query(self.target.tls.clone())
            .await
            .map_err(|e| error::connecting(&e, &self.target.display))
    }

    async fn terminate(&self, grace: Duration) -> Result<(), TargetError> {
        self.asked.ask();
        end_work(Watcher::open(&self.target).await?, &self.backend, grace).await
    }
}

/// Whether a backend is still there.
pub(super) async fn look(target: &PostgresTarget, backend: &Backend) -> Result<BackendState, TargetError> {
    state(Watcher::open(target).await?, backend).await
}

/// Ends a backend of ours: cancel, wait up to `grace`, terminate, verify.
pub(super) async fn end(
    target: &PostgresTarget,
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

    async fn signal(&mut self, function: &str, backend: &Backend) -> Result<(), TargetError> {
        let text = format!(
            "SELECT pg_catalog.{function}(a.pid) FROM pg_catalog.pg_stat_activity a WHERE {}",
            same_backend(backend, true)
        );
        self.ask(&text, "ending a backend").await.map(drop)
    }

    async fn end(&mut self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        if self.activity(backend).await?.is_none() {
            return Ok(BackendState::Gone);
        }
        self.signal("pg_cancel_backend", backend).await?;
        // An orphan ends by itself once its statement is cancelled: its client is gone.
        match gone(self, backend, grace).await? {
            BackendState::Gone => Ok(BackendState::Gone),
            BackendState::Alive(_) => {
                self.end_connection(backend).await?;
                gone(self, backend, END_WITHIN).await
            }
        }
    }
}

#[async_trait]
impl Watch for Watcher {
    async fn activity(&mut self, backend: &Backend) -> Result<Option<Activity>, TargetError> {
        let text = format!(
            "SELECT coalesce(a.state,''),pg_catalog.left(coalesce(a.query,''),200) \
             FROM pg_catalog.pg_stat_activity a WHERE {}",
            same_backend(backend, false)
        );
        let answer = self.ask(&text, "looking for a backend").await?;
        Ok(answer.first(0).map(|state| Activity {
            at_work: state == "active",
            what: format!("{state}: {}", answer.first(1).unwrap_or_default()),
        }))
    }

    async fn end_connection(&mut self, backend: &Backend) -> Result<(), TargetError> {
        self.signal("pg_terminate_backend", backend).await
    }

    async fn close(self) {
        self.wire.close().await;
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
