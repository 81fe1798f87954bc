//! `show REV`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::log_entry;
use clap::Args;
use migrated_proto::v1::{GetRevisionRequest, GetRevisionResponse};

/// Arguments of `show`.
#[derive(Args, Debug)]
pub struct Show {
    /// Revisions to show: anything that names some; `current` too
    #[arg(allow_negative_numbers = true)]
    pub revision: String,
    /// Show the files' text too
    #[arg(long)]
    pub content: bool,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Show) -> Result<Exit> {
    let answer = find(context, &args.revision, args.content).await?;
    context.out.result(&answer, |out| {
        for (i, revision) in answer.revisions.iter().enumerate() {
            out.line(&log_entry(revision));
            if let Some(file) = answer.files.get(i).filter(|_| args.content) {
                out.line(&file.content);
            }
        }
    });
    Ok(Exit::Done)
}

/// The revisions that an identifier names. The target is sent along only where the identifier is about it.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn find(context: &mut Context, revision: &str, with_content: bool) -> Result<GetRevisionResponse> {
    let request = GetRevisionRequest {
        project: context.config.project(),
        revision: revision.into(),
        target: if revision.contains("current") { Some(context.config.target_ref()?) } else { None },
        with_content,
        graph: None,
    };
    let answer = context.ask(|api, graph| {
        let request = GetRevisionRequest { graph: Some(graph), ..request.clone() };
        async move { api.revisions().get_revision(request).await }
    });
    answer.await
}
