//! The task that writes a run's log.

use super::{RunLog, STORE_RETRY};
use migrated_core::event::Event;
use migrated_store::{StepNote, StoreError};
use migrated_target::edge::Edge;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long a group gathers before it is written.
const GROUP: Duration = Duration::from_millis(4);
/// Most events that are written together: who reads a few of them reads the whole group.
const LARGEST_GROUP: usize = 512;

impl RunLog {
    /// Writes what is pushed, until the log is closed or another daemon's.
    pub(super) async fn write(self: Arc<Self>) {
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
        self.tell_noted(notes.len(), fault);
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
                    None if is_shared => {
                        self.refuse_notes(e);
                        tokio::time::sleep(STORE_RETRY[STORE_RETRY.len() - 1]).await;
                    }
                    None => {
                        tracing::error!(run = %self.run, error = %e, "the run's log cannot be stored");
                        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
                        return true;
                    }
                },
            }
        }
    }

    /// Refuses the notes that came while a group waits for the store: whoever waits for them may hold locks in the target,
    /// with a transaction that is not to be committed before it is recorded.
    fn refuse_notes(&self, fault: StoreError) {
        let notes = std::mem::take(&mut self.state().notes);
        if !notes.is_empty() {
            self.tell_noted(notes.len(), Some(fault));
        }
    }

    /// Tells whoever waits for notes that so many more are written, or refused.
    fn tell_noted(&self, count: usize, fault: Option<StoreError>) {
        self.noted.send_modify(|noted| {
            noted.count += count as u64;
            noted.fault = fault;
        });
    }

    /// Whether a group is stored just as it is.
    async fn is_there(&self, group: &[Event]) -> bool {
        let (Some(first), count) = (group.first(), u32::try_from(group.len()).unwrap_or(u32::MAX)) else {
            return true;
        };
        let stored = self.store.events(&self.run, first.seq.saturating_sub(1), count).await;
        stored.is_ok_and(|stored| stored == group)
    }
}
