//! `merge REV…`.

use super::new_file;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::MergeRevisionsRequest;

/// Arguments of `merge`.
#[derive(Args, Debug)]
pub struct Merge {
    /// Heads to merge; `heads` for all
    #[arg(required = true)]
    pub revisions: Vec<String>,
    /// Message
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// Label of the branch that begins here
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Vec<String>,
    /// Id, instead of a random one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Allow parents that are not heads
    #[arg(long)]
    pub splice: bool,
    /// Form of the file: sql or yaml
    #[arg(long, value_parser = ["sql", "yaml"])]
    pub format: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why the file cannot be written.
pub async fn run(context: &mut Context, args: Merge) -> Result<Exit> {
    let request = MergeRevisionsRequest {
        project: context.config.project(),
        revisions: args.revisions,
        message: args.message,
        branch_labels: args.branch_label,
        revision_id: args.rev_id.unwrap_or_default(),
        splice: args.splice,
        settings: Some(new_file::settings(&context.config)?),
        version_locations: context.locations().names(),
        graph: None,
    };
    context.manifest()?;
    let answer = context.ask(|api, graph| {
        let request = MergeRevisionsRequest { graph: Some(graph), ..request.clone() };
        async move { api.revisions().merge_revisions(request).await }
    });
    let answer = answer.await?;
    new_file::finish(context, &answer, answer.revision.as_ref(), answer.file.as_ref())
}
