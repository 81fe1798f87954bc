//! Which runs are under way, and whose turn it is on each target (rule R7, for one daemon).

use super::RunHandle;
use super::replicas::Replicas;
use crate::connections::Server;
use crate::{EngineError, Result, Settings};
use migrated_core::{Code, DialectName};
use migrated_target::Target;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Whose turn it is on one target. Turns are given in order of arrival.
pub(crate) struct Lane {
    /// Held by the run at work; tokio's semaphore is fair.
    pub(crate) turn: Semaphore,
    /// Held by who settles what is left of earlier runs.
    pub(crate) settling: tokio::sync::Mutex<()>,
    /// Held by who joins or makes a run where other daemons may do the same.
    pub(crate) joining: tokio::sync::Mutex<()>,
    runs: Mutex<Vec<Arc<RunHandle>>>,
}

impl Lane {
    fn new() -> Lane {
        let (settling, joining) = Default::default();
        Lane { turn: Semaphore::new(1), settling, joining, runs: Mutex::default() }
    }

    fn runs(&self) -> MutexGuard<'_, Vec<Arc<RunHandle>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run that is at work, or the first in line.
    pub(crate) fn first(&self) -> Option<Arc<RunHandle>> {
        self.runs().first().cloned()
    }
}

/// Every run under way in this process.
pub(crate) struct Registry {
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
    by_id: Mutex<HashMap<String, Arc<RunHandle>>>,
    max_runs: usize,
    max_per_target: usize,
    /// Cancelled once no new runs are taken.
    pub(crate) closing: CancellationToken,
    /// The tasks that drive runs.
    pub(crate) tasks: TaskTracker,
    servers: Mutex<HashMap<String, Arc<Server>>>,
    files: Arc<Server>,
    max_connections: usize,
    /// Daemons that have the store open, as far as is known.
    daemons: AtomicUsize,
    /// Targets on which nothing is left to settle: looked at once in a process's life, and after an UNKNOWN.
    settled: Mutex<HashSet<String>>,
    /// Runs whose end is stored and being told.
    telling: Mutex<HashSet<String>>,
    pub(crate) replicas: Replicas,
}

/// A run whose end is being told, for as long as this lives.
pub(crate) struct Telling<'a> {
    registry: &'a Registry,
    run: String,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.registry.telling.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
    }
}

impl Registry {
    pub(crate) fn new(settings: &Settings) -> Registry {
        Registry {
            lanes: Mutex::default(),
            by_id: Mutex::default(),
            max_runs: settings.max_runs,
            max_per_target: settings.max_runs_per_target,
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            servers: Mutex::default(),
            files: Arc::new(Server::new(usize::MAX)),
            max_connections: settings.max_connections_per_server,
            daemons: AtomicUsize::new(1),
            settled: Mutex::default(),
            replicas: Replicas::default(),
            telling: Mutex::default(),
        }
    }

    /// Whether a run of a dead daemon may be left on the target.
    pub(crate) fn may_have_orphans(&self, key: &str) -> bool {
        !self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Notes that there is something to settle on the target after all: a run ended UNKNOWN.
    pub(crate) fn something_unsettled(&self, key: &str) {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Notes that none is.
    pub(crate) fn no_orphans(&self, key: &str) {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
    }

    /// Notes that the end of a run is about to be stored, and then told, outside of a run under way.
    pub(crate) fn tells(&self, run: &str) -> Telling<'_> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner).insert(run.to_owned());
        Telling { registry: self, run: run.to_owned() }
    }

    /// Whether this process still writes the log of a run.
    pub(crate) fn is_writing(&self, run: &str) -> bool {
        self.get(run).is_some() || self.telling.lock().unwrap_or_else(PoisonError::into_inner).contains(run)
    }

    fn by_id(&self) -> MutexGuard<'_, HashMap<String, Arc<RunHandle>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lane of a target.
    pub(crate) fn lane(&self, key: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(key.to_owned()).or_insert_with(|| Arc::new(Lane::new())).clone()
    }

    /// Looks for a run on the target that `fits`; where there is none, adds the one that `make` gives. Both under
    /// one lock, so that eight requests at once make one run.
    pub(crate) fn join_or_add(
        &self,
        key: &str,
        fits: impl Fn(&RunHandle) -> bool,
        make: impl FnOnce() -> Arc<RunHandle>,
    ) -> Result<Joined> {
        let lane = self.lane(key);
        let mut runs = lane.runs();
        if let Some(run) = runs.iter().find(|r| fits(r)) {
            return Ok(Joined::Existing(run.clone()));
        }
        if self.closing.is_cancelled() {
            return Err(EngineError::new(Code::ShuttingDown, "the daemon is stopping and takes no new runs")
                .next("repeat the command in a moment"));
        }
        let limit = |what: &str, n: usize| {
            EngineError::new(Code::LimitExceeded, format!("{what} has reached its limit of {n} runs"))
                .with("limit", n.to_string())
                .next("repeat the command when a run has ended: `migratectl runs list`")
        };
        if runs.len() >= self.max_per_target {
            return Err(limit("the target", self.max_per_target));
        }
        let mut by_id = self.by_id();
        if by_id.len() >= self.max_runs {
            return Err(limit("the daemon", self.max_runs));
        }
        let run = make();
        by_id.insert(run.id.clone(), run.clone());
        runs.push(run.clone());
        Ok(Joined::New(run))
    }

    /// Adds a run that was taken over from another daemon; no limit keeps it out, for it was let in there.
    pub(crate) fn add(&self, run: &Arc<RunHandle>) {
        let lane = self.lane(&run.target_key);
        let mut runs = lane.runs();
        self.by_id().insert(run.id.clone(), run.clone());
        runs.push(run.clone());
    }

    /// Forgets a run that ended.
    pub(crate) fn remove(&self, run: &RunHandle) {
        self.by_id().remove(&run.id);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&run.target_key) {
            let mut runs = lane.runs();
            runs.retain(|r| r.id != run.id);
            let unused = runs.is_empty();
            drop(runs);
            if unused && Arc::strong_count(lane) == 1 {
                lanes.remove(&run.target_key);
            }
        }
    }

    /// A run under way by its id.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<RunHandle>> {
        self.by_id().get(id).cloned()
    }

    /// All runs under way.
    pub(crate) fn all(&self) -> Vec<Arc<RunHandle>> {
        self.by_id().values().cloned().collect()
    }

    /// Divides what is to look at the servers with among so many daemons.
    pub(crate) fn look_among(&self, daemons: usize) {
        self.daemons.store(daemons, Ordering::Relaxed);
        for server in self.servers.lock().unwrap_or_else(PoisonError::into_inner).values() {
            server.look_among(daemons);
        }
    }

    /// The server behind a target (rule R5). A file has none, and as many connections as anybody wants.
    pub(crate) fn server(&self, target: &dyn Target) -> Arc<Server> {
        if target.dialect() == DialectName::Sqlite {
            return self.files.clone();
        }
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let server = servers.entry(server_of(target.key())).or_insert_with(|| {
            let server = Server::new(self.max_connections);
            server.look_among(self.daemons.load(Ordering::Relaxed));
            Arc::new(server)
        });
        server.clone()
    }
}

/// The server in a target's key, `dialect://host:port/…`: the part before the database names it.
pub(crate) fn server_of(key: &str) -> String {
    key.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// What [`Registry::join_or_add`] did.
pub(crate) enum Joined {
    /// A run under way serves.
    Existing(Arc<RunHandle>),
    /// The run is new.
    New(Arc<RunHandle>),
}
