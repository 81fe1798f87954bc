//! `heads`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{log_entry, revision_line};
use clap::Args;
use migrated_proto::v1::ListHeadsRequest;

/// Arguments of `heads`.
#[derive(Args, Debug)]
pub struct Heads {
    /// Show revisions in full
    #[arg(short, long)]
    pub verbose: bool,
    /// Leave out heads that another revision depends on
    #[arg(long)]
    pub resolve_dependencies: bool,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Heads) -> Result<Exit> {
    let (project, resolve_dependencies) = (context.config.project(), args.resolve_dependencies);
    let answer = context.ask(|api, graph| {
        let request = ListHeadsRequest { project: project.clone(), graph: Some(graph), resolve_dependencies };
        async move { api.revisions().list_heads(request).await }
    });
    let answer = answer.await?;
    context.out.result(&answer, |out| {
        for head in &answer.heads {
            out.line(&if args.verbose { log_entry(head) } else { revision_line(head, true, false, false) });
        }
    });
    Ok(Exit::Done)
}
