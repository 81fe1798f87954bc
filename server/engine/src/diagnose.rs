//! What a run left behind that was cut off: statement by statement what took effect and what tells so, and the way on.

use crate::graph::{GraphRef, LoadedGraph};
use crate::place::{Place, TargetRequest};
use crate::plan::shown;
use crate::reconcile::{backends, outcome};
use crate::run::is_relative;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{Direction, RunKind, RunState};
use migrated_core::operation::Server;
use migrated_store::{RunFilter, RunPage, RunRecord, StepRecord, StepState};
use migrated_target::{
    BackendState, Examined, Fate, JournalRow, Standing, StatementFate, Transaction, TransactionOutcome, Work,
};
use std::sync::Arc;

/// A request to diagnose a target.
#[derive(Clone, Debug)]
pub struct DiagnoseRequest {
    /// Project.
    pub project: String,
    /// Graph with the revision as it is now.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
}

/// How healthy a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing is cut off.
    Clean,
    /// A run is under way in this daemon.
    UnderWay,
    /// A run was cut off, and its revisions are whole: each took effect or left nothing.
    Interrupted,
    /// A revision is partly applied, and it is known with which statements.
    Partial,
    /// A revision is partly applied, and only a person can tell with which statements.
    Undecided,
}

/// A statement, and what became of it.
#[derive(Clone, Debug)]
pub struct DiagnosedStatement {
    /// Its fate.
    pub fate: StatementFate,
    /// Its line in the revision's file; 0 where it is no longer there.
    pub line: u32,
    /// Its first words.
    pub summary: String,
}

/// What a diagnosis found.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// Target, as it is shown.
    pub target: String,
    /// How healthy it is.
    pub health: Health,
    /// Version rows.
    pub rows: Vec<String>,
    /// The run that this is about: the one that was cut off, or the last.
    pub run: Option<RunRecord>,
    /// The revision that was cut off; empty without one.
    pub revision: String,
    /// Which way it was going.
    pub direction: Direction,
    /// Its file.
    pub path: String,
    /// Its statements.
    pub statements: Vec<DiagnosedStatement>,
    /// Sessions of the run that are still at work, one line each.
    pub at_work: Vec<String>,
    /// All of that in a sentence.
    pub summary: String,
    /// The next command, in backticks, with what it does; empty where nothing is to be done.
    pub next: String,
    /// What `resume` does; `None` where nothing is left to go on with.
    pub resume: Option<(RunKind, Vec<String>)>,
}

/// So many rehearsals are looked past for the last run that was none.
const REHEARSALS: u32 = 50;

/// Whether a run may have left something: a rehearsal is undone with its session.
fn is_lasting(run: &RunRecord) -> bool {
    run.kind != RunKind::Rehearsal
}

/// The revision that was cut off.
struct Cut {
    revision: String,
    direction: Direction,
    run: Option<RunRecord>,
}

impl Engine {
    /// Finds out what a run that was cut off left on a target. Takes no lock and changes nothing.
    pub async fn diagnose(&self, request: &DiagnoseRequest) -> Result<Diagnosis> {
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let place = self.place(&request.target).await?;
        let standing = place.target.standing().await?;
        let mut found = Diagnosis {
            target: place.name.clone(),
            health: Health::Clean,
            rows: standing.rows.clone().unwrap_or_default(),
            run: None,
            revision: String::new(),
            direction: Direction::Up,
            path: String::new(),
            statements: Vec::new(),
            at_work: Vec::new(),
            summary: String::new(),
            next: String::new(),
            resume: None,
        };
        if let Some(first) = self.inner.runs.lane(place.key()).first() {
            found.health = Health::UnderWay;
            found.run = Some(self.run(&first.id).await?);
            found.summary = format!("run {} is under way: {}", first.id, first.doing());
            found.next = format!("`migratectl runs watch {}`", first.id);
            return Ok(found);
        }
        if let Some(row) = standing.journal.first() {
            let run = self.store().run(&row.run).await?;
            let cut = Cut { revision: row.revision.clone(), direction: row.direction, run };
            return self.partial(&place, &graph, &standing, cut, found).await;
        }
        let unsettled = self.store().unsettled_runs().await?;
        match unsettled.into_iter().rfind(|run| run.target_key == place.key() && is_lasting(run)) {
            Some(run) => self.interrupted(&place, &graph, &standing, run, found).await,
            None => self.clean(&project.name, &place, found).await,
        }
    }

    /// Nothing is cut off: the last run may still be gone on with.
    async fn clean(&self, project: &str, place: &Place, mut found: Diagnosis) -> Result<Diagnosis> {
        let filter = RunFilter {
            project: Some(project.to_owned()),
            target: Some(place.name.clone()),
            ..RunFilter::default()
        };
        let page = RunPage { limit: REHEARSALS, ..RunPage::default() };
        let last = self.store().runs(&filter, &page).await?.into_iter().find(is_lasting);
        found.summary =
            format!("{} stands at {}, clean: nothing is cut off", found.target, shown(&found.rows));
        if let Some(run) = last.filter(|run| run.state != RunState::Succeeded) {
            found.resume = self.what_is_left(&run).await?;
            if found.resume.is_some() {
                found.next = "`migratectl resume` goes on with the last run".to_owned();
            }
            found.run = Some(run);
        }
        Ok(found)
    }

    /// The journal holds statements of a revision.
    async fn partial(
        &self,
        place: &Place,
        graph: &Arc<LoadedGraph>,
        standing: &Standing,
        cut: Cut,
        mut found: Diagnosis,
    ) -> Result<Diagnosis> {
        let rows = &standing.journal;
        let work = self.work_of(place, graph, standing, &cut, &rows[0].run).await?;
        let Examined { statements, at_work } = place.target.examine(&work).await?;
        found.statements = described(&work, statements);
        found.at_work = at_work;
        found.path = work.path;
        let fates = || found.statements.iter().map(|one| &one.fate);
        let effective = fates().filter(|one| matches!(one.fate, Fate::Done | Fate::TookEffect)).count();
        let doubtful = fates().find(|one| one.fate == Fate::Undecided).map(|one| one.number);
        let edited = fates()
            .find(|one| one.edited && matches!(one.fate, Fate::Done | Fate::TookEffect | Fate::Undecided));
        let total = work.script.total();
        let way = if cut.direction == Direction::Up { "upgrade" } else { "downgrade" };
        found.health = if doubtful.is_some() { Health::Undecided } else { Health::Partial };
        found.summary = format!(
            "the {way} of {} was cut off: {effective} of its {total} statements took effect{}",
            cut.revision,
            doubtful.map(|n| format!(", and of statement {n} nobody but you can tell")).unwrap_or_default(),
        );
        let revision = &cut.revision;
        found.next = match (edited, doubtful) {
            (Some(one), _) => format!(
                "put statement {} of {revision} back as it was sent, then `migratectl resume`",
                one.number
            ),
            (None, Some(n)) => format!(
                "look at the database, then `migratectl repair --took-effect {revision}:{n} --reason TEXT` or \
                 `migratectl repair --no-effect {revision}:{n} --reason TEXT`"
            ),
            (None, None) => {
                "`migratectl resume` goes on at the first statement that did not take effect".to_owned()
            }
        };
        let finish = match cut.direction {
            Direction::Up => (RunKind::Upgrade, vec![revision.clone()]),
            Direction::Down => (RunKind::Downgrade, vec![format!("{revision}-1")]),
        };
        found.resume = match &cut.run {
            Some(run) => self.what_is_left(run).await?.or(Some(finish)),
            None => Some(finish),
        };
        (found.revision, found.direction, found.run) = (cut.revision, cut.direction, cut.run);
        Ok(found)
    }

    /// A run has no end, and the journal holds nothing: each of its revisions is whole, or left nothing.
    async fn interrupted(
        &self,
        place: &Place,
        graph: &Arc<LoadedGraph>,
        standing: &Standing,
        run: RunRecord,
        mut found: Diagnosis,
    ) -> Result<Diagnosis> {
        let steps = self.store().steps(&run.id).await?;
        for backend in backends(&run, &steps) {
            if let BackendState::Alive(doing) = place.target.backend_state(&backend).await? {
                found.at_work.push(format!("pid {}: {doing}", backend.pid));
            }
        }
        found.health = Health::Interrupted;
        found.resume = self.what_is_left(&run).await?;
        found.next = "`migratectl resume` goes on from there".to_owned();
        let begun = steps.iter().find(|step| !matches!(step.state, StepState::Done | StepState::Failed));
        let Some(step) = begun.filter(|step| step.backend_pid.is_some()) else {
            found.summary = format!("run {} was cut off before it began with a revision", run.id);
            found.run = Some(run);
            return Ok(found);
        };
        let (fate, evidence) = self.fate_of(place, &run, step, &found.rows).await?;
        let cut = Cut { revision: step.revision.clone(), direction: step.direction, run: Some(run) };
        let id = cut.run.as_ref().map(|run| run.id.clone()).unwrap_or_default();
        let work = self.work_of(place, graph, standing, &cut, &id).await?;
        let all = (1..=work.script.total()).map(|number| StatementFate {
            number,
            fate,
            evidence: evidence.clone(),
            edited: false,
        });
        found.statements = described(&work, all.collect());
        found.path = work.path;
        let what = match fate {
            Fate::TookEffect => "took effect, whole",
            Fate::Undecided => "is in a transaction that is still open",
            _ => "left nothing",
        };
        found.summary = format!("run {id} was cut off in {}, which {what}: {evidence}", cut.revision);
        (found.revision, found.direction, found.run) = (cut.revision, cut.direction, cut.run);
        Ok(found)
    }

    /// What became of a step that was begun in a transaction, in the order of rule R1.
    async fn fate_of(
        &self,
        place: &Place,
        run: &RunRecord,
        step: &StepRecord,
        rows: &[String],
    ) -> Result<(Fate, String)> {
        let xid = step.xid.as_deref().unwrap_or_default();
        Ok(match outcome(place, step).await? {
            TransactionOutcome::Committed => {
                (Fate::TookEffect, format!("the server says that transaction {xid} was committed"))
            }
            TransactionOutcome::Aborted => {
                (Fate::NoEffect, format!("the server says that transaction {xid} was rolled back"))
            }
            TransactionOutcome::InProgress => {
                (Fate::Undecided, format!("transaction {xid} is still open; `resume` ends it"))
            }
            TransactionOutcome::Unknown => {
                let stands = self.stands(place, run, rows).await?;
                let applied = stands.is_some_and(|stands| stands.contains(&step.revision));
                let rows = shown(rows);
                match applied == (step.direction == Direction::Up) {
                    true => (
                        Fate::TookEffect,
                        format!("the version rows, which share its transaction, are {rows}"),
                    ),
                    false => {
                        (Fate::NoEffect, format!("the version rows, which share its transaction, are {rows}"))
                    }
                }
            }
        })
    }

    /// What a run had still to do, as a command that means the same from wherever the target stands: `+2` would not.
    async fn what_is_left(&self, run: &RunRecord) -> Result<Option<(RunKind, Vec<String>)>> {
        match run.kind {
            RunKind::Stamp | RunKind::Rehearsal => Ok(None),
            kind if !run.goal.iter().any(|goal| is_relative(goal)) => Ok(Some((kind, run.goal.clone()))),
            kind => Ok(self.store().steps(&run.id).await?.last().map(|last| match kind {
                RunKind::Downgrade => (kind, vec![format!("{}-1", last.revision)]),
                _ => (kind, vec![last.revision.clone()]),
            })),
        }
    }

    /// The revision that was cut off, as it stands now, as work for its target.
    async fn work_of(
        &self,
        place: &Place,
        graph: &Arc<LoadedGraph>,
        standing: &Standing,
        cut: &Cut,
        run: &str,
    ) -> Result<Work> {
        let graph = match graph.revision(&cut.revision) {
            Some(_) => graph.clone(),
            None => self.graph_of(cut).await?,
        };
        let server = Server::named(place.target.dialect(), &standing.server);
        let body = self.load_body(&graph, &cut.revision, cut.direction, &server).await?;
        Ok(Work {
            run: run.to_owned(),
            revision: cut.revision.clone(),
            direction: cut.direction,
            path: body.path,
            script: body.script,
            expected_rows: standing.rows.clone().unwrap_or_default(),
            changes: Vec::new(),
            transaction: Transaction::None,
            most_statements: self.settings().max_statements,
            retries: self.settings().retries(),
        })
    }

    /// The graph that the run was pinned to, where the one at hand does not have its revision.
    async fn graph_of(&self, cut: &Cut) -> Result<Arc<LoadedGraph>> {
        if let Some(run) = &cut.run
            && let Some(digest) = run.graph
        {
            return self.graph(&run.project, &GraphRef::Manifest(digest)).await;
        }
        Err(EngineError::new(
            Code::TargetPartial,
            format!(
                "{} was cut off, and neither the files here nor a run of this daemon have it",
                cut.revision
            ),
        )
        .revision(&cut.revision)
        .next("bring its file back, or ask the daemon that applied it; then `migratectl diagnose`"))
    }
}

fn described(work: &Work, fates: Vec<StatementFate>) -> Vec<DiagnosedStatement> {
    let of = |fate: StatementFate| {
        let statement = fate.number.checked_sub(1).and_then(|at| work.script.statements.get(at as usize));
        let (line, summary) = match statement {
            Some(statement) => (statement.line, statement.summary.clone()),
            None if work.script.statements.is_empty() => (0, "a statement of its client".to_owned()),
            None => (0, "no longer in the revision".to_owned()),
        };
        DiagnosedStatement { fate, line, summary }
    };
    fates.into_iter().map(of).collect()
}

/// The INTENT row of a statement, where it is in doubt.
pub(crate) fn in_doubt<'a>(standing: &'a Standing, revision: &str, statement: u32) -> Option<&'a JournalRow> {
    let intent = migrated_target::JournalState::Intent;
    standing
        .journal
        .iter()
        .find(|row| row.revision == revision && row.statement == statement && row.state == intent)
}
