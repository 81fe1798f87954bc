//! Waiting for a turn in this process, then for the migration lock in the target (rules R7, R8).

use super::lane::Lane;
use super::step::Run;
use crate::place::Place;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::{Holder, LockAttempt, MigrationLock};
use rand::Rng as _;
use std::time::{Duration, Instant};
use tokio::sync::SemaphorePermit;

/// How often a waiting run repeats whom it waits for.
const TELL_EVERY: Duration = Duration::from_secs(10);

impl Engine {
    /// Waits for this run's turn among the runs of this daemon.
    pub(crate) async fn wait_turn<'a>(
        &self,
        run: &Run,
        lane: &'a Lane,
        until: Instant,
    ) -> Result<SemaphorePermit<'a>> {
        if let Ok(permit) = lane.turn.try_acquire() {
            return Ok(permit);
        }
        let turn = lane.turn.acquire();
        tokio::pin!(turn);
        loop {
            let holder = lane.first().filter(|first| first.id != run.id);
            if let Some(holder) = &holder {
                run.log.push(EventKind::Waiting {
                    holder: holder.id.clone(),
                    actor: holder.actor.clone(),
                    since_ms: ((self.now() - holder.created_at) / 1_000).max(0) as u64,
                    detail: holder.doing(),
                });
            }
            tokio::select! {
                permit = &mut turn => {
                    return permit.map_err(|_| EngineError::new(Code::ShuttingDown, "the daemon is stopping"));
                }
                () = run.cancelled.cancelled() => return Err(run.cause()),
                () = tokio::time::sleep_until(until.into()) => {
                    let holder = holder.map(|h| h.id.clone()).unwrap_or_default();
                    let next = format!("`migratectl runs watch {holder}`, then repeat the command");
                    return Err(expired(&holder, "another run", next));
                }
                () = tokio::time::sleep(TELL_EVERY) => {}
            }
        }
    }

    /// Takes the migration lock, trying again with jitter: a blocking wait in the database would hold a snapshot,
    /// which CREATE INDEX CONCURRENTLY waits for (rule R8).
    pub(crate) async fn wait_lock(
        &self,
        run: &Run,
        place: &Place,
        until: Instant,
    ) -> Result<Box<dyn MigrationLock>> {
        let begun = Instant::now();
        let mut told: Option<(Holder, Instant)> = None;
        let mut pause = Duration::from_millis(50);
        loop {
            let holder = match place.target.try_lock(&run.id).await? {
                LockAttempt::Held(lock) => {
                    run.log.push(EventKind::Locked { waited_ms: begun.elapsed().as_millis() as u64 });
                    return Ok(lock);
                }
                LockAttempt::Busy(holder) => holder,
            };
            if Instant::now() >= until {
                // It may be a run of another daemon, which cannot be watched from here.
                let next =
                    "wait for the other run, then repeat the command; --lock-wait sets how long to wait";
                return Err(expired(&holder.run, &holder.detail, next.to_owned()));
            }
            let stale = told.as_ref().is_none_or(|(h, at)| *h != holder || at.elapsed() >= TELL_EVERY);
            if stale {
                run.log.push(EventKind::Waiting {
                    holder: holder.run.clone(),
                    actor: String::new(),
                    since_ms: begun.elapsed().as_millis() as u64,
                    detail: format!("pid {} ({})", holder.pid, holder.detail),
                });
                told = Some((holder, Instant::now()));
            }
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..=1.0));
            tokio::select! {
                () = tokio::time::sleep(jittered) => {}
                () = run.cancelled.cancelled() => return Err(run.cause()),
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

fn expired(holder: &str, detail: &str, next: String) -> EngineError {
    let held = if holder.is_empty() { detail.to_owned() } else { format!("run {holder} ({detail})") };
    EngineError::new(
        Code::LockWaitExpired,
        format!("the target was still held when --lock-wait passed: {held}"),
    )
    .with("holder", holder)
    .state("nothing was changed by this run")
    .next(next)
}
