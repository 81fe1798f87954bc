//! What a request would do: decided purely from rows and graph, in one place for plans and for runs.

use crate::graph::{GraphRef, LoadedGraph};
use crate::place::{Place, TargetRequest};
use crate::run::Scope;
use crate::{Engine, EngineError, Result};
use migrated_core::event::{Direction, RunKind};
use migrated_core::operation::Server;
use migrated_core::revision::{RowChange, Step};
use migrated_core::{Code, DialectName};
use migrated_target::Standing;
use std::collections::HashSet;
use std::sync::Arc;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    Upgrade(String),
    Downgrade(String),
    Stamp { targets: Vec<String>, purge: bool },
}

impl Goal {
    pub(crate) fn new(kind: RunKind, goal: &[String], purge: bool) -> Result<Goal> {
        match (kind, goal) {
            (RunKind::Upgrade | RunKind::Rehearsal, [one]) => Ok(Goal::Upgrade(one.clone())),
            (RunKind::Downgrade, [one]) => Ok(Goal::Downgrade(one.clone())),
            (RunKind::Stamp, [_, ..]) => Ok(Goal::Stamp { targets: goal.to_vec(), purge }),
            (kind, _) => Err(EngineError::new(
                Code::InvalidRequest,
                format!(
                    "{} takes {} revision",
                    kind.command(),
                    if kind == RunKind::Stamp { "at least one" } else { "one" }
                ),
            )),
        }
    }
}

/// What will be done.
pub(crate) struct Decided {
    /// The graph that the steps are in: the request's, or its union with what the rows need.
    pub(crate) graph: Arc<LoadedGraph>,
    /// The goal, resolved; empty for base.
    pub(crate) goal: Vec<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    /// Rows beyond the goal.
    pub(crate) ahead: Vec<String>,
    /// Rows of branches that the request's graph does not know.
    pub(crate) foreign: Vec<String>,
    /// Version rows are replaced without looking at what they are.
    pub(crate) purge: bool,
    /// Nothing runs: only rows change.
    pub(crate) stamp: bool,
}

impl Decided {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) fn is_stamp(&self) -> bool {
        self.stamp
    }

    /// A revision that was cut off is finished before anything else is done (rule R12).
    pub(crate) fn check_journal(&self, place: &Place, standing: &Standing) -> Result<()> {
        self.check_journal_from(0, place, standing)
    }

    /// The same, where the steps in front of `first` are done.
    pub(crate) fn check_journal_from(&self, first: usize, place: &Place, standing: &Standing) -> Result<()> {
        let Some(row) = standing.journal.first().filter(|_| !self.stamp) else { return Ok(()) };
        let first = self.steps.get(first);
        if first.is_some_and(|step| step.revision == row.revision && step.direction == row.direction) {
            return Ok(());
        }
        let (revision, way) =
            (&row.revision, if row.direction == Direction::Up { "upgrade" } else { "downgrade" });
        let finish = match row.direction {
            Direction::Up => format!("migratectl upgrade {revision}"),
            Direction::Down => format!("migratectl downgrade {revision}-1"),
        };
        Err(EngineError::new(
            Code::TargetPartial,
            format!("the {way} of {revision} was cut off on {} and has to be finished first", place.name),
        )
        .revision(revision)
        .with("target", &place.name)
        .state(format!("{} stands at {}, with {revision} partly applied", place.name, shown(&self.from)))
        .next(format!("`{finish}`; or, if you mended the database by hand, `migratectl stamp REV`")))
    }

    /// The version rows when so many steps are done.
    pub(crate) fn rows_after(&self, steps: usize) -> Vec<String> {
        match steps.checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some(step) => step.rows_after.clone(),
            None => self.from.clone(),
        }
    }

    /// What will stand when this is done, with the content that it is pinned to (rule R7).
    pub(crate) fn scope(&self) -> Scope {
        let closure = self.graph.closure(&self.goal);
        let closure = closure
            .into_iter()
            .filter_map(|id| self.graph.revision(id).map(|r| (id.to_owned(), r.header.token_hash)))
            .collect();
        Scope { goal: self.goal.clone(), closure }
    }
}

/// Version rows as they are shown: `<base>` for none, as Alembic's `history` spells it.
pub(crate) fn shown(rows: &[String]) -> String {
    if rows.is_empty() { "<base>".to_owned() } else { rows.join(", ") }
}

impl Engine {
    /// Decides what a goal means from where a target stands. Touches nothing.
    pub(crate) async fn decide(
        &self,
        project: &str,
        graph: &Arc<LoadedGraph>,
        place: &Place,
        standing: &Standing,
        goal: &Goal,
    ) -> Result<Decided> {
        let rows = standing.rows.clone().unwrap_or_default();
        self.decide_from(project, graph, place.key(), &place.name, rows, goal).await
    }

    pub(crate) async fn decide_from(
        &self,
        project: &str,
        graph: &Arc<LoadedGraph>,
        key: &str,
        name: &str,
        rows: Vec<String>,
        goal: &Goal,
    ) -> Result<Decided> {
        if let Goal::Stamp { targets, purge: true } = goal {
            let plan = graph.graph.plan_stamp::<String, _>(&[], targets, true)?;
            return Ok(stamped(graph.clone(), rows, plan.rows_after, true));
        }
        let (union, unknown) = self.union(project, graph, key, &rows).await?;
        if !unknown.is_empty() {
            return Err(unknown_rows(&unknown, name));
        }
        let decided = match goal {
            Goal::Upgrade(target) => {
                // An identifier means what the request's own graph says, so that an old image's `head` stays its
                // own head; only steps relative to rows that it does not know need the union.
                let own = rows.iter().all(|row| graph.contains(row)) || !is_relative(target);
                let known: Vec<String> = rows.iter().filter(|r| graph.contains(r)).cloned().collect();
                let goal = if own {
                    graph.graph.resolve_upgrade_target(&known, target)?
                } else {
                    union.graph.resolve_upgrade_target(&rows, target)?
                };
                let plan = union.graph.plan_upgrade_to(&rows, &goal)?;
                let to = plan.rows_after().to_vec();
                Decided {
                    goal,
                    steps: plan.steps,
                    from: rows,
                    to,
                    ahead: Vec::new(),
                    foreign: Vec::new(),
                    purge: false,
                    stamp: false,
                    graph: union,
                }
            }
            Goal::Downgrade(target) => {
                let plan = union.graph.plan_downgrade(&rows, target)?;
                let to = plan.rows_after().to_vec();
                Decided {
                    goal: to.clone(),
                    steps: plan.steps,
                    from: rows,
                    to,
                    ahead: Vec::new(),
                    foreign: Vec::new(),
                    purge: false,
                    stamp: false,
                    graph: union,
                }
            }
            Goal::Stamp { targets, .. } => {
                let plan = union.graph.plan_stamp(&rows, targets, false)?;
                stamped(union, rows, plan.rows_after, false)
            }
        };
        Ok(with_strangers(decided, graph))
    }

    /// What an upgrade or downgrade would do, with its SQL.
    pub async fn plan(&self, request: &PlanRequest) -> Result<Planned> {
        request.lint.check()?;
        let project = self.project_or_create(&request.project).await?;
        let graph = self.graph(&project.name, &request.graph).await?;
        let (rows, server, key, name) = match &request.rows {
            RowsFrom::Given(rows) => {
                let rows = rows.iter().map(|r| graph.resolve_one(r)).collect::<Result<_>>()?;
                (
                    rows,
                    Server::oldest(request.dialect.unwrap_or(DialectName::Postgres)),
                    String::new(),
                    "the given rows".to_owned(),
                )
            }
            RowsFrom::Target(target) => {
                let place = self.place(target).await?;
                let standing = place.target.standing().await?;
                let server = Server::named(place.target.dialect(), &standing.server);
                (standing.rows.unwrap_or_default(), server, place.key().to_owned(), place.name)
            }
        };
        let goal = match request.direction {
            Direction::Up => Goal::Upgrade(request.revision.clone()),
            Direction::Down => Goal::Downgrade(request.revision.clone()),
        };
        let decided = self.decide_from(&project.name, &graph, &key, &name, rows, &goal).await?;
        let mut steps = Vec::with_capacity(decided.steps.len());
        for step in &decided.steps {
            let body = self.load_body(&decided.graph, &step.revision, step.direction, &server).await?;
            let linted =
                self.lint_revision(&decided.graph, &step.revision, step.direction, &server, &request.lint);
            let findings = linted.await?;
            steps.push(PlannedStep {
                view: decided.graph.view(&step.revision, &decided.from),
                direction: step.direction,
                statements: body.statements(),
                transactional: body.transactional,
                rows: step.rows_after.clone(),
                warnings: match body.client {
                    None => body.warnings,
                    Some(client) => {
                        vec![format!(
                            "its {} client executes it: its statements are known then",
                            client.language
                        )]
                    }
                },
                findings,
            });
        }
        Ok(Planned {
            from: decided.from,
            to: decided.to,
            steps,
            ahead: decided.ahead,
            foreign: decided.foreign,
        })
    }
}

/// A request for a plan.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Project.
    pub project: String,
    /// Graph.
    pub graph: GraphRef,
    /// Where the version rows come from.
    pub rows: RowsFrom,
    /// Up or down.
    pub direction: Direction,
    /// The goal.
    pub revision: String,
    /// Dialect of the SQL, where no target says it.
    pub dialect: Option<DialectName>,
    /// What lint looks at.
    pub lint: crate::LintOptions,
}

/// Where a plan's version rows come from.
#[derive(Clone, Debug)]
pub enum RowsFrom {
    /// From the request.
    Given(Vec<String>),
    /// From a target.
    Target(TargetRequest),
}

/// A plan, to be shown.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Version rows before.
    pub from: Vec<String>,
    /// Version rows after.
    pub to: Vec<String>,
    /// In order.
    pub steps: Vec<PlannedStep>,
    /// Rows beyond the goal.
    pub ahead: Vec<String>,
    /// Rows of branches that the graph does not know.
    pub foreign: Vec<String>,
}

/// A step of a plan, to be shown.
#[derive(Clone, Debug)]
pub struct PlannedStep {
    /// The revision.
    pub view: crate::RevisionView,
    /// Which way.
    pub direction: Direction,
    /// Its statements.
    pub statements: Vec<String>,
    /// Whether it runs in one transaction.
    pub transactional: bool,
    /// Version rows after it.
    pub rows: Vec<String>,
    /// What was noticed about it.
    pub warnings: Vec<String>,
    /// What lint found in it.
    pub findings: Vec<crate::LintFinding>,
}

/// The changes that turn one set of version rows into another: updates first, then deletions or insertions.
pub(crate) fn row_changes(from: &[String], to: &[String]) -> Vec<RowChange> {
    let (old, new): (HashSet<&String>, HashSet<&String>) = (from.iter().collect(), to.iter().collect());
    let gone = from.iter().filter(|r| !new.contains(r));
    let mut come = to.iter().filter(|r| !old.contains(r));
    let mut changes: Vec<RowChange> = gone
        .map(|row| match come.next() {
            Some(to) => RowChange::Update { from: row.clone(), to: to.clone() },
            None => RowChange::Delete(row.clone()),
        })
        .collect();
    changes.extend(come.cloned().map(RowChange::Insert));
    changes
}

/// A stamp is one step without a body.
fn stamped(graph: Arc<LoadedGraph>, from: Vec<String>, to: Vec<String>, purge: bool) -> Decided {
    let changes = row_changes(&from, &to);
    let steps = if changes.is_empty() {
        Vec::new()
    } else {
        vec![Step { revision: shown(&to), direction: Direction::Up, changes, rows_after: to.clone() }]
    };
    Decided {
        graph,
        goal: to.clone(),
        steps,
        from,
        to,
        ahead: Vec::new(),
        foreign: Vec::new(),
        purge,
        stamp: true,
    }
}

/// Sorts rows that are not part of the goal into those beyond it and those beside it, where nothing of them is
/// to be done.
fn with_strangers(mut decided: Decided, own: &LoadedGraph) -> Decided {
    let Ok(standing) = decided.graph.graph.standing(&decided.from, &decided.goal) else { return decided };
    let stranger = |row: &String| !own.contains(row);
    // Rows of the own graph above the goal are told only where there is nothing to do: a downgrade is about them.
    let nothing = decided.steps.is_empty();
    decided.ahead = standing.ahead.into_iter().filter(|row| nothing || stranger(row)).collect();
    decided.foreign = standing.beside.into_iter().filter(stranger).collect();
    decided
}

/// Whether an identifier counts from the version rows.
fn is_relative(target: &str) -> bool {
    let rest = target.rsplit('@').next().unwrap_or(target);
    rest.starts_with(['+', '-'])
}

/// The version table holds what neither the folder nor the project ever had.
pub(crate) fn unknown_rows(rows: &[String], target: &str) -> EngineError {
    let list = rows.join(", ");
    EngineError::new(
        Code::UnknownRevision,
        format!("{target} stands at {list}, which neither this folder nor the project has ever had"),
    )
    .with("rows", &list)
    .with("target", target)
    .state(format!("{target} stands at {list}, untouched"))
    .next(
        "check out the branch that has this revision and `migratectl push` it; or, if its changes are not in the \
         database, `migratectl stamp --purge REV` to say where the database stands",
    )
}
