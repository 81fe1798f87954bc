//! `repair --accept-hash REV`.

use super::run_options::actor;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::AcceptRevisionRequest;

/// Arguments of `repair`.
#[derive(Args, Debug)]
pub struct Repair {
    /// Accept this revision's present content, though other content was applied
    #[arg(long, value_name = "REV", required = true)]
    pub accept_hash: String,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT", required = true)]
    pub reason: String,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Repair) -> Result<Exit> {
    let request = AcceptRevisionRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: args.accept_hash.clone(),
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
        let (rev, old, new) = (&args.accept_hash, &answer.old_hash, &answer.new_hash);
        out.line(&format!("{rev}: {old} was applied, {new} is accepted"));
    });
    Ok(Exit::Done)
}
