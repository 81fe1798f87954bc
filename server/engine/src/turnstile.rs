//! A turnstile that lets one through at a time, the projects in turn: one with a fleet to migrate does not keep another
//! waiting that has a single target.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Where those wait who want through.
#[derive(Clone, Default)]
pub(crate) struct Turnstile {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Somebody is in it.
    taken: bool,
    /// Who waits, project by project in the order of their next turns; none is empty.
    waiting: VecDeque<(String, VecDeque<oneshot::Sender<Turn>>)>,
}

/// The turn of one. The next one's begins when this is dropped.
pub(crate) struct Turn {
    turnstile: Option<Turnstile>,
}

impl Turnstile {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody is in it or waits.
    pub(crate) fn is_free(&self) -> bool {
        !self.state().taken
    }

    /// Waits for a project's turn. Within a project whoever comes first goes first.
    pub(crate) async fn turn(&self, project: &str) -> Turn {
        let begun = {
            let mut state = self.state();
            if !std::mem::replace(&mut state.taken, true) {
                return Turn { turnstile: Some(self.clone()) };
            }
            let (sender, begun) = oneshot::channel();
            match state.waiting.iter_mut().find(|(name, _)| name == project) {
                Some((_, queue)) => queue.push_back(sender),
                None => state.waiting.push_back((project.to_owned(), VecDeque::from([sender]))),
            }
            begun
        };
        // The sender goes only by being used.
        begun.await.unwrap_or(Turn { turnstile: None })
    }

    /// Gives the turn to the next, or to nobody.
    fn pass(self) {
        loop {
            let next = {
                let mut state = self.state();
                let Some((project, mut queue)) = state.waiting.pop_front() else {
                    state.taken = false;
                    return;
                };
                let next = queue.pop_front();
                if !queue.is_empty() {
                    state.waiting.push_back((project, queue));
                }
                next
            };
            let Some(next) = next else { continue };
            match next.send(Turn { turnstile: Some(self.clone()) }) {
                Ok(()) => return,
                // It gave up waiting: its turn is passed on from here.
                Err(mut turn) => turn.turnstile = None,
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turnstile) = self.turnstile.take() {
            turnstile.pass();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Lets everybody through, and tells in which order. `gives_up` leaves before its turn.
    async fn order(who: &[(&'static str, u32)], gives_up: Option<usize>) -> Vec<(&'static str, u32)> {
        let turnstile = Turnstile::default();
        let first = turnstile.turn("first").await;
        assert!(!turnstile.is_free());
        let (told, order) = mpsc::channel();
        let mut tasks = Vec::new();
        for &(project, number) in who {
            let (turnstile, told) = (turnstile.clone(), told.clone());
            tasks.push(tokio::spawn(async move {
                let _turn = turnstile.turn(project).await;
                told.send((project, number)).expect("the test listens");
            }));
            // They come one after the other.
            tokio::task::yield_now().await;
        }
        if let Some(one) = gives_up {
            tasks[one].abort();
            assert!((&mut tasks[one]).await.is_err());
        }
        drop(first);
        for (index, task) in tasks.into_iter().enumerate() {
            if Some(index) != gives_up {
                task.await.expect("it gets its turn");
            }
        }
        assert!(turnstile.is_free(), "and nobody is left");
        drop(told);
        order.iter().collect()
    }

    #[tokio::test]
    async fn projects_take_turns() {
        let who = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("c", 1)];
        let expected = [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2), ("a", 3)];
        assert_eq!(order(&who, None).await, expected);
    }

    #[tokio::test]
    async fn who_gives_up_holds_nobody_up() {
        let who = [("a", 1), ("a", 2), ("b", 1)];
        assert_eq!(order(&who, Some(0)).await, [("b", 1), ("a", 2)]);
        assert_eq!(order(&who, Some(2)).await, [("a", 1), ("a", 2)]);
    }
}
