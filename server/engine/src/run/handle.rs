//! A run under way, as others in this process see it.

use super::RunLog;
use super::executor::Executors;
use crate::EngineError;
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_store::Hash;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What a run will make true: revisions with the content that it is pinned to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// The goal's revisions.
    pub(crate) goal: Vec<String>,
    /// The goal and all below it, with their identities.
    pub(crate) closure: HashMap<String, Hash>,
}

impl Scope {
    /// Whether everything that `other` wants, with the same content, is wanted here too (rule R7).
    pub(crate) fn contains(&self, other: &Scope) -> bool {
        other.closure.iter().all(|(id, hash)| self.closure.get(id) == Some(hash))
    }
}

/// A run under way.
pub(crate) struct RunHandle {
    pub(crate) id: String,
    pub(crate) target_key: String,
    pub(crate) actor: String,
    pub(crate) created_at: i64,
    pub(crate) scope: Scope,
    /// The upgrade may be joined: nothing about how it works was asked for.
    pub(crate) joinable: bool,
    pub(crate) log: Arc<RunLog>,
    /// The lease through which this daemon owns it, where the store is shared.
    pub(crate) lease: Option<String>,
    /// Clients that offer to execute its steps.
    pub(crate) executors: Executors,
    /// Set when the run is to stop.
    pub(crate) cancelled: CancellationToken,
    cause: Mutex<Option<EngineError>>,
    doing: Mutex<String>,
}

impl RunHandle {
    #[expect(clippy::too_many_arguments, reason = "what makes up a run under way")]
    pub(crate) fn new(
        id: String,
        target_key: String,
        actor: String,
        created_at: i64,
        scope: Scope,
        joinable: bool,
        log: Arc<RunLog>,
        lease: Option<String>,
    ) -> RunHandle {
        RunHandle {
            id,
            target_key,
            actor,
            created_at,
            scope,
            joinable,
            log,
            lease,
            executors: Executors::default(),
            cancelled: CancellationToken::new(),
            cause: Mutex::default(),
            doing: Mutex::default(),
        }
    }

    /// Asks the run to stop. The first cause stands. Returns whether this call was the first.
    pub(crate) fn cancel(&self, actor: &str, cause: EngineError) -> bool {
        let first = self.note_cancel(actor, cause);
        self.cancelled.cancel();
        first
    }

    /// Notes and tells that the run is to stop, without stopping it yet. Returns whether this call was the first.
    pub(crate) fn note_cancel(&self, actor: &str, cause: EngineError) -> bool {
        let mut slot = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return false;
        }
        // The cause says who; the event has a field for that.
        let said = cause.message.strip_prefix(&format!("cancelled by {actor}"));
        let reason = said.map_or(cause.message.as_str(), |rest| rest.trim_start_matches(": ")).to_owned();
        self.log.push(EventKind::CancelRequested { actor: actor.to_owned(), reason });
        *slot = Some(cause);
        true
    }

    /// Stops the run here: it is not this daemon's any more. That is nothing to tell of the run itself.
    pub(crate) fn lose(&self) {
        let mut slot = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert_with(|| {
            EngineError::new(Code::LeaseLost, "the lease of this daemon lapsed: the run is another's by now")
        });
        self.cancelled.cancel();
    }

    /// Why the run was asked to stop.
    pub(crate) fn cause(&self) -> EngineError {
        let slot = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        slot.clone().unwrap_or_else(|| EngineError::new(Code::Cancelled, "the run was cancelled"))
    }

    /// Notes what the run is doing, for those who wait for it.
    pub(crate) fn set_doing(&self, doing: String) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    /// What the run is doing.
    pub(crate) fn doing(&self) -> String {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
