//! `repair`: what a person decides and the audit log keeps.

use super::diagnose::{exit, print};
use super::run_options::actor;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::{ArgGroup, Args};
use migrated_proto::v1::{AcceptRevisionRequest, JudgeStatementRequest};

/// Arguments of `repair`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).args(["accept_hash", "took_effect", "no_effect"]))]
pub struct Repair {
    /// Accept this revision's present content, though other content was applied
    #[arg(long, value_name = "REV")]
    pub accept_hash: Option<String>,
    /// Say that this statement of a revision that was cut off took effect
    #[arg(long, value_name = "REV:N", value_parser = statement)]
    pub took_effect: Option<(String, u32)>,
    /// Say that this statement of a revision that was cut off had no effect
    #[arg(long, value_name = "REV:N", value_parser = statement)]
    pub no_effect: Option<(String, u32)>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT", required = true)]
    pub reason: String,
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
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Repair) -> Result<Exit> {
    match (&args.accept_hash, &args.took_effect, &args.no_effect) {
        (Some(revision), ..) => accept(context, revision, args).await,
        (None, Some(judged), _) => judge(context, judged, true, args).await,
        (None, None, Some(judged)) => judge(context, judged, false, args).await,
        (None, None, None) => Ok(Exit::Done),
    }
}

async fn accept(context: &mut Context, revision: &str, args: &Repair) -> Result<Exit> {
    let request = AcceptRevisionRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: revision.to_owned(),
        reason: args.reason.clone(),
        actor: actor(&context.config),
        graph: None,
    };
    let answer = context.ask(|api, graph| {
        let request = AcceptRevisionRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().accept_revision(request).await }
    });
    let answer = answer.await?;
    context.out.result(&answer, |out| {
        let (old, new) = (&answer.old_hash, &answer.new_hash);
        out.line(&format!("{revision}: {old} was applied, {new} is accepted"));
    });
    Ok(Exit::Done)
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
