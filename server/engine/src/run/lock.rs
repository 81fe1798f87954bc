//! Waiting for a turn in this process, then for the migration lock in the target (rules R7, R8).

use super::Job;
use super::lane::Lane;
use super::step::Run;
use crate::connections::Share;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::{Holder, LockAttempt, MigrationLock};
use rand::Rng as _;
use std::time::{Duration, Instant};
use tokio::sync::SemaphorePermit;

/// How often a waiting run repeats whom it waits for.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// When a run first tells that it waits for connections: most have theirs before that.
const TELL_FIRST: Duration = Duration::from_secs(1);

/// How long the command waits that is named where waiting was in vain.
const LONGER: Duration = Duration::from_secs(30 * 60);

/// The migration lock, and the connections of the run that holds it.
pub(crate) struct Locked {
    pub(crate) lock: Box<dyn MigrationLock>,
    pub(crate) share: Share,
}

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
                stopped = self.stopped(run) => return Err(stopped),
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
    /// which CREATE INDEX CONCURRENTLY waits for (rule R8). While it waits it has no connection.
    pub(crate) async fn wait_lock(&self, run: &Run, job: &Job, until: Instant) -> Result<Locked> {
        let place = &job.place;
        let begun = Instant::now();
        let mut told: Option<(Holder, Instant)> = None;
        let mut pause = Duration::from_millis(50);
        loop {
            let share = self.wait_share(run, job, begun, until).await?;
            let holder = match place.target.try_lock(&run.id).await? {
                LockAttempt::Held(lock) => {
                    if let Some(shared) = self.store().shared() {
                        // Who takes the run over has to end this session first.
                        let backend = lock.backend();
                        shared.put_lock(&run.id, backend.pid, &backend.start).await?;
                    }
                    run.log.push(EventKind::Locked { waited_ms: begun.elapsed().as_millis() as u64 });
                    return Ok(Locked { lock, share });
                }
                LockAttempt::Busy(holder) => holder,
            };
            drop(share);
            self.give_share_back(run, place).await?;
            if Instant::now() >= until {
                // It may be a run of another daemon, which cannot be watched from here.
                return Err(expired(&holder.run, &holder.detail, longer(job)));
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
                stopped = self.stopped(run) => return Err(stopped),
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Waits until the run is not to go on: it was cancelled, or the daemon is stopping (rule R16).
    pub(crate) async fn stopped(&self, run: &Run) -> EngineError {
        tokio::select! {
            () = run.cancelled.cancelled() => run.cause(),
            () = self.inner.runs.closing.cancelled() => {
                EngineError::new(Code::ShuttingDown, "the daemon was stopped while the run waited")
                    .next("repeat the command in a moment")
            }
        }
    }

    /// Waits for the connections that a run needs, where other runs have all that the server may see of us (R5).
    async fn wait_share(&self, run: &Run, job: &Job, begun: Instant, until: Instant) -> Result<Share> {
        let server = &job.place.server;
        let share = self.share(run, &job.place, &job.record.project);
        tokio::pin!(share);
        let all = format!(
            "other runs use the {} connections that we may have to the server (limits.max_connections_per_server)",
            server.max
        );
        let mut tell_in = TELL_FIRST;
        loop {
            tokio::select! {
                share = &mut share => return share,
                stopped = self.stopped(run) => return Err(stopped),
                () = tokio::time::sleep_until(until.into()) => {
                    return Err(expired("", &all, longer(job)));
                }
                () = tokio::time::sleep(tell_in) => run.log.push(EventKind::Warning {
                    reason: Code::LimitExceeded.reason().to_owned(),
                    message: format!("waiting for {:.0?}: {all}", begun.elapsed()),
                }),
            }
            tell_in = TELL_EVERY;
        }
    }
}

/// The command that waits longer than this run did.
fn longer(job: &Job) -> String {
    let wait = job.options.lock_wait.map_or(LONGER, |wait| (wait * 2).max(LONGER));
    let minutes = wait.as_secs().div_ceil(60);
    format!("`{} --lock-wait {minutes}m` waits longer for the other run", job.again())
}

fn expired(holder: &str, detail: &str, next: String) -> EngineError {
    let held = if holder.is_empty() { detail.to_owned() } else { format!("run {holder} ({detail})") };
    EngineError::new(
        Code::LockWaitExpired,
        format!("the target was still held when --lock-wait passed: {held}"),
    )
    .with("holder", holder)
    .next(next)
}
