//! What `upgrade` and `downgrade` share: the same options, and one request that only goes another way.

use super::follow::begin_and_follow;
use super::plan::{self, Current};
use super::render::{ScriptArgs, render};
use super::run_options::{RunArgs, on_interrupt};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::run_stream::Begin;
use clap::Args;
use migrated_proto::v1::{Direction, DowngradeRequest, RenderKind, UpgradeRequest};

/// Whether and how revisions are run.
#[derive(Args, Debug)]
pub struct MigrateArgs {
    /// Whether a script is written instead.
    #[command(flatten)]
    pub script: ScriptArgs,
    /// Show the plan with its SQL and touch nothing
    #[arg(long, conflicts_with = "sql")]
    pub dry_run: bool,
    /// How the run goes about its work.
    #[command(flatten)]
    pub options: RunArgs,
}

/// What becomes of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Revisions are applied.
    Up,
    /// Revisions are taken back.
    Down,
    /// Revisions are applied and everything is rolled back.
    Rehearse,
}

/// Brings the target to `revision`, or shows what that would take.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub(super) async fn migrate(
    context: &mut Context,
    way: Way,
    revision: String,
    args: MigrateArgs,
) -> Result<Exit> {
    let down = way == Way::Down;
    if args.script.sql {
        let kind = if down { RenderKind::Downgrade } else { RenderKind::Upgrade };
        return render(context, kind, vec![revision], &args.script).await;
    }
    if args.dry_run {
        let direction = if down { Direction::Down } else { Direction::Up };
        return plan::show(context, direction, &revision, Current::Target, None).await;
    }
    let on = on_interrupt(&context.config)?;
    let (project, target) = (context.config.project(), Some(context.config.target_ref()?));
    let options = Some(args.options.to_request(&context.config));
    let begin = if down {
        Begin::Downgrade(DowngradeRequest { project, target, revision, options, graph: None })
    } else {
        let rehearse = way == Way::Rehearse;
        Begin::Upgrade(UpgradeRequest { project, target, revision, options, graph: None, rehearse })
    };
    begin_and_follow(context, begin, on).await
}
