//! `stamp REV…`.

use super::follow::begin_and_follow;
use super::render::render;
use super::run_options::{RunArgs, on_interrupt};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::run_stream::Begin;
use clap::Args;
use migrated_proto::v1::{RenderKind, StampRequest};

/// Arguments of `stamp`.
#[derive(Args, Debug)]
pub struct Stamp {
    /// Revisions to stand at; `heads` and `base` too; with --sql each may be FROM:TO
    #[arg(required = true, allow_negative_numbers = true)]
    pub revisions: Vec<String>,
    /// Forget all version rows first, whatever they are
    #[arg(long, conflicts_with = "sql")]
    pub purge: bool,
    /// Write the SQL as a script instead of running it
    #[arg(long)]
    pub sql: bool,
    /// Dialect of the script: postgresql, mysql or sqlite; by default the target's
    #[arg(long, requires = "sql")]
    pub dialect: Option<String>,
    /// Text for the head of the script
    #[arg(long, requires = "sql")]
    pub tag: Option<String>,
    /// How the run goes about its work.
    #[command(flatten)]
    pub options: RunArgs,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Stamp) -> Result<Exit> {
    if args.sql {
        let (dialect, tag) = (args.dialect.as_deref(), args.tag.as_deref());
        return render(context, RenderKind::Stamp, args.revisions, dialect, tag).await;
    }
    let on = on_interrupt(&context.config)?;
    let request = StampRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revisions: args.revisions,
        purge: args.purge,
        options: Some(args.options.to_request(&context.config)),
        graph: None,
    };
    begin_and_follow(context, Begin::Stamp(request), on).await
}
