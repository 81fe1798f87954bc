//! `repair`: what a person decides and the audit log keeps.

use super::diagnose::{exit, print};
use super::run_options::actor;
use super::terminal::{self, Answer};
use crate::error::{Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::{ArgGroup, Args};
use migrated_proto::v1::{
    AcceptRevisionRequest, AcceptRevisionResponse, AcceptedRevision, JudgeStatementRequest,
};

/// Characters of a hash that are shown in a list.
const SHOWN: usize = 12;

/// Arguments of `repair`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).args(["accept_hash", "all", "took_effect", "no_effect"]))]
pub struct Repair {
    /// Accept this revision's present content, though other content was applied
    #[arg(long, value_name = "REV")]
    pub accept_hash: Option<String>,
    /// Accept the present content of every revision that was changed since it was applied; they are shown first
    #[arg(long)]
    pub all: bool,
    /// Say that this statement of a revision that was cut off took effect
    #[arg(long, value_name = "REV:N", value_parser = statement)]
    pub took_effect: Option<(String, u32)>,
    /// Say that this statement of a revision that was cut off had no effect
    #[arg(long, value_name = "REV:N", value_parser = statement)]
    pub no_effect: Option<(String, u32)>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT", required = true)]
    pub reason: String,
    /// Do not ask
    #[arg(long, requires = "all")]
    pub yes: bool,
}

/// Reads `REV:N`.
fn statement(text: &str) -> std::result::Result<(String, u32), String> {
    let parts = text.rsplit_once(':').and_then(|(revision, number)| Some((revision, number.parse().ok()?)));
    match parts {
        Some((revision, number)) if number > 0 && !revision.is_empty() => Ok((revision.to_owned(), number)),
        _ => Err("a revision and the number of its statement are wanted, as `27c6:3`".to_owned()),
    }
}

/// Runs the verb.
///
/// # Errors
/// NEEDS_TERMINAL where nobody can be asked and `--yes` is missing; the daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Repair) -> Result<Exit> {
    match (&args.took_effect, &args.no_effect) {
        (Some(judged), _) => judge(context, judged, true, args).await,
        (None, Some(judged)) => judge(context, judged, false, args).await,
        (None, None) => accept(context, args).await,
    }
}

async fn accept(context: &mut Context, args: &Repair) -> Result<Exit> {
    let request = AcceptRevisionRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: args.accept_hash.clone().unwrap_or_default(),
        reason: args.reason.clone(),
        actor: actor(&context.config),
        graph: None,
        all: args.all,
        dry_run: false,
    };
    if args.all {
        let changed = ask(context, AcceptRevisionRequest { dry_run: true, ..request.clone() }).await?;
        if changed.revisions.is_empty() {
            context.out.result(&changed, |out| out.line("every revision is as it was applied"));
            return Ok(Exit::Done);
        }
        for revision in &changed.revisions {
            context.out.note(&line(revision));
        }
        if !args.yes && !confirmed(context, changed.revisions.len())? {
            context.out.note("nothing was accepted");
            return Ok(Exit::Failure);
        }
    }
    let answer = ask(context, request).await?;
    context.out.result(&answer, |out| match &args.accept_hash {
        Some(rev) => {
            out.line(&format!("{rev}: {} was applied, {} is accepted", answer.old_hash, answer.new_hash))
        }
        None => out.line(&format!("accepted: {}", counted(answer.revisions.len()))),
    });
    Ok(Exit::Done)
}

async fn ask(context: &mut Context, request: AcceptRevisionRequest) -> Result<AcceptRevisionResponse> {
    let answer = context.ask(|api, graph| {
        let request = AcceptRevisionRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().accept_revision(request).await }
    });
    answer.await
}

fn confirmed(context: &mut Context, count: usize) -> Result<bool> {
    if !terminal::is_there(context) {
        let message = format!("{} would be accepted, and there is no terminal to ask on", counted(count));
        return Err(Own::NeedsTerminal.error(message).state("nothing was accepted").next("add `--yes`"));
    }
    let question = format!("accept the present content of {}?", counted(count));
    Ok(terminal::ask(context, &question) == Answer::Yes)
}

fn line(revision: &AcceptedRevision) -> String {
    let short = |hash: &str| hash.get(..SHOWN).unwrap_or(hash).to_owned();
    let (old, new) = (short(&revision.old_hash), short(&revision.new_hash));
    format!("{} ({}): {old}… was applied, now {new}…", revision.revision, revision.path)
}

fn counted(count: usize) -> String {
    if count == 1 { "1 revision".to_owned() } else { format!("{count} revisions") }
}

async fn judge(
    context: &mut Context,
    (revision, statement): &(String, u32),
    took_effect: bool,
    args: &Repair,
) -> Result<Exit> {
    let request = JudgeStatementRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: revision.clone(),
        statement: *statement,
        took_effect,
        reason: args.reason.clone(),
        actor: actor(&context.config),
        graph: None,
    };
    let answer = context.ask(|api, graph| {
        let request = JudgeStatementRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().judge_statement(request).await }
    });
    let found = answer.await?.diagnosis.unwrap_or_default();
    context.out.result(&found, |out| {
        let said = if took_effect { "took effect" } else { "had no effect" };
        out.line(&format!("noted: statement {statement} of {revision} {said}"));
        print(out, &found);
    });
    Ok(exit(&found))
}
