//! A run's log: numbers events, stores them in groups, and only then shows them to watchers (rule R3).

mod write;

use super::part::{Part, Parts};
use super::turns::{Seat, Turns};
use crate::Engine;
use crate::clock::Clock;
use migrated_core::event::{Event, EventKind};
use migrated_store::{StepNote, Store, StoreError};
use migrated_target::edge::{Edge, Edges};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Events kept in memory for watchers that keep up; slower ones read from the store.
const RING: usize = 2_048;
/// Pauses between attempts to write what the store refuses.
pub(super) const STORE_RETRY: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(2)];

/// What watchers wait on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Number of the last event that may be shown.
    pub(crate) seq: u64,
    /// The log is complete.
    pub(crate) ended: bool,
    /// It goes on elsewhere: the run is another daemon's by now (rule R15).
    pub(crate) moved: bool,
}

/// How far the notes on steps are stored.
#[derive(Clone, Debug, Default)]
struct Noted {
    /// Number of notes that were written or refused.
    count: u64,
    /// The store's refusal of the last ones.
    fault: Option<StoreError>,
}

struct State {
    next: u64,
    pending: Vec<Event>,
    notes: Vec<StepNote>,
    /// Number of notes that were ever pushed.
    noted: u64,
    /// Somebody waits for the notes, or soon will: they do not wait for the group.
    urgent: bool,
    recent: VecDeque<Arc<Event>>,
    closed: bool,
    /// Once it is closed, the log goes on elsewhere.
    moves: bool,
}

/// The log of one run. The work pushes and never waits; one task writes.
pub(crate) struct RunLog {
    run: String,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    edges: Arc<dyn Edges>,
    state: Mutex<State>,
    wake: Notify,
    shown: watch::Sender<Shown>,
    turns: Arc<Turns>,
    parts: Parts,
    noted: watch::Sender<Noted>,
    fault: Mutex<Option<StoreError>>,
}

impl RunLog {
    /// A log that continues after `last`, with its writer running.
    pub(crate) fn start(run: &str, last: u64, engine: &Engine) -> Arc<RunLog> {
        let log = RunLog::made(run, last, false, engine);
        tokio::spawn(log.clone().write());
        log
    }

    fn made(run: &str, last: u64, closed: bool, engine: &Engine) -> Arc<RunLog> {
        let (store, clock) = (engine.inner.store.clone(), engine.inner.clock.clone());
        let state = State {
            next: last + 1,
            pending: Vec::new(),
            notes: Vec::new(),
            noted: 0,
            urgent: false,
            recent: VecDeque::new(),
            closed,
            moves: false,
        };
        Arc::new(RunLog {
            run: run.to_owned(),
            store,
            clock,
            edges: engine.inner.edges.clone(),
            state: Mutex::new(state),
            wake: Notify::new(),
            shown: watch::Sender::new(Shown { seq: last, ..Shown::default() }),
            turns: Arc::default(),
            parts: Parts::default(),
            noted: watch::Sender::new(Noted::default()),
            fault: Mutex::new(None),
        })
    }

    /// A log that another daemon writes, to be filled by [`RunLog::show`].
    pub(super) fn foreign(run: &str, engine: &Engine) -> Arc<RunLog> {
        RunLog::made(run, 0, true, engine)
    }

    pub(super) fn id(&self) -> &str {
        &self.run
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Everything was shown that there is and will be.
    pub(super) fn complete(&self) {
        self.shown.send_modify(|s| s.ended = true);
    }

    /// What is numbered up to here was pruned.
    pub(super) fn skip_to(&self, seq: u64) {
        // What is in memory would not join on to what comes.
        self.state().recent.clear();
        self.shown.send_modify(|s| s.seq = s.seq.max(seq));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event. Never waits.
    pub(crate) fn push(&self, what: EventKind) {
        tracing::debug!(run = %self.run, event = ?what, "event");
        let at = self.clock.now_micros();
        let mut state = self.state();
        if state.closed {
            return;
        }
        let seq = state.next;
        state.next += 1;
        state.pending.push(Event { seq, at, what });
        drop(state);
        self.wake.notify_one();
    }

    /// Adds a note on a step, stored along with the next group of events, or before that where it is `urgent`.
    /// Never waits.
    pub(crate) fn note(&self, note: StepNote, urgent: bool) {
        let mut state = self.state();
        state.notes.push(note);
        state.noted += 1;
        state.urgent |= urgent;
        drop(state);
        self.wake.notify_one();
    }

    /// Waits until every note so far is stored.
    pub(crate) async fn recorded(&self) -> Result<(), StoreError> {
        let count = {
            let mut state = self.state();
            state.urgent |= !state.notes.is_empty();
            state.noted
        };
        let mut noted = self.noted.subscribe();
        if noted.borrow_and_update().count < count {
            self.wake.notify_one();
        }
        // The sender lives as long as `self`, so waiting cannot fail.
        match noted.wait_for(|n| n.count >= count).await.map(|n| n.fault.clone()) {
            Ok(Some(fault)) => Err(fault),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Adds the last event and waits until the whole log may be shown.
    pub(crate) async fn finish(&self, what: EventKind) {
        self.push(what);
        self.state().closed = true;
        self.wake.notify_one();
        let mut shown = self.shown.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = shown.wait_for(|s| s.ended || s.moved).await;
    }

    /// Adds the last event that comes from here and waits until it is shown: another daemon goes on with the run.
    pub(crate) async fn hand_over(&self, what: EventKind) {
        self.state().moves = true;
        self.finish(what).await;
    }

    /// Ends the log here and now: the run is another daemon's, and so is what there is still to tell.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.closed = true;
        state.pending.clear();
        drop(state);
        self.shown.send_modify(|s| s.moved = true);
        self.wake.notify_one();
    }

    /// Events were handed to a watcher's stream.
    pub(crate) async fn sent(&self) {
        self.edges.pass(Edge::EventsSent).await;
    }

    /// A place among the watchers.
    pub(super) fn seat(&self) -> Seat {
        self.turns.seat(&self.shown)
    }

    /// What may be shown, to wait on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Shown> {
        self.shown.subscribe()
    }

    /// The store's refusal, where the log could not be stored.
    pub(crate) fn fault(&self) -> Option<String> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().map(ToString::to_string)
    }

    /// Number of watchers.
    pub(crate) fn watchers(&self) -> usize {
        self.turns.taken()
    }

    /// The events after `after` that one message brings; `seq` is the last one that may be shown. Whoever is equally
    /// far gets the same part: the store is read once for all of them.
    pub(crate) async fn part(&self, after: u64, seq: u64) -> Result<Arc<Part>, StoreError> {
        let last = Part::end(after, seq);
        if let Some(part) = self.parts.find(after, last) {
            return Ok(part);
        }
        if let Some(events) = self.recent(after, last) {
            return Ok(self.parts.keep(Part::new(events)));
        }
        let _reading = self.parts.reading().await;
        if let Some(part) = self.parts.find(after, last) {
            return Ok(part);
        }
        let stored = self.store.events(&self.run, after, last.saturating_sub(after) as u32).await?;
        Ok(self.parts.keep(Part::new(stored.into_iter().map(Arc::new).collect())))
    }

    /// Events from the ring, where it reaches back so far.
    fn recent(&self, after: u64, last: u64) -> Option<Vec<Arc<Event>>> {
        let state = self.state();
        let first = state.recent.front().map(|event| event.seq).filter(|first| *first <= after + 1)?;
        let (skip, take) = ((after + 1 - first) as usize, last.saturating_sub(after) as usize);
        Some(state.recent.iter().skip(skip).take(take).cloned().collect())
    }

    /// Events and parts in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.state().recent.len(), self.parts.held())
    }

    pub(super) fn show(&self, group: Vec<Event>) {
        let last = group.last().map_or(0, |e| e.seq);
        let mut state = self.state();
        state.recent.extend(group.into_iter().map(Arc::new));
        // Where the store refused, the ring is all there is.
        if self.fault().is_none() {
            let excess = state.recent.len().saturating_sub(RING);
            state.recent.drain(..excess);
        }
        drop(state);
        self.shown.send_modify(|s| s.seq = last);
    }
}
