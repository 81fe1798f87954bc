//! `diagnose`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{Output, show_rows};
use clap::Args;
use migrated_proto::v1 as pb;
use pb::{DiagnoseRequest, Diagnosis, RunKind, StatementFate, TargetHealth};

/// Arguments of `diagnose`.
#[derive(Args, Debug)]
pub struct Diagnose {}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, _args: &Diagnose) -> Result<Exit> {
    let found = ask(context).await?;
    context.out.result(&found, |out| print(out, &found));
    Ok(exit(&found))
}

/// Asks the daemon how the target is.
pub(super) async fn ask(context: &mut Context) -> Result<Diagnosis> {
    let request = DiagnoseRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        graph: None,
    };
    let answer = context.ask(|api, graph| {
        let request = DiagnoseRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().diagnose(request).await }
    });
    Ok(answer.await?.diagnosis.unwrap_or_default())
}

/// Whether something has to be done before anything else.
pub(super) fn exit(found: &Diagnosis) -> Exit {
    match found.health() {
        TargetHealth::Clean | TargetHealth::UnderWay | TargetHealth::Unspecified => Exit::Done,
        TargetHealth::Interrupted | TargetHealth::Partial | TargetHealth::Undecided => Exit::Difference,
    }
}

/// Prints what was found: the verdict, the statements, who is still at work, the next command.
pub(super) fn print(out: &mut Output, found: &Diagnosis) {
    let health = match found.health() {
        TargetHealth::Unspecified => "unknown",
        TargetHealth::Clean => "clean",
        TargetHealth::UnderWay => "a run is under way",
        TargetHealth::Interrupted => "interrupted",
        TargetHealth::Partial => "PARTIAL",
        TargetHealth::Undecided => "PARTIAL, undecided",
    };
    out.line(&format!("{}: {health}, at {}", found.target, show_rows(&found.rows)));
    out.line(&found.summary);
    if let Some(run) = &found.run {
        let kind = if run.kind() == RunKind::Downgrade { "downgrade" } else { "upgrade" };
        out.line(&format!("run {} ({kind} {}, {})", run.id, run.goal.join(" "), run.actor));
    }
    if !found.statements.is_empty() {
        out.line(&format!("{} of {}:", found.revision, found.path));
    }
    for one in &found.statements {
        let fate = match one.fate() {
            StatementFate::Unspecified => "?",
            StatementFate::Done => "done",
            StatementFate::TookEffect => "took effect",
            StatementFate::NoEffect => "no effect",
            StatementFate::Undecided => "UNDECIDED",
            StatementFate::NotReached => "not reached",
            StatementFate::SessionOnly => "session only",
        };
        let edited = if one.edited { "; its text was changed since" } else { "" };
        out.line(&format!("{:>4}  {fate:<12}  line {}: {}", one.number, one.line, one.summary));
        out.line(&format!("      {:<12}  {}{edited}", "", one.evidence));
    }
    for session in &found.at_work {
        out.line(&format!("still at work: {session}"));
    }
    if !found.next.is_empty() {
        out.line(&format!("next: {}", found.next));
    }
}
