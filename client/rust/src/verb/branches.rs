//! `branches`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{Output, log_entry, revision_line};
use clap::Args;
use migrated_proto::v1::ListBranchesRequest;
use migrated_proto::v1::list_branches_response::Branch;

/// Arguments of `branches`.
#[derive(Args, Debug)]
pub struct Branches {
    /// Show revisions in full
    #[arg(short, long)]
    pub verbose: bool,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Branches) -> Result<Exit> {
    let project = context.config.project();
    let answer = context.ask(|api, graph| {
        let request = ListBranchesRequest { project: project.clone(), graph: Some(graph) };
        async move { api.revisions().list_branches(request).await }
    });
    let answer = answer.await?;
    context
        .out
        .result(&answer, |out| answer.branches.iter().for_each(|branch| print(out, branch, args.verbose)));
    Ok(Exit::Done)
}

fn print(out: &mut Output, branch: &Branch, verbose: bool) {
    let point = branch.branch_point.clone().unwrap_or_default();
    out.line(&if verbose { log_entry(&point) } else { revision_line(&point, true, true, false) });
    let margin = " ".repeat(point.id.chars().count());
    for child in &branch.children {
        out.line(&format!("{margin} -> {}", revision_line(child, true, true, verbose)));
    }
}
