//! Watching a run: gapless from any number on, with a heartbeat, ending by itself before streams get too old.

use super::RunHandle;
use super::log::{RunLog, Shown};
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{Event, EventKind, RunState};
use migrated_store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Most events in one message.
const BATCH: usize = 500;

/// What a watcher gets next.
#[derive(Clone, Debug)]
pub enum RunUpdate {
    /// Events in order, without a gap.
    Events(Vec<Arc<Event>>),
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
    source: Source,
    after: u64,
    heartbeat: Duration,
    until: Instant,
    /// The last message held events.
    sent: bool,
    done: bool,
}

enum Source {
    Log(Arc<RunLog>, watch::Receiver<Shown>),
    /// Of a run that another daemon owns.
    Foreign(Engine, Arc<RunLog>, watch::Receiver<Shown>),
    Store(Engine),
}

impl RunWatch {
    pub(crate) fn of_log(engine: &Engine, run_id: &str, log: Arc<RunLog>, after: u64) -> RunWatch {
        let shown = log.subscribe();
        RunWatch::new(engine, run_id, Source::Log(log, shown), after)
    }

    /// A watcher that is satisfied when `goal` stands, though the run may go on.
    pub(crate) fn joined(engine: &Engine, run: &RunHandle, goal: Vec<String>) -> RunWatch {
        RunWatch::of_log(engine, &run.id, run.log.clone(), 0).until(goal)
    }

    /// A watcher of a run that another daemon owns.
    pub(crate) fn of_foreign(engine: &Engine, run_id: &str, after: u64) -> RunWatch {
        let log = engine.follow(run_id);
        let shown = log.subscribe();
        RunWatch::new(engine, run_id, Source::Foreign(engine.clone(), log, shown), after)
    }

    /// Makes it a watcher of somebody who joined, and is satisfied when `goal` stands.
    pub(crate) fn until(mut self, goal: Vec<String>) -> RunWatch {
        self.joined = true;
        self.goal = Some(goal);
        self
    }

    fn new(engine: &Engine, run_id: &str, source: Source, after: u64) -> RunWatch {
        let settings = engine.settings();
        RunWatch {
            run_id: run_id.to_owned(),
            joined: false,
            goal: None,
            goal_reached: false,
            source,
            after,
            heartbeat: settings.heartbeat,
            until: Instant::now() + settings.stream_age,
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
        let (foreign, log, shown) = match &mut self.source {
            Source::Store(engine) => {
                let events = engine.store().events(&self.run_id, self.after, BATCH as u32).await?;
                let Some(last) = events.last() else {
                    if let Some(end) = engine.missing_end(&self.run_id, self.after).await? {
                        self.after = end.seq;
                        return Ok(Some(RunUpdate::Events(vec![Arc::new(end)])));
                    }
                    self.done = true;
                    return engine.ended(&self.run_id).await.map(|()| None);
                };
                self.after = last.seq;
                return Ok(Some(RunUpdate::Events(events.into_iter().map(Arc::new).collect())));
            }
            Source::Log(log, shown) => (None, log, shown),
            Source::Foreign(engine, log, shown) => (Some(engine.clone()), log, shown),
        };
        if std::mem::take(&mut self.sent) {
            log.sent().await;
        }
        let silent = Instant::now() + self.heartbeat;
        loop {
            let now = shown.borrow_and_update().clone();
            if now.seq > self.after {
                let events = log.read(self.after, BATCH).await?;
                self.after = events.last().map_or(now.seq, |e| e.seq);
                self.sent = true;
                return Ok(Some(self.until_goal(events)));
            }
            if now.moved {
                // Whoever has the run now stores its events: they are read from there.
                self.done = true;
                return Ok(Some(RunUpdate::ResumeAfter(self.after)));
            }
            if now.ended {
                if let Some(engine) = foreign {
                    if let Some(end) = engine.missing_end(&self.run_id, self.after).await? {
                        self.after = end.seq;
                        return Ok(Some(RunUpdate::Events(vec![Arc::new(end)])));
                    }
                    self.done = true;
                    return engine.ended(&self.run_id).await.map(|()| None);
                }
                self.done = true;
                return Ok(None);
            }
            tokio::select! {
                changed = shown.changed() => if changed.is_err() {
                    self.done = true;
                    return Ok(None);
                },
                () = tokio::time::sleep_until(silent) => return Ok(Some(RunUpdate::Heartbeat)),
                () = tokio::time::sleep_until(self.until) => {
                    self.done = true;
                    return Ok(Some(RunUpdate::ResumeAfter(self.after)));
                }
            }
        }
    }

    /// Ends a joined run's events where this request's own goal stands.
    fn until_goal(&mut self, mut events: Vec<Arc<Event>>) -> RunUpdate {
        if let Some(at) = self.goal_stands_at(&events) {
            events.truncate(at + 1);
            self.goal_reached = true;
        }
        RunUpdate::Events(events)
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
        self.store().events(&id, after, 1).await?;
        Ok(RunWatch::new(self, &id, Source::Store(self.clone()), after))
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
                RunUpdate::Events(events) => {
                    for event in events {
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
