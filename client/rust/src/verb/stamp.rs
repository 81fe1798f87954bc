//! `stamp REV…`.

use super::follow::begin_and_follow;
use super::render::{ScriptArgs, render};
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
    /// Whether a script is written instead.
    #[command(flatten)]
    pub script: ScriptArgs,
    /// How the run goes about its work.
    #[command(flatten)]
    pub options: RunArgs,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Stamp) -> Result<Exit> {
    if args.script.sql {
        return render(context, RenderKind::Stamp, args.revisions, &args.script).await;
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
