//! Section `runs`: how migrations are executed.

use super::Problems;
use super::schema::{Kind, Typed, section};
use super::value::Span;
use serde::{Deserialize, Serialize};

section! {
    /// How migrations are executed.
    Runs {
        /// Name of this daemon as owner of runs; without it, host name and process id.
        owner: Option<String> = None,
        /// Connections of the work, where a request does not say: `revision` opens a fresh one for each revision,
        /// `run` one for the whole run, reset between revisions. Without it: `run` on SQLite, `revision` elsewhere.
        session: Option<Session> = None,
        /// How many connections are opened ahead of the step that needs them.
        preconnect: usize = 2,
        /// How long a run waits for another one on its target, where a request does not say.
        lock_wait: Span = Span::minutes(15),
        /// A step that failed for want of a lock is tried again only if the attempt took less than this.
        retry_step_limit: Span = Span::seconds(60),
        /// Most attempts at a step.
        retry_attempts: u32 = 10,
        /// Most time for all attempts at a step.
        retry_total: Span = Span::minutes(10),
        /// How long a revision that a client executes waits for that client.
        executor_wait: Span = Span::minutes(1),
        /// How long a cancelled statement may take to stop before its session is ended.
        cancel_grace: Span = Span::seconds(10),
        /// How long the steps under way may take to end when the daemon is told to stop; then they are cancelled. Give
        /// the daemon's supervisor (`terminationGracePeriodSeconds`, `TimeoutStopSec`) more than this.
        shutdown_grace: Span = Span::minutes(5),
        /// Longest silence on a stream of events; then a heartbeat is sent.
        heartbeat: Span = Span::seconds(15),
        /// Age at which a stream of events ends itself, with the number to resume by.
        stream_age: Span = Span::minutes(60),
        /// How long the events of a run that has ended are kept.
        keep_events: Span = Span::days(90),
        /// How long revision files that nothing refers to are kept.
        keep_bodies: Span = Span::days(7),
        /// How often what need not be kept any longer is removed; for the first time within a minute of the start.
        tidy_interval: Span = Span::minutes(60),
    }
}

/// Connections of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Session {
    /// A fresh one for each revision.
    Revision,
    /// One for the run, reset between revisions.
    Run,
}

impl Typed for Session {
    const KIND: Kind = Kind::Text("`revision` or `run`");
}

impl Runs {
    /// Finds what cannot work.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        if self.retry_attempts == 0 {
            problems.add("runs.retry_attempts", "must be at least 1");
        }
        for (key, span) in [
            ("runs.heartbeat", self.heartbeat),
            ("runs.stream_age", self.stream_age),
            ("runs.tidy_interval", self.tidy_interval),
        ] {
            if span < Span::seconds(1) {
                problems.add(key, "must be at least 1s");
            }
        }
    }
}
