//! Our connections to one server, counted (rule R5): locks, work, what is opened ahead, and looking.
//!
//! A run takes its lock's connection and its work's together or waits for both, so that nobody ever holds one and
//! waits for the other. Looking (where a target stands, who blocks, ending a backend) has a part of its own: it
//! never waits for a run, and a run that waits never keeps another from being watched or cancelled.

use crate::run::Opened;
use crate::turnstile::{Turn, Turnstile};
use async_trait::async_trait;
use migrated_core::DialectName;
use migrated_core::event::Blocker;
use migrated_target::{
    Backend, BackendState, Capabilities, Examined, InspectOptions, Inspected, JournalRow, LockAttempt,
    SchemaCopy, Scratch, ScratchOptions, Session, SessionOptions, Standing, Target, TargetError,
    TransactionOutcome, Work,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// A session that was opened ahead and waits for its step, unless somebody else needs its connection more.
pub(crate) type Ahead = Mutex<Option<Opened>>;

/// What we may have open to one server.
pub(crate) struct Server {
    /// All connections, for messages.
    pub(crate) max: usize,
    runs: Arc<Semaphore>,
    pub(crate) for_runs: usize,
    looking: Semaphore,
    /// How many may look at a time, by now.
    lookers: Mutex<usize>,
    /// Where runs wait for their share.
    turnstile: Turnstile,
    /// Runs that wait for their share.
    waiting: AtomicUsize,
    idle: Mutex<Vec<Weak<Ahead>>>,
}

/// A run's own connections, of which it always has both.
pub(crate) struct Share {
    /// The migration lock's.
    pub(crate) lock: OwnedSemaphorePermit,
    /// The work's.
    pub(crate) work: OwnPermit,
}

/// What a run has for its work.
pub(crate) struct OwnPermit {
    pub(crate) permit: OwnedSemaphorePermit,
    /// Most sessions that it may open ahead, where other daemons have connections to the server, too.
    pub(crate) ahead: usize,
}

impl Server {
    /// A server that may have `max` connections of ours, at least 3.
    pub(crate) fn new(max: usize) -> Server {
        let max = max.clamp(3, Semaphore::MAX_PERMITS);
        let looking = lookers(max);
        Server {
            max,
            runs: Arc::new(Semaphore::new(max - looking)),
            for_runs: max - looking,
            looking: Semaphore::new(looking),
            lookers: Mutex::new(looking),
            turnstile: Turnstile::default(),
            waiting: AtomicUsize::new(0),
            idle: Mutex::default(),
        }
    }

    /// A run's share: projects take turns, and within one it goes by arrival. What others opened ahead gives way.
    pub(crate) async fn share(&self, project: &str) -> Share {
        match self.share_at_once() {
            Some(share) => share,
            None => self.share_in_turn(project).await.0,
        }
    }

    /// A run's share, where nobody waits and there is room.
    pub(crate) fn share_at_once(&self) -> Option<Share> {
        let both = self.turnstile.is_free().then(|| self.runs.clone().try_acquire_many_owned(2))?;
        both.ok().map(Share::of)
    }

    /// A run's share, as soon as it is its turn, with the turn: nobody else has one before it is dropped.
    pub(crate) async fn share_in_turn(&self, project: &str) -> (Share, Turn) {
        let waiting = Counted::one(&self.waiting);
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for ahead in idle.iter().filter_map(Weak::upgrade) {
            let opened = ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
            opened.map(Opened::close_aside);
        }
        let turn = self.turnstile.turn(project).await;
        let both = self.runs.clone().acquire_many_owned(2).await;
        drop(waiting);
        (Share::of(both.expect("the semaphore is never closed")), turn)
    }

    /// One more connection of a run that has lost its own: the task that was to give it back is gone.
    pub(crate) async fn another(&self) -> OwnedSemaphorePermit {
        self.runs.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    /// A connection to be opened ahead, while that takes nothing from anybody: at least half must stay free.
    pub(crate) fn spare(&self) -> Option<OwnedSemaphorePermit> {
        if self.runs.available_permits() <= self.for_runs / 2 {
            return None;
        }
        self.runs.clone().try_acquire_owned().ok()
    }

    /// Offers what was opened ahead to those who may have to wait. Where somebody does already, it is closed.
    pub(crate) fn offer(&self, ahead: &Arc<Ahead>, opened: Opened) {
        *ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|other| other.strong_count() > 0);
        idle.push(Arc::downgrade(ahead));
        drop(idle);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            let opened = ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
            opened.map(Opened::close_aside);
        }
    }

    /// Divides the part for looking among so many daemons; each may look with one. Who looks just now is not disturbed.
    pub(crate) fn look_among(&self, daemons: usize) {
        let mut now = self.lookers.lock().unwrap_or_else(PoisonError::into_inner);
        let part = (lookers(self.max) / daemons.max(1)).max(1);
        if part > *now {
            self.looking.add_permits(part - *now);
            *now = part;
        } else {
            *now -= self.looking.forget_permits(*now - part);
        }
    }

    /// A connection to look with.
    pub(crate) async fn look(&self) -> SemaphorePermit<'_> {
        self.looking.acquire().await.expect("the semaphore is never closed")
    }
}

impl Share {
    fn of(mut both: OwnedSemaphorePermit) -> Share {
        let permit = both.split(1).expect("two were taken");
        Share { lock: both, work: OwnPermit { permit, ahead: usize::MAX } }
    }
}

/// The connections to look with, of so many.
fn lookers(max: usize) -> usize {
    (max / 5).max(1)
}

/// Counts one for as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one(count: &'a AtomicUsize) -> Counted<'a> {
        count.fetch_add(1, Ordering::SeqCst);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A target whose every look is counted. Locks and sessions are not: their runs have a [`Share`].
pub(crate) struct CountedTarget {
    pub(crate) target: Arc<dyn Target>,
    pub(crate) server: Arc<Server>,
}

#[async_trait]
impl Target for CountedTarget {
    fn dialect(&self) -> DialectName {
        self.target.dialect()
    }

    fn key(&self) -> &str {
        self.target.key()
    }

    fn display(&self) -> &str {
        self.target.display()
    }

    fn capabilities(&self) -> Capabilities {
        self.target.capabilities()
    }

    async fn standing(&self) -> Result<Standing, TargetError> {
        let _look = self.server.look().await;
        self.target.standing().await
    }

    async fn ensure_version_table(&self) -> Result<bool, TargetError> {
        let _look = self.server.look().await;
        self.target.ensure_version_table().await
    }

    async fn forget_journal(&self) -> Result<(), TargetError> {
        let _look = self.server.look().await;
        self.target.forget_journal().await
    }

    async fn examine(&self, work: &Work) -> Result<Examined, TargetError> {
        let _look = self.server.look().await;
        self.target.examine(work).await
    }

    async fn judge(&self, row: &JournalRow, took_effect: bool) -> Result<(), TargetError> {
        let _look = self.server.look().await;
        self.target.judge(row, took_effect).await
    }

    async fn try_lock(&self, run: &str) -> Result<LockAttempt, TargetError> {
        self.target.try_lock(run).await
    }

    async fn inspect(&self, options: &InspectOptions) -> Result<Inspected, TargetError> {
        let _look = self.server.look().await;
        self.target.inspect(options).await
    }

    async fn furniture(&self) -> Result<ScratchOptions, TargetError> {
        let _look = self.server.look().await;
        self.target.furniture().await
    }

    async fn scratch(&self, options: &ScratchOptions) -> Result<Box<dyn Scratch>, TargetError> {
        let _look = self.server.look().await;
        self.target.scratch(options).await
    }

    async fn schema_copy(&self) -> Result<Option<Box<dyn SchemaCopy>>, TargetError> {
        let _look = self.server.look().await;
        self.target.schema_copy().await
    }

    async fn drop_leftovers(&self) -> Result<(), TargetError> {
        let _look = self.server.look().await;
        self.target.drop_leftovers().await
    }

    async fn ground(&self) -> Result<Option<String>, TargetError> {
        let _look = self.server.look().await;
        self.target.ground().await
    }

    async fn connect(&self, options: &SessionOptions) -> Result<Box<dyn Session>, TargetError> {
        self.target.connect(options).await
    }

    async fn blockers(&self, backend: &Backend) -> Result<Vec<Blocker>, TargetError> {
        let _look = self.server.look().await;
        self.target.blockers(backend).await
    }

    async fn progress(&self, backend: &Backend) -> Result<Option<String>, TargetError> {
        let _look = self.server.look().await;
        self.target.progress(backend).await
    }

    async fn backend_state(&self, backend: &Backend) -> Result<BackendState, TargetError> {
        let _look = self.server.look().await;
        self.target.backend_state(backend).await
    }

    async fn end_backend(&self, backend: &Backend, grace: Duration) -> Result<BackendState, TargetError> {
        let _look = self.server.look().await;
        self.target.end_backend(backend, grace).await
    }

    async fn transaction_outcome(&self, xid: &str) -> Result<TransactionOutcome, TargetError> {
        let _look = self.server.look().await;
        self.target.transaction_outcome(xid).await
    }
}

#[cfg(test)]
mod tests;
