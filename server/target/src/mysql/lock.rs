//! The migration lock (rule R8): `GET_LOCK` on a connection of its own that is never in a transaction. It is only
//! ever tried, never waited for in the database.
//!
//! Names of user locks are one for the whole server, so that of a version table is hashed from its database and
//! name. A second lock, the *step key* (rule R15), is taken by each work session while it works, so that an orphan
//! keeps its successor out.

use super::connect::{Connected, Place, Purpose, Server};
use super::quote::literal;
use super::wire::{Wire, cell};
use super::{MysqlTarget, error};
use crate::{Backend, Holder, LockAttempt, MigrationLock, TargetError};
use async_trait::async_trait;
use migrated_core::Code;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How often the connection is used while it waits: routers and firewalls forget silent ones.
const PING_EVERY: Duration = Duration::from_secs(30);

/// The name of a version table's lock: 49 characters of the 64 that there may be.
pub(super) fn name(place: &Place, server: &Server) -> String {
    let fold = |name: &str| if server.folds_names { name.to_lowercase() } else { name.to_owned() };
    let digest = Sha256::new()
        .chain_update(fold(&place.database))
        .chain_update([0])
        .chain_update(fold(&place.name))
        .finalize();
    format!("migrated.{}", &hex::encode(digest)[..40])
}

/// The name of its step key.
pub(super) fn step_key(place: &Place, server: &Server) -> String {
    format!("{}.step", name(place, server))
}

/// Tries once.
pub(super) async fn attempt(target: &MysqlTarget, _run: &str) -> Result<LockAttempt, TargetError> {
    let Connected { mut wire, backend, server, place, .. } = target.connected(Purpose::Ours).await?;
    let name = name(&place, &server);
    let text = format!("SELECT GET_LOCK({0},0);SELECT IS_USED_LOCK({0})", literal(&name));
    let answers = ask(&mut wire, &text).await?;
    let holder = answers.get(1).and_then(|a| a.first(0)).and_then(|id| id.parse::<i64>().ok());
    if answers.first().and_then(|a| a.first(0)) != Some("1") {
        let holder = describe(&mut wire, holder).await;
        wire.close().await;
        // Where nobody holds it any more, the next attempt succeeds.
        return holder.map(LockAttempt::Busy);
    }
    let mut held = Held { wire: Some(wire), name, pid: backend.pid };
    // A proxy that gives each statement to another connection shows here: who holds the lock is not who asks.
    for _ in 0..2 {
        if held.is_ours().await? != Some(true) {
            return Err(pooled());
        }
    }
    Ok(LockAttempt::Held(Box::new(MysqlLock::new(held, backend, place))))
}

async fn ask(wire: &mut Wire, text: &str) -> Result<Vec<super::wire::Answer>, TargetError> {
    wire.query(text).await.map_err(|(_, e)| error::outside(&e, "taking the migration lock"))
}

/// Who a holder is, as far as our rights go: other users' connections are seen with PROCESS only.
async fn describe(wire: &mut Wire, holder: Option<i64>) -> Result<Holder, TargetError> {
    let Some(pid) = holder else { return Ok(Holder::default()) };
    let text = format!(
        "SELECT p.USER,p.HOST,p.TIME,p.COMMAND FROM information_schema.processlist p WHERE p.ID={pid}"
    );
    let answers = ask(wire, &text).await?;
    let row = answers.first().and_then(|a| a.rows.first());
    let detail = match row {
        Some(row) => {
            let cell = |at| cell(row, at).unwrap_or_default();
            format!("connection {pid} of {}@{}, {} for {} s", cell(0), cell(1), cell(3), cell(2))
        }
        None => format!("connection {pid} of another user"),
    };
    Ok(Holder { run: String::new(), pid, detail })
}

struct Held {
    /// Gone once the lock was given back.
    wire: Option<Wire>,
    name: String,
    pid: i64,
}

impl Held {
    /// Whether our connection holds the lock, and is still the one that took it. `None` where nobody holds it.
    async fn is_ours(&mut self) -> Result<Option<bool>, TargetError> {
        let text = format!("SELECT IS_USED_LOCK({}),CONNECTION_ID()", literal(&self.name));
        let Some(wire) = &mut self.wire else { return Ok(None) };
        let answers = ask(wire, &text).await?;
        let id = |at| answers.first().and_then(|a| a.first(at)).and_then(|id| id.parse::<i64>().ok());
        Ok(id(0).map(|holder| holder == self.pid && id(1) == Some(self.pid)))
    }
}

struct MysqlLock {
    held: Arc<Mutex<Held>>,
    name: String,
    backend: Backend,
    place: Place,
    ping: JoinHandle<()>,
}

impl Drop for MysqlLock {
    fn drop(&mut self) {
        // With the task the last share of the connection goes, and with that the lock.
        self.ping.abort();
    }
}

impl MysqlLock {
    fn new(held: Held, backend: Backend, place: Place) -> MysqlLock {
        let name = held.name.clone();
        let held = Arc::new(Mutex::new(held));
        let pinged = Arc::clone(&held);
        let ping = tokio::spawn(async move {
            loop {
                tokio::time::sleep(PING_EVERY).await;
                // Whoever verifies the lock is told of a failure.
                if let Err(error) = pinged.lock().await.is_ours().await {
                    tracing::warn!(%error, "the connection that holds a migration lock was lost");
                    return;
                }
            }
        });
        MysqlLock { held, name, backend, place, ping }
    }
}

#[async_trait]
impl MigrationLock for MysqlLock {
    fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Besides the lock's name, the server's: a work session that reaches another server must notice.
    fn token(&self) -> Option<(String, i64)> {
        Some((format!("{} {}", self.name, self.backend.start), self.backend.pid))
    }

    async fn verify(&mut self) -> Result<(), TargetError> {
        match self.held.lock().await.is_ours().await {
            Ok(Some(true)) => Ok(()),
            Ok(_) => Err(lost("our connection does not hold it any more")),
            Err(e) => Err(lost(&e.message)),
        }
    }

    async fn release(self: Box<Self>) -> Result<(), TargetError> {
        let Some(mut wire) = self.held.lock().await.wire.take() else {
            return Err(lost("it was given back before"));
        };
        drop_journal(&mut wire, &self.place).await;
        let text = format!("SELECT RELEASE_LOCK({})", literal(&self.name));
        let answers = ask(&mut wire, &text).await;
        wire.close().await;
        let answers = answers.map_err(|e| lost(&e.message))?;
        match answers.first().and_then(|a| a.first(0)) {
            Some("1") => Ok(()),
            _ => Err(lost("our connection did not hold it when it was to be released")),
        }
    }
}

/// The refusal where the lock is not ours.
pub(super) fn lost(why: &str) -> TargetError {
    TargetError::new(Code::LockLost, format!("the migration lock was lost: {why}"))
}

/// The refusal of a proxy.
pub(super) fn pooled() -> TargetError {
    TargetError::new(
        Code::PooledConnection,
        "the connections go through a proxy that spreads them: a lock taken through it protects nothing",
    )
    .help("point the target at one server")
}

/// Drops the journal where nobody has a row in it. DDL of every revision's own journal would cost more than the
/// revision, so this is done once, when the run gives its lock back. Other version tables' runs share the table:
/// nothing can come between the look and the drop. An empty journal means the same as none, so a failure does not
/// matter.
async fn drop_journal(wire: &mut Wire, place: &Place) {
    let journal = place.journal();
    let look =
        format!("SET SESSION lock_wait_timeout=1;LOCK TABLES {journal} WRITE;SELECT COUNT(*) FROM {journal}");
    if let Ok(answers) = wire.query(&look).await
        && answers.last().and_then(|a| a.first(0)) == Some("0")
    {
        let _ = wire.query(&format!("DROP TABLE {journal}")).await;
    }
    let _ = wire.query("UNLOCK TABLES").await;
}
