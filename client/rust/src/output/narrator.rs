//! Turns a run's events into plain lines, one a state change.

use super::Style;
use super::view::{count, show_rows};
use crate::duration;
use migrated_proto::v1 as pb;
use pb::event::{Blocker, Kind};
use std::time::Duration;

/// Where a step's outcome begins in its line.
const COLUMN: usize = 56;
/// A statement that goes on is told again after these; then each time the last has passed again.
const HEARTBEATS: [u64; 3] = [10, 30, 60];

/// Remembers what later lines repeat.
#[derive(Default)]
pub(super) struct Narrator {
    style: Style,
    run_id: String,
    project: String,
    /// The target, as the run named it.
    pub target: String,
    /// The step under way: `[1/3] a -> b  message`.
    pub step: String,
    has_header: bool,
    quiet_until: u64,
}

impl Narrator {
    /// Begins with nothing known.
    pub(super) fn new(style: Style) -> Narrator {
        Narrator { style, ..Narrator::default() }
    }

    /// Takes the run's id.
    pub(super) fn run(&mut self, run_id: &str) {
        self.run_id = run_id.into();
        self.has_header = false;
    }

    /// The lines of an event; none for what changes nothing that a reader waits for.
    pub(super) fn tell(&mut self, event: &pb::Event) -> Vec<String> {
        let Some(kind) = &event.kind else { return Vec::new() };
        match kind {
            Kind::RunAccepted(e) => {
                (self.project, self.target) = (e.project.clone(), e.target.clone());
                Vec::new()
            }
            Kind::PlanReady(e) => {
                let (from, to) = (show_rows(&e.from), show_rows(&e.to));
                let what = format!("from {from} to {to}  {}", count(e.steps, "revision"));
                if self.has_header { vec![format!("plan  {what}")] } else { vec![self.header(&what)] }
            }
            Kind::NothingToDo(e) => nothing_to_do(e),
            Kind::StepStarted(e) => {
                let (from, to) = (show_rows(&e.from), show_rows(&e.to));
                self.step = format!("[{}/{}] {from} -> {to}  {}", e.index, e.total, one_line(&e.message));
                self.quiet_until = 0;
                Vec::new()
            }
            Kind::StatementRunning(e) => self.heartbeat(e),
            Kind::Blocked(e) => {
                let who: Vec<String> = e.blockers.iter().map(blocker).collect();
                let objects = e.blockers.iter().map(|b| b.object.as_str()).find(|o| !o.is_empty());
                let on = objects.map(|o| format!(" on {o}")).unwrap_or_default();
                let tries = attempts(e.attempt, e.max_attempts);
                vec![self.under_way(&format!("waiting for lock{on}: {}{tries}", who.join("; ")))]
            }
            Kind::Retrying(e) => {
                let pause = duration::show(duration::of(e.pause.as_ref()));
                let tries = attempts(e.attempt + 1, e.max_attempts);
                vec![self.under_way(&format!("{}{tries} in {pause}", one_line(&e.message)))]
            }
            Kind::StepFinished(e) => {
                let took = duration::show(duration::of(e.duration.as_ref()));
                let ok = self.style.paint("32", "ok");
                vec![self.outcome(&format!("{ok}   {took:>6}   {}", count(e.statements, "statement")))]
            }
            Kind::StepFailed(e) => {
                let failed = self.style.paint("31", "FAILED");
                vec![self.outcome(&format!("{failed} {}", short_failure(e.failure.as_ref())))]
            }
            _ => {
                let mut lines = if self.has_header { Vec::new() } else { self.early_header(kind) };
                lines.extend(self.aside(kind));
                lines
            }
        }
    }

    /// Lines of events beside the steps.
    fn aside(&self, kind: &Kind) -> Option<String> {
        Some(match kind {
            Kind::Waiting(e) => {
                let since = duration::show(duration::of(e.since.as_ref()));
                let holder =
                    if e.holder.is_empty() { "another session".into() } else { format!("run {}", e.holder) };
                let actor = if e.actor.is_empty() { String::new() } else { format!(" of {}", e.actor) };
                let detail =
                    if e.detail.is_empty() { String::new() } else { format!(": {}", one_line(&e.detail)) };
                format!("waiting for {holder}{actor}, which has held the target for {since}{detail}")
            }
            Kind::Locked(e) => {
                let waited = duration::of(e.waited.as_ref());
                if waited < Duration::from_secs(1) {
                    return None;
                }
                format!("the target is ours after {}", duration::show(waited))
            }
            Kind::Notice(e) => {
                let more = [&e.detail, &e.hint]
                    .map(|t| if t.is_empty() { String::new() } else { format!(" ({})", one_line(t)) });
                format!("      {}: {}{}{}", e.severity, one_line(&e.message), more[0], more[1])
            }
            Kind::Warning(e) => format!("{} {}", self.style.paint("33", "warning:"), one_line(&e.message)),
            Kind::Resumed(e) => {
                let (revision, why) = (&e.revision, one_line(&e.evidence));
                // Of a body that a client executes nobody knows how long it is.
                let total = if e.total == 0 { String::new() } else { format!("/{}", e.total) };
                format!("{revision} goes on at statement {}{total}: {why}", e.statement)
            }
            Kind::ExecutorWanted(e) => {
                let wait = duration::show(duration::of(e.wait.as_ref()));
                format!("{} waits up to {wait} for a {} client that executes it", e.revision, e.language)
            }
            Kind::CancelRequested(e) => {
                let why =
                    if e.reason.is_empty() { String::new() } else { format!(": {}", one_line(&e.reason)) };
                format!("cancel requested by {}{why}", e.actor)
            }
            _ => return None,
        })
    }

    fn header(&mut self, what: &str) -> String {
        self.has_header = true;
        let (run, project, target) = (&self.run_id, &self.project, &self.target);
        format!("run {run}  project={project} target={target}  {what}").trim_end().to_string()
    }

    /// What comes before the plan, such as a wait, still has to say of which run it is.
    fn early_header(&mut self, kind: &Kind) -> Vec<String> {
        match kind {
            Kind::Waiting(_) | Kind::Warning(_) | Kind::CancelRequested(_) => vec![self.header("")],
            _ => Vec::new(),
        }
    }

    fn heartbeat(&mut self, e: &pb::event::StatementRunning) -> Vec<String> {
        let elapsed = duration::of(e.elapsed.as_ref());
        let seconds = elapsed.as_secs();
        if seconds < self.quiet_until.max(HEARTBEATS[0]) {
            return Vec::new();
        }
        let last = HEARTBEATS[HEARTBEATS.len() - 1];
        self.quiet_until =
            HEARTBEATS.into_iter().find(|beat| *beat > seconds).unwrap_or(seconds / last * last + last);
        vec![self.under_way(&running(e))]
    }

    fn under_way(&self, what: &str) -> String {
        self.outcome(&format!("...   {what}"))
    }

    fn outcome(&self, what: &str) -> String {
        let width = self.step.chars().count();
        format!("{}{}  {what}", self.step, " ".repeat(COLUMN.saturating_sub(width)))
    }
}

/// A statement that goes on, for a line or a live display.
pub(super) fn running(e: &pb::event::StatementRunning) -> String {
    let elapsed = duration::show(duration::of(e.elapsed.as_ref()));
    let progress = if e.progress.is_empty() { String::new() } else { format!(" ({})", e.progress) };
    format!("statement {} for {elapsed}{progress}: {}", numbered(e.index, e.total), one_line(&e.summary))
}

/// `statement 1/2: 2BP01 cannot drop …`
pub(super) fn short_failure(failure: Option<&pb::Failure>) -> String {
    let Some(failure) = failure else { return String::new() };
    match &failure.sql {
        Some(sql) => {
            let at = match sql.statement_index {
                0 => String::new(),
                n => format!("statement {}: ", numbered(n, sql.statement_total)),
            };
            let state = if has_sqlstate(sql) { format!("{} ", sql.sqlstate) } else { String::new() };
            let said = if sql.message.is_empty() { &failure.message } else { &sql.message };
            format!("{at}{state}{}", one_line(said))
        }
        None => one_line(&failure.message),
    }
}

/// `3/7`, or `3` where nobody knows how many there will be: a client sends them.
pub(super) fn numbered(index: u32, total: u32) -> String {
    if total == 0 { index.to_string() } else { format!("{index}/{total}") }
}

/// Whether the engine has SQLSTATEs, which have five characters; SQLite gives its own number there.
pub(super) fn has_sqlstate(sql: &pb::SqlError) -> bool {
    sql.sqlstate.len() == 5
}

fn nothing_to_do(e: &pb::event::NothingToDo) -> Vec<String> {
    let mut lines = Vec::new();
    if !e.ahead.is_empty() {
        lines.push(format!("the target is AHEAD of what was asked for by {}", e.ahead.join(", ")));
    }
    if !e.foreign.is_empty() {
        lines
            .push(format!("the target also stands at revisions of other branches: {}", e.foreign.join(", ")));
    }
    lines
}

fn attempts(attempt: u32, most: u32) -> String {
    if most == 0 { String::new() } else { format!(", try {attempt}/{most}") }
}

fn blocker(b: &Blocker) -> String {
    let age = duration::show(duration::of(b.age.as_ref()));
    let who = if b.application.is_empty() { &b.user } else { &b.application };
    let inside = if who.is_empty() { age } else { format!("{who}, {age}") };
    format!("pid {} ({inside})", b.pid)
}

/// Text on one line, fit for a terminal: what a server sends may have several, and sequences that steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Text without control characters other than line ends and tabs.
pub(super) fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
