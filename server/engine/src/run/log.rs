//! A run's log: numbers events, stores them in groups, and only then shows them to watchers (rule R3).

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

/// How long a group gathers before it is written.
const GROUP: Duration = Duration::from_millis(4);
/// Most events that are written together: who reads a few of them reads the whole group.
const LARGEST_GROUP: usize = 512;
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

    async fn write(self: Arc<Self>) {
        loop {
            let (notes, group, closed) = {
                let mut state = self.state();
                state.urgent = false;
                let most = state.pending.len().min(LARGEST_GROUP);
                let rest = state.pending.split_off(most);
                let group = std::mem::replace(&mut state.pending, rest);
                (std::mem::take(&mut state.notes), group, state.closed)
            };
            let idle = notes.is_empty() && group.is_empty();
            self.store_notes(notes).await;
            if !group.is_empty() {
                if !self.store_group(&group).await {
                    self.abandon();
                    return;
                }
                self.edges.pass(Edge::EventsStored).await;
                self.show(group);
                self.edges.pass(Edge::EventsShown).await;
            }
            if !idle {
                continue;
            }
            if closed {
                let moves = self.state().moves;
                self.shown.send_modify(|s| if moves { s.moved = true } else { s.ended = true });
                return;
            }
            self.wake.notified().await;
            self.gather().await;
        }
    }

    /// Waits until a group is due: what comes within a few milliseconds shares a write, so that telling costs the
    /// work nothing. Notes that somebody waits for are written meanwhile.
    async fn gather(&self) {
        let due = tokio::time::sleep(GROUP);
        tokio::pin!(due);
        loop {
            let notes = {
                let mut state = self.state();
                if state.closed {
                    return;
                }
                match std::mem::take(&mut state.urgent) {
                    true => std::mem::take(&mut state.notes),
                    false => Vec::new(),
                }
            };
            self.store_notes(notes).await;
            tokio::select! {
                () = &mut due => return,
                () = self.wake.notified() => {}
            }
        }
    }

    /// Writes notes. Where the store goes on refusing they are lost, and whoever waits for them is told.
    async fn store_notes(&self, notes: Vec<StepNote>) {
        if notes.is_empty() {
            return;
        }
        let mut pauses = STORE_RETRY.iter();
        let fault = loop {
            match self.store.note_steps(&self.run, &notes).await {
                Ok(()) => break None,
                Err(e) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => break Some(e),
                },
            }
        };
        if let Some(e) = &fault {
            tracing::error!(run = %self.run, error = %e, "what became of steps cannot be stored");
        }
        self.noted.send_modify(|noted| {
            noted.count += notes.len() as u64;
            noted.fault = fault;
        });
        self.edges.pass(Edge::NotesStored).await;
    }

    /// Writes a group; where a store of this daemon alone goes on refusing, remembers why and lets the group be shown all
    /// the same: a full disk under the store must not make a run mute. In a shared store another daemon would number its
    /// events anew, so there nothing is shown that is not stored. `false` where the log is another daemon's by now.
    async fn store_group(&self, group: &[Event]) -> bool {
        if self.fault().is_some() {
            return true;
        }
        let is_shared = self.store.shared().is_some();
        let mut pauses = STORE_RETRY.iter();
        loop {
            match self.store.append_events(&self.run, group).await {
                Ok(()) => return true,
                Err(StoreError::NotOwner { .. } | StoreError::Conflict { .. }) if is_shared => {
                    // What an append did whose answer was lost looks like somebody else's.
                    return self.is_there(group).await;
                }
                Err(_) if self.shown.borrow().moved => return false,
                Err(e) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None if is_shared => tokio::time::sleep(STORE_RETRY[STORE_RETRY.len() - 1]).await,
                    None => {
                        tracing::error!(run = %self.run, error = %e, "the run's log cannot be stored");
                        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
                        return true;
                    }
                },
            }
        }
    }

    /// Whether a group is stored just as it is.
    async fn is_there(&self, group: &[Event]) -> bool {
        let (Some(first), count) = (group.first(), u32::try_from(group.len()).unwrap_or(u32::MAX)) else {
            return true;
        };
        let stored = self.store.events(&self.run, first.seq.saturating_sub(1), count).await;
        stored.is_ok_and(|stored| stored == group)
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
