//! Following a run that another daemon owns: its events are read from the store as they come, once for all who watch it
//! here.

use super::lock;
use crate::run::RunLog;
use crate::{Engine, Result};
use migrated_core::event::EventKind;
use migrated_store::{Change, Shared, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Most events that are read at once.
const BATCH: u32 = 1_000;
/// How often the store is looked at where nobody tells of anything.
const LOOK: Duration = Duration::from_secs(1);
/// How long the last event of a run that has ended is waited for.
const LAST_EVENT: Duration = Duration::from_secs(3);
/// How long somebody is waited for who takes over a run that nobody owns.
const NEW_OWNER: Duration = Duration::from_secs(20);

impl Engine {
    /// The log of a run that another daemon writes, shared by all who read it here.
    pub(crate) fn follow(&self, run: &str) -> Arc<RunLog> {
        let mut followed = lock(&self.inner.runs.replicas.followed);
        if let Some(log) = followed.get(run).and_then(std::sync::Weak::upgrade)
            && !log.subscribe().borrow().ended
        {
            return log;
        }
        followed.retain(|_, log| log.strong_count() > 0);
        let log = RunLog::foreign(run, self);
        followed.insert(run.to_owned(), Arc::downgrade(&log));
        tokio::spawn(follow(log.clone()));
        log
    }

    /// Whether another daemon may still write to the log of a run that is not under way here. When a run ended says
    /// nothing of that: it is of another daemon's clock.
    pub(crate) async fn goes_on_elsewhere(&self, id: &str) -> Result<bool> {
        let Some(shared) = self.store().shared() else { return Ok(false) };
        let Some(open) = shared.open_run(id).await? else { return Ok(false) };
        if open.run.finished_at.is_none() {
            return Ok(true);
        }
        Ok(open.is_owned && !shared.log_has_end(id).await?)
    }
}

/// Shows what another daemon stores until the log ends, or until nobody is left who could go on with it.
async fn follow(log: Arc<RunLog>) {
    let Some(shared) = log.store().shared() else { return log.complete() };
    let mut changes = shared.changes();
    let mut last = 0;
    let mut silent_since: Option<Instant> = None;
    loop {
        match log.store().events(log.id(), last, BATCH).await {
            Ok(events) if !events.is_empty() => {
                last = events.last().map_or(last, |event| event.seq);
                let ended = events.iter().any(|e| matches!(e.what, EventKind::RunFinished { .. }));
                log.show(events);
                if ended {
                    return log.complete();
                }
                silent_since = None;
                continue;
            }
            Ok(_) => {}
            Err(StoreError::EventsPruned { first }) => {
                last = first.saturating_sub(1);
                log.skip_to(last);
                continue;
            }
            Err(e) => tracing::debug!(run = log.id(), error = %e, "events cannot be read"),
        }
        if let Some(patience) = nobody_writes(shared, log.id()).await {
            if silent_since.get_or_insert_with(Instant::now).elapsed() >= patience {
                return log.complete();
            }
        } else {
            silent_since = None;
        }
        // Looking now and then is enough for what nobody told of.
        let _ = tokio::time::timeout(LOOK, something_new(&mut changes, log.id())).await;
    }
}

/// How long to wait for further events of a run to which nobody writes just now; `None` where somebody may.
async fn nobody_writes(shared: &dyn Shared, run: &str) -> Option<Duration> {
    match shared.open_run(run).await {
        Ok(Some(open)) if open.run.state.is_terminal() => Some(LAST_EVENT),
        Ok(Some(open)) if open.is_owned => None,
        Ok(Some(_)) => Some(NEW_OWNER),
        Ok(None) => Some(Duration::ZERO),
        Err(_) => None,
    }
}

/// Waits until somebody tells of the run.
async fn something_new(changes: &mut Receiver<Change>, run: &str) {
    loop {
        match changes.recv().await {
            Ok(Change::Run(told)) if told == run => return,
            Ok(Change::Anything) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
