//! `push`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::show_rows;
use clap::Args;
use migrated_proto::v1::PushRevisionsRequest;

/// Arguments of `push`.
#[derive(Args, Debug)]
pub struct Push {
    /// Take away published revisions that the folder lacks; refused for what a target has applied
    #[arg(long)]
    pub prune: bool,
    /// Fail unless this version is published now
    #[arg(long, value_name = "N")]
    pub expected_version: Option<u64>,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Push) -> Result<Exit> {
    context.manifest()?;
    let request = PushRevisionsRequest {
        project: context.config.project(),
        expected_version: args.expected_version,
        prune: args.prune,
        graph: None,
    };
    let answer = context.ask(|api, graph| {
        let request = PushRevisionsRequest { graph: Some(graph), ..request.clone() };
        async move { api.revisions().push_revisions(request).await }
    });
    let answer = answer.await?;
    context.out.result(&answer, |out| {
        for (mark, ids) in [("+", &answer.added), ("~", &answer.changed), ("-", &answer.removed)] {
            ids.iter().for_each(|id| out.line(&format!("{mark} {id}")));
        }
        out.line(&format!("version {} is published, at {}", answer.version, show_rows(&answer.heads)));
    });
    Ok(Exit::Done)
}
