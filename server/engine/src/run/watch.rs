//! Watching a run: gapless from any number on, with a heartbeat, ending by itself before streams get too old.

use super::RunHandle;
use super::log::RunLog;
use super::part::Part;
use super::turns::Seat;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{Event, EventKind, RunState};
use migrated_store::{RunRecord, StoreError};
use rand::Rng as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Most events in one message of a run that has ended.
const BATCH: u32 = 256;

/// What a watcher gets next.
#[derive(Clone, Debug)]
pub enum RunUpdate {
    /// Events in order, without a gap.
    Events(Arc<Part>),
    /// Nothing happened for a while; the run goes on.
    Heartbeat,
    /// The run goes on, but this request's own goal stands (it had joined a larger run).
    GoalReached,
    /// The stream is old: watch again after this number.
    ResumeAfter(u64),
}

/// A watcher of one run.
pub struct RunWatch {
    /// The run.
    pub run_id: String,
    /// The request joined a run that was under way.
    pub joined: bool,
    goal: Option<Vec<String>>,
    goal_reached: bool,
    engine: Engine,
    source: Source,
    after: u64,
    /// Where it began.
    begun: u64,
    heartbeat: Duration,
    until: Instant,
    /// The last message held events.
    sent: bool,
    done: bool,
}

enum Source {
    Log(Arc<RunLog>, Seat),
    /// Of a run that another daemon owns.
    Foreign(Arc<RunLog>, Seat),
    Store,
}

impl RunWatch {
    pub(crate) fn of_log(engine: &Engine, run_id: &str, log: Arc<RunLog>, after: u64) -> RunWatch {
        let seat = log.seat();
        RunWatch::new(engine, run_id, Source::Log(log, seat), after)
    }

    /// A watcher that is satisfied when `goal` stands, though the run may go on.
    pub(crate) fn joined(engine: &Engine, run: &RunHandle, goal: Vec<String>) -> RunWatch {
        RunWatch::of_log(engine, &run.id, run.log.clone(), 0).until(goal)
    }

    /// A watcher of a run that another daemon owns.
    pub(crate) fn of_foreign(engine: &Engine, run_id: &str, after: u64) -> RunWatch {
        let log = engine.follow(run_id);
        let seat = log.seat();
        RunWatch::new(engine, run_id, Source::Foreign(log, seat), after)
    }

    /// Makes it a watcher of somebody who joined, and is satisfied when `goal` stands.
    pub(crate) fn until(mut self, goal: Vec<String>) -> RunWatch {
        self.joined = true;
        self.goal = Some(goal);
        self
    }

    fn new(engine: &Engine, run_id: &str, source: Source, after: u64) -> RunWatch {
        let settings = engine.settings();
        // Streams that began together must not all come back together.
        let age = settings.stream_age.mul_f64(rand::rng().random_range(0.8..=1.0));
        RunWatch {
            run_id: run_id.to_owned(),
            joined: false,
            goal: None,
            goal_reached: false,
            engine: engine.clone(),
            source,
            after,
            begun: after,
            heartbeat: settings.heartbeat,
            until: Instant::now() + age,
            sent: false,
            done: false,
        }
    }

    /// The next message; `None` at the end of the run's log. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Option<RunUpdate>> {
        if self.done {
            return Ok(None);
        }
        if self.goal_reached {
            self.done = true;
            return Ok(Some(RunUpdate::GoalReached));
        }
        // However much there is to tell, an old stream ends, but none without having brought something.
        if self.after > self.begun && Instant::now() >= self.until {
            return Ok(Some(self.resume_later()));
        }
        let engine = &self.engine;
        let (is_foreign, log, seat) = match &mut self.source {
            Source::Store => {
                let events = engine.stored(&self.run_id, self.after, BATCH).await?;
                let Some(last) = events.last() else {
                    if let Some(end) = engine.missing_end(&self.run_id, self.after).await? {
                        self.after = end.seq;
                        return Ok(Some(RunUpdate::Events(Part::new(vec![Arc::new(end)]))));
                    }
                    self.done = true;
                    return engine.ended(&self.run_id).await.map(|()| None);
                };
                self.after = last.seq;
                return Ok(Some(RunUpdate::Events(Part::new(events.into_iter().map(Arc::new).collect()))));
            }
            Source::Log(log, seat) => (false, log, seat),
            Source::Foreign(log, seat) => (true, log, seat),
        };
        if std::mem::take(&mut self.sent) {
            log.sent().await;
        }
        let silent = Instant::now() + self.heartbeat;
        loop {
            let now = seat.look();
            if now.seq > self.after {
                if seat.takes_turn() {
                    let part = match log.part(self.after, now.seq).await {
                        Err(StoreError::EventsPruned { first }) => {
                            return Err(engine.pruned(&self.run_id, first).await);
                        }
                        part => part?,
                    };
                    self.after = part.last().unwrap_or(now.seq);
                    self.sent = true;
                    return Ok(Some(self.until_goal(part)));
                }
            } else if now.moved {
                // Whoever has the run now stores its events: they are read from there.
                return Ok(Some(self.resume_later()));
            } else if now.ended {
                if is_foreign {
                    if let Some(end) = engine.missing_end(&self.run_id, self.after).await? {
                        self.after = end.seq;
                        return Ok(Some(RunUpdate::Events(Part::new(vec![Arc::new(end)]))));
                    }
                    self.done = true;
                    return engine.ended(&self.run_id).await.map(|()| None);
                }
                self.done = true;
                return Ok(None);
            }
            tokio::select! {
                goes_on = seat.changed() => if !goes_on {
                    self.done = true;
                    return Ok(None);
                },
                () = tokio::time::sleep_until(silent) => return Ok(Some(RunUpdate::Heartbeat)),
                () = tokio::time::sleep_until(self.until) => return Ok(Some(self.resume_later())),
            }
        }
    }

    /// Ends the stream, though the run goes on.
    fn resume_later(&mut self) -> RunUpdate {
        self.done = true;
        RunUpdate::ResumeAfter(self.after)
    }

    /// Ends a joined run's events where this request's own goal stands.
    fn until_goal(&mut self, part: Arc<Part>) -> RunUpdate {
        let Some(at) = self.goal_stands_at(part.events()) else { return RunUpdate::Events(part) };
        self.goal_reached = true;
        RunUpdate::Events(Part::new(part.events()[..=at].to_vec()))
    }

    fn goal_stands_at(&self, events: &[Arc<Event>]) -> Option<usize> {
        let goal = self.goal.as_ref()?;
        // The run's own end is told as it is.
        if events.iter().any(|e| matches!(e.what, EventKind::RunFinished { .. })) {
            return None;
        }
        events.iter().position(
            |e| matches!(&e.what, EventKind::StepFinished { rows, .. } if goal.iter().all(|g| rows.contains(g))),
        )
    }
}

/// What a watcher is told that comes back for events which are gone.
fn told_pruned(run: &RunRecord, first: u64) -> EngineError {
    let kept = first.saturating_sub(1);
    EngineError::from(StoreError::EventsPruned { first })
        .with("run", run.id.clone())
        .state(format!("run {} ended as {}; what it left of {} is as it was", run.id, run.state.as_str(), run.target))
        .next(format!(
            "`migratectl runs show {0}` tells how it ended, `migratectl runs watch {0} --after {kept}` what is left",
            run.id
        ))
}

fn too_many_watchers(id: &str, watchers: usize) -> EngineError {
    EngineError::new(
        Code::LimitExceeded,
        format!("run {id} has {watchers} watchers, the most that are allowed"),
    )
    .next(format!("`migratectl runs show {id}`"))
}

impl Engine {
    /// Watches a run from after a number on; finished ones too.
    pub async fn watch_run(&self, id: &str, after: u64) -> Result<RunWatch> {
        let id = self.run_id(id).await?;
        if let Some(run) = self.inner.runs.get(&id) {
            if run.log.watchers() > self.settings().max_watchers {
                return Err(too_many_watchers(&id, run.log.watchers()));
            }
            return Ok(RunWatch::of_log(self, &id, run.log.clone(), after));
        }
        if self.goes_on_elsewhere(&id).await? {
            let watchers = self.follow(&id).watchers();
            if watchers > self.settings().max_watchers {
                return Err(too_many_watchers(&id, watchers));
            }
            return Ok(RunWatch::of_foreign(self, &id, after));
        }
        // Asking for what comes after `after` tells a pruned log now, not in the middle of the stream.
        self.stored(&id, after, 1).await?;
        Ok(RunWatch::new(self, &id, Source::Store, after))
    }

    /// Events of a run from the store.
    async fn stored(&self, id: &str, after: u64, limit: u32) -> Result<Vec<Event>> {
        match self.store().events(id, after, limit).await {
            Err(StoreError::EventsPruned { first }) => Err(self.pruned(id, first).await),
            events => Ok(events?),
        }
    }

    async fn pruned(&self, id: &str, first: u64) -> EngineError {
        match self.run(id).await {
            Ok(run) => told_pruned(&run, first),
            Err(e) => e,
        }
    }

    /// The last event of a run whose daemon died between storing its end and telling it: made from the record, and
    /// appended to the log, which nobody writes any more. `None` where nothing is missing after `after`.
    async fn missing_end(&self, id: &str, after: u64) -> Result<Option<Event>> {
        let run = self.run(id).await?;
        if !run.state.is_terminal() || self.inner.runs.is_writing(id) {
            return Ok(None);
        }
        if after > 0 {
            let last = match self.store().events(id, after - 1, 1).await {
                Ok(events) => events.into_iter().next(),
                // What is pruned was complete.
                Err(StoreError::EventsPruned { .. }) => return Ok(None),
                Err(e) => return Err(e.into()),
            };
            if last.is_none_or(|last| matches!(last.what, EventKind::RunFinished { .. })) {
                return Ok(None);
            }
        }
        let at = run.finished_at.unwrap_or(run.created_at);
        let what = EventKind::RunFinished {
            state: run.state,
            rows: run.rows_after,
            applied: run.steps_done,
            duration_ms: ((at - run.created_at) / 1_000).max(0) as u64,
            failure: run.failure,
        };
        let end = Event { seq: after + 1, at, what };
        if let Some(shared) = self.store().shared() {
            // Whose it was is gone, and only its owner writes to a run; one that has ended is anybody's.
            shared.take_run(id, &run.owner).await?;
        }
        match self.store().append_events(id, std::slice::from_ref(&end)).await {
            Ok(()) => Ok(Some(end)),
            // Another watcher was faster.
            Err(StoreError::Conflict { .. }) => {
                Ok(self.store().events(id, after, 1).await?.into_iter().next())
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Whether the run of a complete log has ended. One that has not, and is not under way in this process, was cut
    /// off: it is settled when the next run on its target comes (rule R16).
    async fn ended(&self, id: &str) -> Result<()> {
        let run = self.run(id).await?;
        if run.state.is_terminal() || self.inner.runs.get(id).is_some() {
            return Ok(());
        }
        let again = super::again(&run);
        Err(EngineError::new(Code::RunInterrupted, format!("the daemon died while run {id} was under way"))
            .with("run", id)
            .state(format!("{} stood at {} when it began", run.target, crate::plan::shown(&run.rows_before)))
            .next(format!("`{again}` looks at what was left and goes on from there")))
    }

    /// Watches until the end and returns the terminal state: for callers without a stream.
    pub async fn run_to_end(&self, mut watch: RunWatch) -> Result<RunState> {
        let mut state = RunState::Unknown;
        while let Some(update) = watch.next().await? {
            match update {
                RunUpdate::Events(part) => {
                    for event in part.events() {
                        if let EventKind::RunFinished { state: end, .. } = event.what {
                            state = end;
                        }
                    }
                }
                RunUpdate::GoalReached => state = RunState::Succeeded,
                RunUpdate::Heartbeat | RunUpdate::ResumeAfter(_) => {}
            }
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests;
