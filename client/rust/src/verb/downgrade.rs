//! `downgrade REV`.

use super::follow::begin_and_follow;
use super::plan::{self, Current};
use super::render::render;
use super::run_options::{RunArgs, on_interrupt};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::run_stream::Begin;
use clap::Args;
use migrated_proto::v1::{Direction, DowngradeRequest, RenderKind};

/// Arguments of `downgrade`.
#[derive(Args, Debug)]
pub struct Downgrade {
    /// What remains: an id or the beginning of one, base, -N, REV-N, LABEL@base; with --sql START:END
    #[arg(allow_negative_numbers = true)]
    pub revision: String,
    /// Write the SQL as a script instead of running it
    #[arg(long)]
    pub sql: bool,
    /// Dialect of the script: postgresql, mysql or sqlite; by default the target's
    #[arg(long, requires = "sql")]
    pub dialect: Option<String>,
    /// Text for the head of the script
    #[arg(long, requires = "sql")]
    pub tag: Option<String>,
    /// Show the plan with its SQL and touch nothing
    #[arg(long, conflicts_with = "sql")]
    pub dry_run: bool,
    /// How the run goes about its work.
    #[command(flatten)]
    pub options: RunArgs,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Downgrade) -> Result<Exit> {
    if args.sql {
        let (dialect, tag) = (args.dialect.as_deref(), args.tag.as_deref());
        return render(context, RenderKind::Downgrade, vec![args.revision], dialect, tag).await;
    }
    if args.dry_run {
        return plan::show(context, Direction::Down, &args.revision, Current::Target, None).await;
    }
    let on = on_interrupt(&context.config)?;
    let request = DowngradeRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: args.revision,
        options: Some(args.options.to_request(&context.config)),
        graph: None,
    };
    begin_and_follow(context, Begin::Downgrade(request), on).await
}
