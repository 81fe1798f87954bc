//! What only a store can do that several daemons have open: leases, taking runs over, telling each other (rule R15).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, watch};

use crate::{CreatedRun, Result, RunRecord};

/// The lease by which a daemon owns its runs. The store renews it by itself for as long as it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its id, which no other lease ever has.
    pub id: String,
    /// When it lapses unless it is renewed before, by this machine's monotonic clock, on the safe side.
    pub until: Instant,
    /// How many daemons had the store open when it was last renewed, this one included.
    pub daemons: u64,
}

/// What another daemon has to know of a run in order to join it or to go on with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The goal, resolved to revisions, of a run that may be joined; `None` where it may not.
    pub joinable: Option<Vec<String>>,
    /// Stamp: forget all version rows first.
    pub purge: bool,
    /// One transaction around the whole run.
    pub per_run_transaction: bool,
    /// Connections of the work, as the configuration spells them, where the request said.
    pub session: Option<String>,
    /// How long to wait for another run, in milliseconds, where the request said.
    pub lock_wait_ms: Option<u64>,
    /// When the run's deadline passes, in microseconds since 1970 UTC.
    pub deadline_at: Option<i64>,
}

/// A run that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRun {
    /// The run.
    pub run: RunRecord,
    /// What is to be known of it.
    pub terms: Terms,
    /// Its owner's lease stands.
    pub is_owned: bool,
}

/// A run that is this daemon's from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenRun {
    /// The run.
    pub run: RunRecord,
    /// What is to be known of it.
    pub terms: Terms,
    /// The session in the target that held the migration lock for it: process and start, as the server tells them.
    pub lock: Option<(i64, String)>,
    /// Somebody asked for its end.
    pub cancel: Option<CancelAsked>,
}

/// A wish that a run may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelAsked {
    /// The run.
    pub run: String,
    /// Who asked.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
}

/// What a run asks for of the connections that all daemons may have to the server of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The server: keys of its targets begin with this and a slash.
    pub server: String,
    /// All that the runs of all daemons may have.
    pub of: u64,
    /// Those without which the run cannot work.
    pub need: u64,
    /// Further ones, to open sessions ahead, where at least half of all stay free.
    pub ahead: u64,
    /// Where there is no room, the run waits: nobody who asks later goes before it, until it has its share, gives it back or
    /// ends.
    pub waits: bool,
}

impl Claim {
    /// What there is for the run where others have `used` of them.
    pub(crate) fn granted(&self, used: u64) -> Option<u64> {
        let with_ahead = self.need + self.ahead;
        if used + with_ahead <= self.of / 2 {
            Some(with_ahead)
        } else {
            (used + self.need <= self.of).then_some(self.need)
        }
    }
}

/// What [`Shared::create_run_among`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreatedAmong {
    /// As [`crate::Store::create_run`] would have done.
    Done(CreatedRun),
    /// Nothing: the target has runs under way that the caller has not seen.
    Unseen,
}

/// Something that another daemon may want to know. Telling is best effort: whoever waits for something also looks
/// from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The run has new events, or ended.
    Run(String),
    /// Somebody asked for the run's end.
    Cancel(String),
    /// Anything may have happened: the telling was interrupted.
    Anything,
}

/// A store that several daemons share. A run belongs to the daemon that created it or took it over last; what others
/// write to it, to its steps and to its events is refused ([`crate::StoreError::NotOwner`]).
#[async_trait]
pub trait Shared: Send + Sync {
    /// This daemon's lease. Once it has lapsed another one takes its place, with another id: what was owned through
    /// the first is lost, whether or not anybody has taken it over.
    fn lease(&self) -> watch::Receiver<Lease>;

    /// What others tell, from now on.
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// Creates a run as [`crate::Store::create_run`] does, unless its target has runs under way other than `seen`.
    async fn create_run_among(&self, run: &RunRecord, terms: &Terms, seen: &[String])
    -> Result<CreatedAmong>;

    /// The runs under way on a target, oldest first.
    async fn open_runs(&self, target_key: &str) -> Result<Vec<OpenRun>>;

    /// How many runs are under way, in all.
    async fn count_open(&self) -> Result<u64>;

    /// Runs under way that nobody owns, oldest first, at most `limit`.
    async fn orphans(&self, limit: u32) -> Result<Vec<RunRecord>>;

    /// In what time the next lease of another daemon lapses, unless it is renewed before. `None` where no other stands.
    async fn next_lapse(&self) -> Result<Option<Duration>>;

    /// A run under way, or ended, with whether its owner's lease stands.
    async fn open_run(&self, run: &str) -> Result<Option<OpenRun>>;

    /// Takes over a run that nobody owns, or that has ended. Of one that is not RUNNING yet the steps go, for it will be
    /// planned anew. `None` where its owner's lease stands and is not ours.
    /// [`crate::StoreError::NotFound`] where there is no such run.
    async fn take_run(&self, run: &str, owner: &str) -> Result<Option<TakenRun>>;

    /// Whether other daemons have the store open as well.
    async fn has_others(&self) -> Result<bool>;

    /// Whether the last event of a run's log tells its end, or the log was pruned.
    async fn log_has_end(&self, run: &str) -> Result<bool>;

    /// The ids of the runs under way that are ours.
    async fn own_runs(&self) -> Result<Vec<String>>;

    /// Gives a run of ours up: whoever comes first takes it over.
    async fn give_up_run(&self, run: &str) -> Result<()>;

    /// Records, durably, which session in the target holds the migration lock for a run of ours.
    async fn put_lock(&self, run: &str, pid: i64, start: &str) -> Result<()>;

    /// Claims connections to the server of its target for a run of ours, among the runs under way of all daemons whose leases
    /// stand: how many it may have, or `None` where there is no room, or others wait that asked before. They are the run's
    /// until it gives them back, ends or is taken over.
    async fn claim_share(&self, run: &str, claim: &Claim) -> Result<Option<u64>>;

    /// Gives back what a run of ours claimed.
    async fn give_share_back(&self, run: &str) -> Result<()>;

    /// Asks for the end of a run, whoever owns it. The first wish stands.
    async fn ask_cancel(&self, asked: &CancelAsked) -> Result<()>;

    /// Which runs of ours are to end.
    async fn cancels(&self) -> Result<Vec<CancelAsked>>;
}
