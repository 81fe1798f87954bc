//! Tending what daemons share: runs of ours that were lost, wishes to end runs of ours, and runs that nobody owns.

use super::lock;
use crate::Engine;
use crate::run::cancel::cancelled;
use migrated_store::{Change, Shared};
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often the store is looked at, at least.
const LOOK: Duration = Duration::from_millis(500);
/// How long after the moment at which another daemon's lease lapses: its run waits for nothing else.
const LAPSED: Duration = Duration::from_millis(10);
/// Orphans that are looked at in one go.
const ORPHANS: u32 = 100;

impl Engine {
    /// Tends what is shared, where the store is, until the daemon ends.
    pub fn tend(&self) {
        if self.store().shared().is_some() {
            let engine = self.clone();
            tokio::spawn(async move { engine.tend_shared().await });
        }
    }

    async fn tend_shared(&self) {
        let Some(shared) = self.store().shared() else { return };
        let (mut lease, mut changes) = (shared.lease(), shared.changes());
        let mut lost = HashSet::new();
        let mut due = tokio::time::interval(LOOK);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = due.tick() => {
                    self.heed_cancels(shared).await;
                    self.give_up_lost(shared, &mut lost).await;
                    self.take_orphans(shared).await;
                    due.reset_after(until_next(shared).await);
                }
                changed = lease.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = lease.borrow_and_update().clone();
                    self.inner.runs.look_among(usize::try_from(now.daemons).unwrap_or(usize::MAX));
                    self.lose_others_than(&now.id);
                }
                change = changes.recv() => match change {
                    Ok(Change::Cancel(_) | Change::Anything) | Err(RecvError::Lagged(_)) => {
                        self.heed_cancels(shared).await;
                    }
                    Ok(Change::Run(_)) => {}
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    /// Stops the runs that were owned through another lease than this one.
    fn lose_others_than(&self, lease: &str) {
        for run in self.inner.runs.all() {
            if run.lease.as_deref().is_some_and(|owned| owned != lease) {
                run.lose();
            }
        }
    }

    async fn heed_cancels(&self, shared: &dyn Shared) {
        match shared.cancels().await {
            Ok(asked) => {
                for wish in asked {
                    if let Some(run) = self.inner.runs.get(&wish.run) {
                        run.cancel(&wish.actor, cancelled(&wish.actor, &wish.reason));
                    }
                }
            }
            Err(e) => tracing::debug!(error = %e, "wishes to end runs cannot be read"),
        }
    }

    /// Gives up the runs that are this daemon's by the store and that nobody here works on: the store's answer was lost
    /// when they were made or taken over, or it refused their end. `lost` are those that were so at the last look.
    async fn give_up_lost(&self, shared: &dyn Shared, lost: &mut HashSet<String>) {
        let own = match shared.own_runs().await {
            Ok(own) => own,
            Err(e) => return tracing::debug!(error = %e, "the runs of this daemon cannot be read"),
        };
        let mut found = HashSet::new();
        for run in own {
            if self.inner.runs.get(&run).is_some() || lock(&self.inner.runs.replicas.taking).contains(&run) {
                continue;
            }
            if !lost.contains(&run) {
                found.insert(run);
            } else if let Err(e) = shared.give_up_run(&run).await {
                tracing::debug!(run, error = %e, "a run that nobody works on cannot be given up");
                found.insert(run);
            } else {
                tracing::warn!(run, "nobody worked on this run: any daemon may go on with it");
            }
        }
        *lost = found;
    }

    async fn take_orphans(&self, shared: &dyn Shared) {
        if self.inner.runs.closing.is_cancelled() {
            return;
        }
        match shared.orphans(ORPHANS).await {
            Ok(orphans) => {
                for run in orphans {
                    let engine = self.clone();
                    // Each by itself: a target that does not answer must not keep the others waiting.
                    tokio::spawn(async move {
                        if let Err(e) = engine.take_orphan(&run).await {
                            tracing::warn!(run = %run.id, target = %run.target, error = %e, "not taken over yet");
                        }
                    });
                }
            }
            Err(e) => tracing::debug!(error = %e, "runs that nobody owns cannot be read"),
        }
    }
}

/// When the store is looked at next: soon, and as soon as a lease lapses that is not renewed.
async fn until_next(shared: &dyn Shared) -> Duration {
    match shared.next_lapse().await {
        Ok(Some(left)) => (left + LAPSED).min(LOOK),
        // Who has the store alone is alone; what cannot be read is told by the looks themselves.
        Ok(None) | Err(_) => LOOK,
    }
}
