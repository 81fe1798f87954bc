//! The migration lock (rule R8): an advisory lock on a connection of its own that is never in a transaction.
//!
//! It is only ever tried, never waited for in the database: a waiting SELECT holds a snapshot, and CREATE INDEX
//! CONCURRENTLY waits for old snapshots, so that both would wait for each other.
//!
//! Behind a transaction pooler a session lock belongs to whichever server connection the pooler picked, so
//! poolers are found before anything is locked: a second connection is opened, and backends that change between
//! two transactions of one connection, or that two connections share, are a pooler's.

use super::connect::{Connected, Settings};
use super::keys::Keys;
use super::wire::{Answer, Wire, WireError};
use super::{PostgresTarget, error};
use crate::{Backend, Holder, LockAttempt, MigrationLock, TargetError};
use async_trait::async_trait;
use migrated_core::Code;

/// How often unlocking is tried where a pooler was found only after locking: each try may reach another backend.
const UNLOCK_TRIES: u32 = 50;

/// Tries once.
pub(super) async fn attempt(target: &PostgresTarget, run: &str) -> Result<LockAttempt, TargetError> {
    let Connected { wire, backend, version, place } = target.connected(run, Settings::None).await?;
    let mut lock = PostgresLock { wire, backend, keys: Keys::of(&place) };
    if let Some(holder) = lock.holder().await? {
        lock.wire.close().await;
        return Ok(LockAttempt::Busy(holder));
    }
    let mut probe = target.open(run).await?;
    let direct = lock.is_direct(&mut probe).await;
    probe.close().await;
    direct?;
    let settings = target.settings(&version, Settings::Work);
    let text = format!("{settings}SELECT pg_catalog.pg_try_advisory_lock({})", lock.keys.run());
    let answers = lock.ask_all(&text).await?;
    if answers.last().and_then(|a| a.first(0)) != Some("t") {
        // Somebody was faster by a moment. If he is gone again, the next attempt succeeds.
        let holder = lock.holder().await?.unwrap_or_default();
        lock.wire.close().await;
        return Ok(LockAttempt::Busy(holder));
    }
    for _ in 0..2 {
        if !lock.is_held().await? {
            lock.unlock_wherever().await;
            return Err(pooled());
        }
    }
    Ok(LockAttempt::Held(Box::new(lock)))
}

struct PostgresLock {
    wire: Wire,
    backend: Backend,
    keys: Keys,
}

impl PostgresLock {
    async fn ask_all(&mut self, text: &str) -> Result<Vec<Answer>, TargetError> {
        ask(&mut self.wire, text).await.map_err(|e| error::outside(&e, "taking the migration lock"))
    }

    async fn ask(&mut self, text: &str) -> Result<Answer, TargetError> {
        Ok(self.ask_all(text).await?.pop().unwrap_or_default())
    }

    /// Who holds the lock now.
    async fn holder(&mut self) -> Result<Option<Holder>, TargetError> {
        let text = format!(
            "SELECT l.pid,coalesce(a.application_name,''),coalesce(a.usename::text,''),\
             coalesce(pg_catalog.host(a.client_addr),'local') FROM pg_catalog.pg_locks l \
             LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid=l.pid WHERE {} LIMIT 1",
            self.keys.condition()
        );
        let answer = self.ask(&text).await?;
        let cell = |index| answer.first(index).unwrap_or_default();
        Ok(answer.first(0).map(|pid| Holder {
            run: cell(1).strip_prefix("migrated:").unwrap_or_default().to_owned(),
            pid: pid.parse().unwrap_or_default(),
            detail: format!("{} from {}, application {:?}", cell(2), cell(3), cell(1)),
        }))
    }

    /// Refuses a connection that goes through a pooler: looks at the backends of two connections, in two
    /// transactions each.
    async fn is_direct(&mut self, probe: &mut Wire) -> Result<(), TargetError> {
        const WHO: &str = "SELECT pg_catalog.pg_backend_pid()";
        let mut probed = None;
        for _ in 0..2 {
            let ours = self.ask(WHO).await?;
            let theirs = ask(probe, WHO)
                .await
                .map_err(|e| error::outside(&e, "looking for a pooler"))?
                .pop()
                .unwrap_or_default();
            let pid = |answer: &Answer| answer.first(0).and_then(|pid| pid.parse::<i64>().ok());
            let (ours, theirs) = (pid(&ours), pid(&theirs));
            let moved = ours != Some(self.backend.pid) || probed.is_some_and(|before| before != theirs);
            if moved || ours == theirs {
                return Err(pooled());
            }
            probed = Some(theirs);
        }
        Ok(())
    }

    /// Whether the lock stands under our pid.
    async fn is_held(&mut self) -> Result<bool, TargetError> {
        let text = format!(
            "SELECT pg_catalog.pg_backend_pid(),EXISTS(SELECT FROM pg_catalog.pg_locks l WHERE \
             l.pid=pg_catalog.pg_backend_pid() AND {})",
            self.keys.condition()
        );
        let answer = self.ask(&text).await?;
        let ours = answer.first(0).and_then(|pid| pid.parse().ok()) == Some(self.backend.pid);
        Ok(ours && answer.first(1) == Some("t"))
    }

    /// Behind a pooler the lock stays on the backend that took it, so the unlocking must reach that one.
    async fn unlock_wherever(mut self) {
        let text = format!("SELECT pg_catalog.pg_advisory_unlock({})", self.keys.run());
        for _ in 0..UNLOCK_TRIES {
            match self.ask(&text).await {
                Ok(answer) if answer.first(0) == Some("t") => break,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        self.wire.close().await;
    }
}

async fn ask(wire: &mut Wire, text: &str) -> Result<Vec<Answer>, WireError> {
    wire.query(text, &mut |_| {}).await.map_err(|(_, e)| e)
}

fn pooled() -> TargetError {
    TargetError::new(
        Code::PooledConnection,
        "the connection goes through a transaction pooler: a lock taken through it protects nothing",
    )
    .help("point the target at the database itself, or at a pool in session mode")
}

#[async_trait]
impl MigrationLock for PostgresLock {
    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn token(&self) -> Option<(String, i64)> {
        Some((self.backend.start.clone(), self.backend.pid))
    }

    async fn verify(&mut self) -> Result<(), TargetError> {
        let lost =
            |why: &str| TargetError::new(Code::LockLost, format!("the migration lock was lost: {why}"));
        match self.is_held().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(lost("our session does not hold it any more")),
            Err(e) => Err(lost(&e.message)),
        }
    }

    async fn release(mut self: Box<Self>) -> Result<(), TargetError> {
        let text = format!("SELECT pg_catalog.pg_advisory_unlock({})", self.keys.run());
        let answer = self.ask(&text).await;
        self.wire.close().await;
        match answer?.first(0) {
            Some("t") => Ok(()),
            _ => Err(pooled()),
        }
    }
}
