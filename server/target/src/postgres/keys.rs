//! The two keys of a version table in its database: the run key, which is the migration lock (rule R8), and the step
//! key, which a work session holds while it works (rule R15). An orphan thereby keeps its successor out.
//!
//! Both are advisory locks. In a transaction the step key is the transaction's own and goes with it, whatever a revision
//! does to session locks; outside of one it is the session's, and is given back when the revision is done.

use super::connect::VersionPlace;
use super::error;
use super::session::PostgresSession;
use super::wire::WireError;
use crate::TargetError;
use crate::stop::Stop;
use migrated_core::Code;
use sha2::{Digest, Sha256};

/// First half of the run key, `migr` in ASCII: in `pg_locks` it stands as `classid` 1835624306.
const RUN: u32 = u32::from_be_bytes(*b"migr");

/// First half of the step key, `migs` in ASCII: `classid` 1835624307.
const STEP: u32 = u32::from_be_bytes(*b"migs");

/// What a text of ours fails with (22P02) whose condition does not hold: the word that was no number is in the message.
const NO_NUMBER: &str = "22P02";
const STEP_KEY_TAKEN: &str = "migrated step key taken";
const RUN_KEY_LOST: &str = "migrated run key lost";

/// The keys of a version table: the second half of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys(u32);

impl Keys {
    pub(super) fn of(place: &VersionPlace) -> Keys {
        let digest = Sha256::new()
            .chain_update(place.schema.as_bytes())
            .chain_update([0])
            .chain_update(place.name.as_bytes())
            .finalize();
        Keys(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
    }

    /// The two arguments of the advisory lock functions for the run key.
    pub(super) fn run(self) -> String {
        format!("{},{}", RUN.cast_signed(), self.0.cast_signed())
    }

    fn step(self) -> String {
        format!("{},{}", STEP.cast_signed(), self.0.cast_signed())
    }

    /// The condition on `pg_locks l` for the run key in the current database.
    pub(super) fn condition(self) -> String {
        format!(
            "l.locktype='advisory' AND l.classid={RUN} AND l.objid={} AND l.objsubid=2 AND l.granted AND \
             l.database=(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname=pg_catalog.current_database())",
            self.0
        )
    }
}

/// A statement, with its `;`, that fails unless this transaction gets the step key.
pub(super) fn take_in_transaction(session: &PostgresSession) -> String {
    let key = Keys::of(&session.place).step();
    or_fail(&format!("pg_catalog.pg_try_advisory_xact_lock({key})"), STEP_KEY_TAKEN)
}

/// The query that tries to take the step key for this session: `t` where it is ours.
pub(super) fn take(session: &PostgresSession) -> String {
    format!("SELECT pg_catalog.pg_try_advisory_lock({})", Keys::of(&session.place).step())
}

/// The statement that gives the session's step key back.
pub(super) fn give_back(session: &PostgresSession) -> String {
    format!("SELECT pg_catalog.pg_advisory_unlock({})", Keys::of(&session.place).step())
}

/// A statement, with its `;`, that fails unless the recorded session holds the run key; nothing where none is recorded.
pub(super) fn held(session: &PostgresSession) -> String {
    match &session.lock {
        Some((_, pid)) => {
            let condition = Keys::of(&session.place).condition();
            let there =
                format!("EXISTS(SELECT FROM pg_catalog.pg_locks l WHERE l.pid={pid} AND {condition})");
            or_fail(&there, RUN_KEY_LOST)
        }
        None => String::new(),
    }
}

fn or_fail(condition: &str, word: &str) -> String {
    // The cast must see a value that is only known when it runs: of a constant the planner would find it wrong before.
    format!("SELECT (CASE WHEN {condition} THEN '1' ELSE '{word}' END)::int;")
}

/// The stop for a text that failed, where it was a key.
pub(super) fn refused(error: &WireError) -> Option<Stop> {
    let db = error.db().filter(|db| db.code().code() == NO_NUMBER)?;
    let message = db.message();
    if message.contains(STEP_KEY_TAKEN) {
        return Some(taken());
    }
    message.contains(RUN_KEY_LOST).then(|| {
        let why = "the migration lock was lost: another session holds it, or nobody does";
        Stop::refused(TargetError::new(Code::LockLost, why))
    })
}

/// The stop where another session holds the step key.
pub(super) fn taken() -> Stop {
    let error = TargetError::new(
        Code::LockTimeout,
        "a session of an earlier run still works on a revision of this database",
    )
    .help("wait until it is done");
    Stop { retryable: true, ..Stop::refused(error) }
}

/// Gives the session's step key back, where the session is still there. If that fails the key goes with the session.
pub(super) async fn release(session: &mut PostgresSession) {
    let text = give_back(session);
    if let Err(e) = session.wire.execute(&text, &mut |_| {}).await {
        tracing::debug!(error = %error::outside(&e, "giving the step key back").message, "the step key goes with its session");
    }
}
