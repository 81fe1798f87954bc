//! `runs list|show|watch|cancel`.

use super::follow;
use super::run_options::actor;
use crate::config::TargetChoice;
use crate::duration;
use crate::error::{Error, state_name};
use crate::error::{Own, Result};
use crate::exit::{self, Exit};
use crate::graph_call::Context;
use crate::output::{Output, count, show_rows, table};
use clap::{Args, Subcommand};
use migrated_proto::v1 as pb;
use pb::{CancelRunRequest, GetRunRequest, ListRunsRequest, Run, RunState, RunStep, StepState};

/// Arguments of `runs`.
#[derive(Args, Debug)]
pub struct Runs {
    /// What to do with them.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Runs of the project, newest first
    List(List),
    /// One run
    Show(One),
    /// Follow a run to its end
    Watch(Watch),
    /// Stop a run
    Cancel(Cancel),
}

/// Arguments of `runs list`.
#[derive(Args, Debug)]
pub struct List {
    /// Runs of all projects
    #[arg(long)]
    pub all_projects: bool,
    /// Only runs in this state; several allowed
    #[arg(long, value_name = "STATE")]
    pub state: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
}

/// A run.
#[derive(Args, Debug)]
pub struct One {
    /// Run: its id, or a beginning of it
    pub run: String,
}

/// Arguments of `runs watch`.
#[derive(Args, Debug)]
pub struct Watch {
    /// Run: its id, or a beginning of it
    pub run: String,
    /// Leave out events up to this sequence number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub after: u64,
}

/// Arguments of `runs cancel`.
#[derive(Args, Debug)]
pub struct Cancel {
    /// Run: its id, or a beginning of it
    pub run: String,
    /// Why, for the run's log
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Runs) -> Result<Exit> {
    match args.what {
        What::List(list) => self::list(context, &list).await,
        What::Show(one) => {
            let answer = get(context, &one.run).await?;
            let run = answer.run.clone().unwrap_or_default();
            context.out.result(&answer, |out| {
                print(out, &run);
                print_steps(out, &answer.steps);
            });
            Ok(Exit::Done)
        }
        What::Watch(watch) => {
            let run = get(context, &watch.run).await?.run.unwrap_or_default();
            follow::watch(context, &run.id, watch.after, run.target).await
        }
        What::Cancel(cancel) => self::cancel(context, cancel).await,
    }
}

async fn get(context: &mut Context, run_id: &str) -> Result<pb::GetRunResponse> {
    let request = GetRunRequest { run_id: run_id.into() };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.runs().get_run(request).await }
    });
    answer.await
}

async fn list(context: &mut Context, args: &List) -> Result<Exit> {
    let states = args.state.iter().map(|name| state(name)).collect::<Result<Vec<i32>>>()?;
    // Only a name chooses runs; a URL in the environment belongs to other verbs.
    let target = match context.config.target()? {
        Some(TargetChoice::Named(name)) => name,
        _ => String::new(),
    };
    let project = if args.all_projects { String::new() } else { context.config.project() };
    let mut request = ListRunsRequest { project, target, states, ..ListRunsRequest::default() };
    let mut all = pb::ListRunsResponse::default();
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    while all.runs.len() < limit {
        request.page_size = u32::try_from(limit - all.runs.len()).unwrap_or(u32::MAX);
        let answer = context.call(|api| {
            let request = request.clone();
            async move { api.runs().list_runs(request).await }
        });
        let page = answer.await?;
        all.runs.extend(page.runs);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    all.runs.truncate(limit);
    context.out.result(&all, |out| {
        let rows: Vec<Vec<String>> = all.runs.iter().map(row).collect();
        let titles = ["RUN", "STATE", "KIND", "TARGET", "GOAL", "STEPS", "STARTED", "TOOK", "ACTOR"];
        table(&titles, &rows).iter().for_each(|line| out.line(line));
    });
    Ok(Exit::Done)
}

async fn cancel(context: &mut Context, args: Cancel) -> Result<Exit> {
    let request = CancelRunRequest { run_id: args.run, reason: args.reason, actor: actor(&context.config) };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.runs().cancel_run(request).await }
    });
    let answer = answer.await?;
    let run = answer.run.clone().unwrap_or_default();
    context.out.result(&answer, |out| print(out, &run));
    // Asked for and done: only a target that a person must look at is worth an exit code.
    match exit::of_run(run.state(), run.failure.as_ref(), run.steps_done) {
        Exit::Partial => Ok(Exit::Partial),
        _ => Ok(Exit::Done),
    }
}

fn state(name: &str) -> Result<i32> {
    let full = format!("RUN_STATE_{}", name.to_uppercase());
    RunState::from_str_name(&full).filter(|s| *s != RunState::Unspecified).map(i32::from).ok_or_else(|| {
        Own::ConfigInvalid
            .error(format!("`{name}` is no state of a run"))
            .next("queued, locking, running, succeeded, failed, partial, cancelled or unknown")
    })
}

fn row(run: &Run) -> Vec<String> {
    vec![
        run.id.clone(),
        state_name(run.state()).into(),
        kind(run),
        run.target.clone(),
        run.goal.join(" "),
        format!("{}/{}", run.steps_done, run.steps_planned),
        time(run.create_time.as_ref()),
        took(run),
        run.actor.clone(),
    ]
}

fn kind(run: &Run) -> String {
    run.kind().as_str_name().trim_start_matches("RUN_KIND_").to_lowercase()
}

fn took(run: &Run) -> String {
    between(run.start_time.as_ref(), run.end_time.as_ref())
}

fn between(start: Option<&pbjson_types::Timestamp>, end: Option<&pbjson_types::Timestamp>) -> String {
    let (Some(start), Some(end)) = (start, end) else { return String::new() };
    let nanos = i128::from(end.seconds - start.seconds) * 1_000_000_000 + i128::from(end.nanos - start.nanos);
    u64::try_from(nanos).map(|n| duration::show(std::time::Duration::from_nanos(n))).unwrap_or_default()
}

fn time(time: Option<&pbjson_types::Timestamp>) -> String {
    time.and_then(|t| jiff::Timestamp::new(t.seconds, 0).ok()).map(|t| t.to_string()).unwrap_or_default()
}

fn print(out: &mut Output, run: &Run) {
    let steps = format!("{} of {}", run.steps_done, count(run.steps_planned, "revision"));
    let fields = [
        ("Run", run.id.clone()),
        ("State", state_name(run.state()).into()),
        ("Kind", kind(run)),
        ("Project", run.project.clone()),
        ("Target", run.target.clone()),
        ("Goal", run.goal.join(" ")),
        ("Before", show_rows(&run.rows_before)),
        ("After", show_rows(&run.rows_after)),
        ("Steps", steps),
        ("Actor", run.actor.clone()),
        ("Accepted", time(run.create_time.as_ref())),
        ("Started", time(run.start_time.as_ref())),
        ("Ended", time(run.end_time.as_ref())),
        ("Took", took(run)),
    ];
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        out.line(&format!("{name:<9} {value}"));
    }
    if let Some(failure) = &run.failure {
        let error = Error::from_run(run.state(), Some(failure), run.steps_done);
        let text = crate::output::render_error(&error, &out.style);
        out.raw(&format!("\n{text}"));
    }
}

/// Most steps that are printed; `--output json` has them all.
const STEPS: usize = 40;

/// The steps: all of them, or the last that were begun.
fn print_steps(out: &mut Output, steps: &[RunStep]) {
    if steps.is_empty() {
        return;
    }
    let begun = steps.iter().filter(|step| step.state() != StepState::Planned).count();
    let first = if steps.len() > STEPS { begun.saturating_sub(STEPS) } else { 0 };
    let shown: Vec<Vec<String>> = steps.iter().skip(first).take(STEPS).map(step_row).collect();
    out.line("");
    table(&["STEP", "REVISION", "STATE", "STARTED", "TOOK"], &shown).iter().for_each(|line| out.line(line));
    if shown.len() < steps.len() {
        out.line(&format!("{} more: --output json", steps.len() - shown.len()));
    }
}

fn step_row(step: &RunStep) -> Vec<String> {
    vec![
        step.index.to_string(),
        step.revision.clone(),
        step.state().as_str_name().trim_start_matches("STEP_STATE_").into(),
        time(step.start_time.as_ref()),
        between(step.start_time.as_ref(), step.end_time.as_ref()),
    ]
}
