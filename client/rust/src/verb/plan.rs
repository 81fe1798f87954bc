//! `plan upgrade|downgrade REV`, and `--dry-run`.

use super::render::dialect_of;
use crate::config::TargetChoice;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{Output, count, finding, show_rows};
use clap::{Args, Subcommand};
use migrated_proto::v1::{CurrentRows, Direction, PlanRequest, PlanResponse};

/// Arguments of `plan`.
#[derive(Args, Debug)]
pub struct Plan {
    /// Which way.
    #[command(subcommand)]
    pub way: Way,
}

/// Which way a plan leads.
#[derive(Debug, Subcommand)]
pub enum Way {
    /// What an upgrade would do
    Upgrade(Goal),
    /// What a downgrade would do
    Downgrade(Goal),
}

/// The goal of a plan.
#[derive(Args, Debug)]
pub struct Goal {
    /// Goal, as the verb takes it
    #[arg(allow_negative_numbers = true)]
    pub revision: String,
    /// Plan from these version rows instead of a target's: ids separated by commas, or `base`
    #[arg(long, value_name = "REVS", value_delimiter = ',')]
    pub current: Option<Vec<String>>,
    /// Dialect of the SQL, where no target tells it
    #[arg(long)]
    pub dialect: Option<String>,
}

/// Where a plan begins.
pub enum Current {
    /// Where the target stands.
    Target,
    /// At these version rows.
    Rows(Vec<String>),
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Plan) -> Result<Exit> {
    let (direction, goal) = match &args.way {
        Way::Upgrade(goal) => (Direction::Up, goal),
        Way::Downgrade(goal) => (Direction::Down, goal),
    };
    let current = match &goal.current {
        None => Current::Target,
        Some(rows) => {
            Current::Rows(rows.iter().filter(|r| !matches!(r.as_str(), "base" | "")).cloned().collect())
        }
    };
    show(context, direction, &goal.revision, current, goal.dialect.as_deref()).await
}

/// Asks for a plan and prints it as a script with comments.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn show(
    context: &mut Context,
    direction: Direction,
    revision: &str,
    current: Current,
    dialect: Option<&str>,
) -> Result<Exit> {
    let (target, current, dialect) = match current {
        Current::Target => (Some(context.config.target_ref()?), None, dialect),
        Current::Rows(rows) => {
            // No database is asked: a target is of use only where nothing else tells the dialect.
            let url = match context.config.target()? {
                Some(TargetChoice::Url(url)) => Some(url),
                _ => None,
            };
            let dialect = dialect.or_else(|| url.as_deref().and_then(dialect_of));
            let target = if dialect.is_none() { context.config.target_ref().ok() } else { None };
            (target, Some(CurrentRows { rows }), dialect)
        }
    };
    let request = PlanRequest {
        project: context.config.project(),
        target,
        current,
        direction: direction.into(),
        revision: revision.into(),
        dialect: dialect.unwrap_or_default().into(),
        graph: None,
        lint: Some(super::lint::options(&context.config, Vec::new())),
    };
    let answer = context.ask(|api, graph| {
        let request = PlanRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().plan(request).await }
    });
    let plan = answer.await?;
    context.out.result(&plan, |out| print(out, &plan));
    Ok(Exit::Done)
}

fn print(out: &mut Output, plan: &PlanResponse) {
    let from = show_rows(&plan.from);
    if !plan.ahead.is_empty() {
        out.note(&format!("the target is AHEAD of what was asked for by {}", plan.ahead.join(", ")));
    }
    if !plan.foreign.is_empty() {
        out.note(&format!(
            "the target also stands at revisions of other branches: {}",
            plan.foreign.join(", ")
        ));
    }
    if plan.steps.is_empty() {
        return out.line(&format!("-- stands at {from}, nothing to do"));
    }
    let total = plan.steps.len();
    out.line(&format!("-- from {from} to {}  {}", show_rows(&plan.to), count(total as u64, "revision")));
    for (i, step) in plan.steps.iter().enumerate() {
        let revision = step.revision.clone().unwrap_or_default();
        let doc = revision.message.lines().next().unwrap_or_default();
        let how = if step.transactional { "" } else { "  (not in one transaction)" };
        let (id, parents) = (revision.id, show_rows(&revision.down_revisions));
        let (from, to) = if step.direction() == Direction::Down { (id, parents) } else { (parents, id) };
        let head = format!("\n-- [{}/{total}] {from} -> {to}  {doc}", i + 1);
        out.line(&format!("{}{how}", head.trim_end()));
        for warning in &step.warnings {
            out.line(&format!("-- warning: {}", warning.replace('\n', " ")));
        }
        for found in &step.findings {
            let text = finding(out, found);
            text.lines().for_each(|line| out.line(&format!("-- {line}")));
        }
        for statement in &step.statements {
            let statement = statement.trim_end();
            out.line(&if statement.ends_with(';') { statement.into() } else { format!("{statement};") });
        }
    }
}
