//! `upgrade REV`.

use super::follow::begin_and_follow;
use super::plan::{self, Current};
use super::render::render;
use super::run_options::{RunArgs, on_interrupt};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::run_stream::Begin;
use clap::Args;
use migrated_proto::v1::{Direction, RenderKind, UpgradeRequest};

/// Arguments of `upgrade`.
#[derive(Args, Debug)]
pub struct Upgrade {
    /// Goal: an id or the beginning of one, head, heads, +N, REV+N, LABEL@head; with --sql also START:END
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
pub async fn run(context: &mut Context, args: Upgrade) -> Result<Exit> {
    if args.sql {
        let (dialect, tag) = (args.dialect.as_deref(), args.tag.as_deref());
        return render(context, RenderKind::Upgrade, vec![args.revision], dialect, tag).await;
    }
    if args.dry_run {
        return plan::show(context, Direction::Up, &args.revision, Current::Target, None).await;
    }
    let on = on_interrupt(&context.config)?;
    let request = UpgradeRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: args.revision,
        options: Some(args.options.to_request(&context.config)),
        graph: None,
    };
    begin_and_follow(context, Begin::Upgrade(request), on).await
}
