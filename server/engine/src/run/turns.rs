//! When the watchers of a run are told: the first few at once, the others row by row, one part of the log at a turn.
//! So telling costs the daemon the same for a hundred watchers and for ten thousand, and the run goes on beside it; what
//! grows with their number is how late they hear (rule R17).

use super::log::Shown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Watchers that are told at once, and watchers in a row.
const SEATS: usize = 16;
/// Pause between the turns of two rows.
const PAUSE: Duration = Duration::from_millis(5);

/// The seats of all who watch a run.
#[derive(Default)]
pub(super) struct Turns {
    seats: Mutex<Seats>,
    /// A row asks for a turn.
    asked: Notify,
}

#[derive(Default)]
struct Seats {
    at_once: usize,
    rows: Vec<Arc<Row>>,
}

/// Watchers that have their turns together.
struct Row {
    shown: watch::Sender<Shown>,
    /// One of them has more to read.
    asked: AtomicBool,
}

impl Turns {
    /// A seat for a watcher of the log that `shown` tells of.
    pub(super) fn seat(self: &Arc<Turns>, shown: &watch::Sender<Shown>) -> Seat {
        let mut seats = self.lock();
        if seats.at_once < SEATS {
            seats.at_once += 1;
            return Seat { shown: shown.subscribe(), turns: self.clone(), row: None, turn: true };
        }
        let free = seats.rows.iter().find(|row| row.shown.receiver_count() < SEATS).cloned();
        let row = free.unwrap_or_else(|| {
            if seats.rows.is_empty() {
                tokio::spawn(give_turns(shown.subscribe(), self.clone()));
            }
            let row = Arc::new(Row {
                shown: watch::Sender::new(shown.borrow().clone()),
                asked: AtomicBool::new(false),
            });
            seats.rows.push(row.clone());
            row
        });
        let seat = Seat { shown: row.shown.subscribe(), turns: self.clone(), row: Some(row), turn: true };
        drop(seats);
        // What the row was told last may be old.
        self.asked.notify_one();
        seat
    }

    /// Number of watchers.
    pub(super) fn taken(&self) -> usize {
        let seats = self.lock();
        seats.at_once + seats.rows.iter().map(|row| row.shown.receiver_count()).sum::<usize>()
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives each row that has something to hear its turn, one after the other, for as long as there is the log.
async fn give_turns(mut shown: watch::Receiver<Shown>, turns: Arc<Turns>) {
    loop {
        shown.mark_unchanged();
        let rows = turns.lock().rows.clone();
        let mut gave = false;
        for row in rows.iter().filter(|row| row.shown.receiver_count() > 0) {
            let now = shown.borrow().clone();
            if row.asked.swap(false, Ordering::Relaxed) || *row.shown.borrow() != now {
                row.shown.send_replace(now);
                gave = true;
                tokio::time::sleep(PAUSE).await;
            }
        }
        if gave {
            continue;
        }
        tokio::select! {
            changed = shown.changed() => if changed.is_err() {
                return;
            },
            () = turns.asked.notified() => {}
        }
    }
}

/// A watcher's place.
pub(super) struct Seat {
    shown: watch::Receiver<Shown>,
    turns: Arc<Turns>,
    row: Option<Arc<Row>>,
    /// The row had a turn that this watcher has not used.
    turn: bool,
}

impl Seat {
    /// What may be shown to it.
    pub(super) fn look(&mut self) -> Shown {
        self.turn |= self.shown.has_changed().unwrap_or(true);
        self.shown.borrow_and_update().clone()
    }

    /// Whether it may read a part now. Where it may not, a turn is asked for, and [`Seat::changed`] tells when.
    pub(super) fn takes_turn(&mut self) -> bool {
        let Some(row) = &self.row else { return true };
        let has = std::mem::take(&mut self.turn);
        if !has {
            row.asked.store(true, Ordering::Relaxed);
            self.turns.asked.notify_one();
        }
        has
    }

    /// Waits until there is something else to see, or a turn; whether there will ever be.
    pub(super) async fn changed(&mut self) -> bool {
        let goes_on = self.shown.changed().await.is_ok();
        self.turn |= goes_on;
        goes_on
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.row.is_none() {
            self.turns.lock().at_once -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PAUSE, SEATS, Seat, Turns};
    use crate::run::log::Shown;
    use std::sync::Arc;
    use tokio::sync::watch;
    use tokio::time::Instant;

    fn upto(seq: u64) -> Shown {
        Shown { seq, ..Shown::default() }
    }

    /// Uses the first turn, which everybody has.
    fn seated(turns: &Arc<Turns>, shown: &watch::Sender<Shown>, number: usize) -> Vec<Seat> {
        let mut seats: Vec<Seat> = (0..number).map(|_| turns.seat(shown)).collect();
        for seat in &mut seats {
            seat.look();
            assert!(seat.takes_turn(), "the first is free");
        }
        seats
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_are_told_at_once_and_the_others_row_by_row() {
        let (turns, shown) = (Arc::new(Turns::default()), watch::Sender::new(Shown::default()));
        let mut seats = seated(&turns, &shown, 10 * SEATS + 1);
        assert_eq!(turns.taken(), seats.len());
        // The rows ask for nothing: they have read all that there is.
        tokio::time::sleep(100 * PAUSE).await;
        let begun = Instant::now();
        shown.send_replace(upto(7));
        for (index, seat) in seats.iter_mut().enumerate() {
            assert!(seat.changed().await);
            assert_eq!(seat.look(), upto(7));
            assert!(seat.takes_turn());
            let before = index / SEATS;
            assert!(begun.elapsed() <= before as u32 * PAUSE * 2, "{index}: {:?}", begun.elapsed());
            assert!(index < 2 * SEATS || begun.elapsed() > (before as u32 - 2) * PAUSE, "{index} is early");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_more_to_read_gets_another_turn() {
        let (turns, shown) = (Arc::new(Turns::default()), watch::Sender::new(upto(9)));
        let mut seats = seated(&turns, &shown, SEATS + 2);
        for turn in 0..3 {
            let seat = &mut seats[SEATS];
            seat.look();
            assert!(!seat.takes_turn(), "turn {turn} was used");
            assert!(seat.changed().await);
            seat.look();
            assert!(seat.takes_turn());
        }
        // One that is told at once needs none.
        assert!(seats[0].takes_turn() && seats[0].takes_turn());
    }

    #[tokio::test(start_paused = true)]
    async fn a_seat_that_was_left_is_taken_again_and_tells_the_newest() {
        let (turns, shown) = (Arc::new(Turns::default()), watch::Sender::new(Shown::default()));
        let mut seats = seated(&turns, &shown, 3 * SEATS);
        drop(seats.drain(..2 * SEATS));
        assert_eq!(turns.taken(), SEATS);
        shown.send_replace(upto(1));
        let mut later = seated(&turns, &shown, 2 * SEATS);
        assert_eq!(turns.lock().rows.len(), 2, "no further row");
        shown.send_modify(|now| now.ended = true);
        for seat in seats.iter_mut().chain(&mut later) {
            while !seat.look().ended {
                assert!(seat.changed().await);
            }
            assert_eq!(seat.look().seq, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn turns_end_with_the_log() {
        let (turns, shown) = (Arc::new(Turns::default()), watch::Sender::new(Shown::default()));
        let seats = seated(&turns, &shown, SEATS + 1);
        let left = Arc::downgrade(&turns);
        drop((seats, turns, shown));
        while left.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
