//! Holding a statement in one of its phases, by what other sessions do.

use crate::harness::{LONG, Other, Project};
use std::time::Instant;

/// What else is done once a phase is reached: who comes or goes, so that the next one is.
type Next = fn(&Project, &mut Vec<Other>);

/// A statement of a run that is to come, and is held.
pub(super) struct Held {
    others: Vec<Other>,
    /// Phases to come to, one after the other, as `pg_stat_progress_create_index` has them; empty where a statement has
    /// none yet, or never has.
    phases: Vec<(&'static str, Option<Next>)>,
}

impl Held {
    /// Held there by a session that did this before.
    pub(super) fn by(project: &Project, sql: &str, phase: &'static str) -> Held {
        Held { others: vec![Other::does(&project.database, sql)], phases: vec![(phase, None)] }
    }

    /// And, from there, held elsewhere by what is done next.
    pub(super) fn then(mut self, next: Next, phase: &'static str) -> Held {
        self.phases.last_mut().expect("there is one").1 = Some(next);
        self.phases.push((phase, None));
        self
    }

    /// Where it is held in the end.
    pub(super) fn phase(&self) -> &'static str {
        self.phases.last().expect("there is one").0
    }

    /// Waits until it is held there: its backend.
    #[track_caller]
    pub(super) fn reached(mut self, project: &Project) -> (String, Held) {
        let mut pid = String::new();
        for (phase, next) in &self.phases {
            pid = waits(project, phase);
            if let Some(next) = next {
                next(project, &mut self.others);
            }
        }
        (pid, self)
    }

    /// Lets it on.
    pub(super) fn let_on(self) {
        self.others.into_iter().for_each(Other::ends);
    }
}

/// Waits until a work session waits for somebody in that phase: its backend.
#[track_caller]
fn waits(project: &Project, phase: &str) -> String {
    let look = format!(
        "SELECT a.pid FROM pg_stat_activity a LEFT JOIN pg_stat_progress_create_index p USING (pid) \
         WHERE a.datname = current_database() AND a.application_name LIKE 'migrated:%' AND a.state = 'active' \
         AND a.wait_event_type = 'Lock' AND coalesce(p.phase, '') = '{phase}'"
    );
    until(project, &look, |found| !found.is_empty())
}

/// Waits until a backend is gone.
#[track_caller]
pub(super) fn gone(project: &Project, pid: &str) {
    let look = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
    until(project, &look, |found| found == "0");
}

/// Asks until the answer is right. The server pauses between two questions, and no transaction lasts: one would be waited
/// for.
#[track_caller]
pub(super) fn until(project: &Project, look: &str, right: impl Fn(&str) -> bool) -> String {
    let since = Instant::now();
    loop {
        let found = project.database.sql(look);
        if right(&found) {
            return found;
        }
        assert!(since.elapsed() < LONG, "never as it should be: {look}: {found}");
        project.database.sql("SELECT pg_sleep(0.01)");
    }
}
