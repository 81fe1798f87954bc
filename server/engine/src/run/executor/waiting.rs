//! Clients that wait for a step of a run.

use super::Connection;
use crate::EngineError;
use futures_util::{FutureExt as _, StreamExt as _};
use migrated_core::Code;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[derive(Default)]
struct State {
    waiting: VecDeque<Connection>,
    closed: bool,
}

/// The executors of a run that have no step.
#[derive(Default)]
pub(crate) struct Executors {
    state: Mutex<State>,
    came: Notify,
}

impl Executors {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another one. After the end of the run its stream ends.
    pub(crate) fn offer(&self, one: Connection) {
        let mut state = self.state();
        if !state.closed {
            state.waiting.push_back(one);
            drop(state);
            self.came.notify_one();
        }
    }

    /// One that has done a step takes the next as well.
    pub(crate) fn give_back(&self, one: Connection) {
        let mut state = self.state();
        if !state.closed {
            state.waiting.push_front(one);
        }
    }

    /// One for a body in that language, if there is any now.
    pub(crate) fn take(&self, language: &str) -> Option<Connection> {
        let mut state = self.state();
        state.waiting.retain_mut(is_there);
        let fits = |one: &Connection| one.languages.is_empty() || one.languages.iter().any(|l| l == language);
        let at = state.waiting.iter().position(fits)?;
        state.waiting.remove(at)
    }

    /// Waits until there is one.
    pub(crate) async fn wait(&self, language: &str) -> Connection {
        loop {
            let came = self.came.notified();
            if let Some(one) = self.take(language) {
                return one;
            }
            came.await;
        }
    }

    /// The run has ended: all streams end.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
    }
}

/// Whether a client still wants a step. Between two steps it has nothing to say.
fn is_there(one: &mut Connection) -> bool {
    if one.hears.is_closed() {
        return false;
    }
    match one.says.next().now_or_never() {
        None => true,
        Some(None) => false,
        Some(Some(said)) => {
            let error = said.err().unwrap_or_else(|| {
                EngineError::new(Code::InvalidRequest, "a message came while no step was under way")
            });
            // There is room, unless nobody reads.
            let _ = one.hears.try_send(Err(error));
            false
        }
    }
}
