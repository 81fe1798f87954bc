//! Small writes of many runs that share a commit: whoever comes while one is under way waits for the next, and one of
//! those that wait writes for all. A fleet does not wait for a commit apiece.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::Result;

/// A write that shares its commit with others of its kind.
pub(crate) trait Together: Clone + Send + Sync + 'static {
    /// The store that it is written to.
    type Store: Sync;
    /// Where those of this kind wait.
    fn queue(store: &Self::Store) -> &Queue<Self>;
    /// Writes all, in order. Each has its own outcome, unless none was written.
    fn write(store: &Self::Store, all: &[Self]) -> impl Future<Output = Result<Vec<Result<()>>>> + Send;
}

/// Those that wait, and whose turn it is to write for all of them.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: Mutex<Vec<(T, oneshot::Sender<Result<()>>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

/// Writes `one`, together with whatever else waits.
pub(crate) async fn write<T: Together>(store: &T::Store, one: T) -> Result<()> {
    let queue = T::queue(store);
    loop {
        let (done, outcome) = oneshot::channel();
        queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((one.clone(), done));
        let turn = queue.turn.lock().await;
        let all = std::mem::take(&mut *queue.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let (items, done): (Vec<T>, Vec<_>) = all.into_iter().unzip();
        if !items.is_empty() {
            let written = T::write(store, &items).await;
            // Who was dropped meanwhile does not listen any more.
            match written {
                Ok(outcomes) => done.into_iter().zip(outcomes).for_each(|(done, one)| drop(done.send(one))),
                Err(e) => done.into_iter().for_each(|done| drop(done.send(Err(e.clone())))),
            }
        }
        drop(turn);
        // No answer: the call that wrote for us was dropped in the middle. What it wrote is written again.
        if let Ok(outcome) = outcome.await {
            return outcome;
        }
    }
}
