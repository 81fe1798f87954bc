//! Reads a run's log to its end, whatever happens to the stream: it is opened again after the last event that was
//! seen, so that each event comes exactly once and in order.

use crate::channel::{self, Api};
use crate::config::Config;
use crate::error::{Error, Own, Result};
use crate::graph_call::is_retryable;
use futures_util::stream::{BoxStream, StreamExt as _};
use migrated_proto::v1 as pb;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Response, Status, Streaming};

/// A stream of a run's log, of whichever call.
pub type Updates = BoxStream<'static, std::result::Result<pb::RunUpdate, Status>>;

/// Heartbeats come every 15 seconds; a stream that is silent for three of them is dead.
const SILENCE: Duration = Duration::from_secs(45);
/// How long a stream whose last message was read may take to end.
const FAREWELL: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What begins a run, or watches one.
#[derive(Clone, Debug)]
pub enum Begin {
    /// Upgrade.
    Upgrade(pb::UpgradeRequest),
    /// Downgrade.
    Downgrade(pb::DowngradeRequest),
    /// Stamp.
    Stamp(pb::StampRequest),
    /// Watch.
    Watch(pb::WatchRunRequest),
}

impl Begin {
    /// Opens the stream. The same request twice is one run, because of its `request_id`.
    ///
    /// # Errors
    /// The daemon's status.
    pub async fn open(&self, api: &Api) -> std::result::Result<Updates, Status> {
        macro_rules! updates {
            ($response:expr) => {{
                let stream: Response<Streaming<_>> = $response;
                Ok(stream.into_inner().map(|r| r.map(|m| m.update.unwrap_or_default())).boxed())
            }};
        }
        match self.clone() {
            Begin::Upgrade(request) => updates!(api.migrations().upgrade(request).await?),
            Begin::Downgrade(request) => updates!(api.migrations().downgrade(request).await?),
            Begin::Stamp(request) => updates!(api.migrations().stamp(request).await?),
            Begin::Watch(request) => updates!(api.runs().watch_run(request).await?),
        }
    }

    /// Puts the graph into the request.
    pub fn set_graph(&mut self, graph: pb::GraphRef) {
        match self {
            Begin::Upgrade(request) => request.graph = Some(graph),
            Begin::Downgrade(request) => request.graph = Some(graph),
            Begin::Stamp(request) => request.graph = Some(graph),
            Begin::Watch(_) => {}
        }
    }
}

/// What the reader tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The run's id is known.
    Run(String),
    /// The next event. After `RunFinished` there is none.
    Event(Box<pb::Event>),
    /// The stream is lost; it is being opened again.
    Lost(String),
    /// The stream is back.
    Back,
    /// The run goes on, but what this request asked for is done.
    GoalReached,
    /// The run had ended, and its last event came before those that were asked for.
    Ended(Box<pb::Run>),
}

/// The reader.
pub struct RunStream {
    api: Api,
    begin: Begin,
    stream: Option<Updates>,
    queue: VecDeque<pb::Event>,
    run_id: String,
    after: u64,
    joined: bool,
    goal_reached: bool,
    /// Whether the stream that is open brought events, or told that the run goes on.
    heard: bool,
    /// Whether it brought anything after its first message: it stood.
    stood: bool,
    /// Whether it told to come back: it ends by itself.
    old: bool,
    lost: Option<Loss>,
    budget: Duration,
    /// Set where the daemon is this client's own.
    embedded: Option<Box<Config>>,
}

/// A loss that is not made good yet.
struct Loss {
    since: Instant,
    next_try: Instant,
    pause: Duration,
    cause: String,
    told: bool,
}

impl RunStream {
    /// Reads on from `stream`, which `begin` opened. For as long as `budget` a lost stream is opened again; each new
    /// event renews it.
    pub fn new(api: Api, begin: Begin, stream: Updates, budget: Duration) -> RunStream {
        let mut reader = RunStream {
            api,
            begin,
            stream: Some(stream),
            queue: VecDeque::new(),
            run_id: String::new(),
            after: 0,
            joined: false,
            goal_reached: false,
            heard: false,
            stood: false,
            old: false,
            lost: None,
            budget,
            embedded: None,
        };
        reader.after = reader.first_after();
        reader
    }

    /// The same, for a daemon that this client starts for itself: where it died, it is started again, to be asked
    /// what became of the run.
    #[must_use]
    pub fn reviving(mut self, config: &Config) -> RunStream {
        self.embedded = config.settings.server.is_none().then(|| Box::new(config.clone()));
        self
    }

    /// The run's id, once it is known.
    pub fn run_id(&self) -> Option<&str> {
        (!self.run_id.is_empty()).then_some(self.run_id.as_str())
    }

    /// The sequence number of the last event told.
    pub fn after(&self) -> u64 {
        self.after
    }

    /// The command that watches the run from here on.
    pub fn watch_command(&self) -> String {
        format!("migratectl runs watch {} --after {}", self.run_id, self.after)
    }

    /// What happens next. May be dropped at any await and called again.
    ///
    /// # Errors
    /// STREAM_LOST when the budget is spent, and whatever the daemon answers that no second try can change.
    pub async fn next(&mut self) -> Result<Told> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                if let Some(told) = self.take(event) {
                    return Ok(told);
                }
                continue;
            }
            if self.goal_reached {
                return Ok(Told::GoalReached);
            }
            let Some(stream) = &mut self.stream else {
                match self.reopen().await? {
                    Some(told) => return Ok(told),
                    None => continue,
                }
            };
            match timeout(SILENCE, stream.next()).await {
                Ok(Some(Ok(update))) => {
                    if let Some(told) = self.update(update) {
                        return Ok(told);
                    }
                }
                Ok(Some(Err(status))) if is_retryable(&status) => self.lose(status.message()),
                Ok(Some(Err(status))) => return Err(self.final_error(&status)),
                Ok(None) => {
                    self.stream = None;
                    if let Some(run) = self.ended().await {
                        return Ok(Told::Ended(Box::new(run)));
                    }
                    self.lose("the stream ended before the run did");
                }
                Err(_) => self.lose("the daemon was silent for too long"),
            }
        }
    }

    /// The run, where it has ended and a stream without any event shows that there is nothing left to tell of it.
    async fn ended(&self) -> Option<pb::Run> {
        if self.heard || self.run_id.is_empty() {
            return None;
        }
        let request = pb::GetRunRequest { run_id: self.run_id.clone() };
        let run = self.api.runs().get_run(request).await.ok()?.into_inner().run?;
        run.end_time.is_some().then_some(run)
    }

    /// Lets the stream end by itself, so that the daemon sees a call that was read to its end. A daemon that takes its
    /// time is not waited for.
    pub async fn close(mut self) {
        let Some(mut stream) = self.stream.take() else { return };
        let rest = async { while let Some(Ok(_)) = stream.next().await {} };
        // Late is as good as never: nothing is read from it.
        let _ = timeout(FAREWELL, rest).await;
    }

    fn update(&mut self, update: pb::RunUpdate) -> Option<Told> {
        self.joined |= update.joined;
        self.goal_reached |= update.goal_reached;
        self.heard |= !update.events.is_empty() || update.resume_after.is_some();
        self.stood |= update.heartbeat || !update.events.is_empty();
        self.old |= update.resume_after.is_some();
        if self.old && self.stood {
            // The stream grew old, as all do: no loss, however long the run is silent.
            self.lost = None;
        }
        if !update.run_id.is_empty() && update.run_id != self.run_id {
            // The first message; or a joined request was sent again, and its run had ended: this is another one.
            self.run_id.clone_from(&update.run_id);
            self.after = self.first_after();
            self.queue = update.events.into();
            return Some(Told::Run(update.run_id));
        }
        self.queue.extend(update.events);
        let loss = self.lost.as_mut()?;
        // The daemon is there, and silent: that uses up no budget, however often proxies cut the stream.
        loss.since = Instant::now();
        std::mem::take(&mut loss.told).then_some(Told::Back)
    }

    fn first_after(&self) -> u64 {
        if let Begin::Watch(request) = &self.begin { request.after_sequence } else { 0 }
    }

    /// The next event, unless it was seen already or there is a gap before it.
    fn take(&mut self, event: pb::Event) -> Option<Told> {
        if event.sequence <= self.after {
            return None;
        }
        if event.sequence > self.after + 1 {
            let cause = format!("event {} came after event {}", event.sequence, self.after);
            self.queue.clear();
            self.lose(&cause);
            return None;
        }
        self.after = event.sequence;
        self.lost = None;
        Some(Told::Event(Box::new(event)))
    }

    fn lose(&mut self, cause: &str) {
        self.stream = None;
        let now = Instant::now();
        match &mut self.lost {
            Some(loss) => {
                loss.next_try = now + jittered(loss.pause);
                loss.pause = (loss.pause * 2).min(LONGEST_PAUSE);
                loss.cause = cause.into();
            }
            // The first try comes at once: most often a replica went away and another is there.
            None => {
                let cause = cause.to_string();
                self.lost = Some(Loss { since: now, next_try: now, pause: FIRST_PAUSE, cause, told: false });
            }
        }
    }

    async fn reopen(&mut self) -> Result<Option<Told>> {
        if self.lost.is_none() {
            self.lose("the stream is not open");
        }
        let Some(loss) = &mut self.lost else { return Ok(None) };
        if loss.since.elapsed() > self.budget {
            let cause = loss.cause.clone();
            return Err(self.gave_up(&cause));
        }
        // The first try is silent: the user need not know of what costs nothing.
        if !loss.told && loss.pause > FIRST_PAUSE && !self.old {
            loss.told = true;
            return Ok(Some(Told::Lost(loss.cause.clone())));
        }
        sleep_until(loss.next_try).await;
        self.old = false;
        // A joined request is sent again: only so does the daemon tell when this request's own goal stands. Events
        // that come again are left out.
        let begin = if self.run_id.is_empty() || self.joined {
            self.begin.clone()
        } else {
            let (run_id, after_sequence) = (self.run_id.clone(), self.after);
            Begin::Watch(pb::WatchRunRequest { run_id, after_sequence })
        };
        let opened = timeout(SILENCE, begin.open(&self.api)).await;
        match opened {
            Ok(Ok(stream)) => {
                self.stream = Some(stream);
                (self.heard, self.stood) = (false, false);
                Ok(None)
            }
            Ok(Err(status)) if is_retryable(&status) => {
                self.lose(status.message());
                if let Some(config) = &self.embedded
                    && let Ok(api) = channel::connect(config, &mut |_| {}).await
                {
                    self.api = api;
                }
                Ok(None)
            }
            Ok(Err(status)) => Err(self.final_error(&status)),
            Err(_) => {
                self.lose("the daemon did not answer");
                Ok(None)
            }
        }
    }

    fn gave_up(&self, cause: &str) -> Box<Error> {
        let lost = Own::StreamLost.error(format!("the stream is lost and does not come back: {cause}"));
        match self.run_id() {
            Some(id) => lost
                .state(format!("run {id} belongs to the daemon and may still go on"))
                .next(format!("`{}`", self.watch_command())),
            None => lost
                .state("it is not known whether the run began")
                .next("`migratectl runs list`, or run the command again: it is safe"),
        }
    }

    fn final_error(&self, status: &Status) -> Box<Error> {
        let mut error = Error::from_status(status);
        if error.next.is_empty() && self.run_id().is_some() {
            error.next = format!("`{}`", self.watch_command());
        }
        error
    }
}

/// Between half of the pause and all of it, so that many clients of one daemon do not come back at once.
fn jittered(pause: Duration) -> Duration {
    let part = (uuid::Uuid::new_v4().as_u128() % 512) as u32;
    pause / 2 + pause * part / 1024
}
