//! The edges of a run: every moment between two of which a daemon that dies leaves something else behind.
//!
//! The work passes each one it comes to to an [`Edges`]. The daemon that people run has [`Unwatched`], which does
//! nothing; the tests have one that ends the process there, or holds the run until they let it on. So what is tested is
//! the program that is shipped, with another listener.

use async_trait::async_trait;
use std::fmt;
use std::task::Poll;

/// Declares the edges, each with its name and what has happened when it is reached.
macro_rules! edges {
    ($($(#[doc = $what:literal])+ $edge:ident = $name:literal,)+) => {
        /// A moment of a run. Each is passed as often as the run comes to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Edge {
            $($(#[doc = $what])+ $edge,)+
        }

        impl Edge {
            /// Every edge, in the order in which a run comes to them.
            pub const ALL: &[Edge] = &[$(Edge::$edge,)+];

            /// Its name, as tests ask for it and `docs/reliability.md` lists it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Edge::$edge => $name,)+
                }
            }

            /// What has happened when it is reached.
            pub const fn what(self) -> &'static str {
                match self {
                    $(Edge::$edge => concat!($($what,)+),)+
                }
            }
        }
    };
}

edges! {
    /// The request is checked and planned; nothing is stored.
    Asked = "asked",
    /// The run is stored as QUEUED; nobody was told.
    Queued = "queued",
    /// It is the run's turn in this daemon; the target is not locked.
    Turn = "turn",
    /// The migration lock is held; nothing was read under it.
    Locked = "locked",
    /// The steps are stored with the hashes of their bodies; the run is not yet RUNNING.
    StepsStored = "steps-stored",
    /// The run is stored as RUNNING with its plan; nothing of it is begun.
    PlanStored = "plan-stored",
    /// A work session is open; the store does not know of it.
    Connected = "connected",
    /// The work session's backend is stored.
    BackendStored = "backend-stored",
    /// A step was told as begun; nothing of it was sent.
    StepStarted = "step-started",
    /// The version rows are compared with the plan: the step's transaction, or its journal, is open.
    Compared = "compared",
    /// What became of a statement that was cut off is decided; the journal does not have it yet.
    Decided = "decided",
    /// The journal has what was decided.
    Corrected = "corrected",
    /// The journal's table is there; no row of the step is in it.
    JournalMade = "journal-made",
    /// INTENT of a statement that commits by itself is written; the statement was not sent.
    IntentWritten = "intent-written",
    /// A statement is on its way, and its answer is not here.
    StatementSent = "statement-sent",
    /// A statement took effect; its DONE row, its version rows and its COMMIT are still to come.
    StatementDone = "statement-done",
    /// DONE of a statement is committed.
    DoneWritten = "done-written",
    /// The version rows are written; their transaction is open.
    RowsWritten = "rows-written",
    /// COMMIT of a step is on its way, and its answer is not here.
    CommitSent = "commit-sent",
    /// COMMIT of a step is answered; the store does not know.
    Committed = "committed",
    /// An attempt at a step failed or was cancelled, and its session is closed; nobody was told.
    AttemptOver = "attempt-over",
    /// The notes on a step (begun, its transaction, done) are stored.
    NotesStored = "notes-stored",
    /// A step is done and told; the store may not have it yet.
    StepDone = "step-done",
    /// A group of events is stored; no watcher has seen it.
    EventsStored = "events-stored",
    /// A group of events may be seen by watchers.
    EventsShown = "events-shown",
    /// Events were handed to a watcher's stream.
    EventsSent = "events-sent",
    /// A cancel is noted; nothing was stopped yet.
    CancelNoted = "cancel-noted",
    /// The work is over, whatever came of it; the migration lock is still held.
    Worked = "worked",
    /// The migration lock is given back; the store says that the run is under way.
    Unlocked = "unlocked",
    /// The content of what was applied is stored; the run's end is not.
    AppliedStored = "applied-stored",
    /// The run's end is stored; its last event is not.
    EndStored = "end-stored",
    /// The run's last event may be seen by watchers.
    EndShown = "end-shown",
    /// Settling a dead daemon's run: its sessions are gone; nothing was noted.
    OrphansGone = "orphans-gone",
    /// Settling a dead daemon's run: what became of its steps is stored.
    FatesStored = "fates-stored",
    /// Settling a dead daemon's run: its end is stored; its last event is not.
    SettledStored = "settled-stored",
    /// Settling a dead daemon's run: its last event may be seen.
    SettledShown = "settled-shown",
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who is told of the edges that runs come to.
#[async_trait]
pub trait Edges: fmt::Debug + Send + Sync + 'static {
    /// A run has come to `edge`, and goes on when this returns.
    async fn pass(&self, edge: Edge);
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

#[async_trait]
impl Edges for Unwatched {
    async fn pass(&self, _edge: Edge) {}
}

/// Passes `edge` once `work` is under way, then waits for the end of `work`. Where the edge holds the run and the work
/// ends meanwhile, the run goes on.
pub(crate) async fn under_way<T>(edge: impl Future<Output = ()>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let begun = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    if let Poll::Ready(ended) = begun {
        edge.await;
        return ended;
    }
    tokio::select! {
        biased;
        () = edge => {}
        ended = &mut work => return ended,
    }
    work.await
}

#[cfg(test)]
mod tests {
    use super::{Edge, under_way};
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::future::{pending, ready};

    #[test]
    fn names_are_one_each() {
        let names: BTreeSet<&str> = Edge::ALL.iter().map(|edge| edge.name()).collect();
        assert_eq!(names.len(), Edge::ALL.len());
    }

    #[tokio::test]
    async fn an_edge_on_the_way_is_passed_once_the_work_has_begun() {
        let told = RefCell::new(Vec::new());
        let edge = async || told.borrow_mut().push("edge");
        // Work that is done at once has begun, too.
        under_way(edge(), async { told.borrow_mut().push("work") }).await;
        let slow = async {
            told.borrow_mut().push("begun");
            tokio::task::yield_now().await;
            told.borrow_mut().push("ended");
        };
        under_way(edge(), slow).await;
        assert_eq!(told.into_inner(), ["work", "edge", "begun", "edge", "ended"]);
    }

    #[tokio::test]
    async fn work_that_ends_is_not_held() {
        let slow = async { tokio::task::yield_now().await };
        under_way(pending(), slow).await;
        under_way(ready(()), ready(())).await;
    }
}
