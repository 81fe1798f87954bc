//! Several daemons on one store (rule R15): following, joining and cancelling what another one owns, and taking over
//! what nobody owns any more.

mod follow;
mod go_on;
mod hand_over;
mod join;
mod share;
mod take;
mod tend;

pub(crate) use join::Elsewhere;

use super::RunLog;
use crate::place::{Place, TargetRequest};
use migrated_store::StepRecord;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

/// Targets without a name that are remembered with how they are reached: as many as anybody has in a day.
const REMEMBERED: usize = 1_000;

/// What this daemon has to do with the runs of others.
#[derive(Default)]
pub(crate) struct Replicas {
    /// Logs that others write and somebody here reads.
    followed: Mutex<HashMap<String, Weak<RunLog>>>,
    /// How targets are reached that have no name, the latest last.
    places: Mutex<VecDeque<(String, TargetRequest)>>,
    /// Runs that are being taken over.
    taking: Mutex<HashSet<String>>,
}

/// What a daemon left of a run.
#[derive(Clone)]
pub(crate) struct Left {
    /// The plan as it was recorded.
    pub(crate) steps: Vec<StepRecord>,
}

impl Replicas {
    /// Remembers how a target is reached that a request brought: its run may be this daemon's to go on with, and the
    /// store keeps no secrets.
    pub(crate) fn remember(&self, place: &Place, request: &TargetRequest) {
        if place.named {
            return;
        }
        let mut places = lock(&self.places);
        places.retain(|(key, _)| key != place.key());
        places.push_back((place.key().to_owned(), request.clone()));
        if places.len() > REMEMBERED {
            places.pop_front();
        }
    }

    fn remembered(&self, key: &str) -> Option<TargetRequest> {
        lock(&self.places).iter().rev().find(|(known, _)| known == key).map(|(_, request)| request.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
