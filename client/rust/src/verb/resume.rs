//! `resume`.

use super::diagnose::{ask, exit, print};
use super::follow::begin_and_follow;
use super::run_options::{RunArgs, on_interrupt};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::run_stream::Begin;
use clap::Args;
use migrated_proto::v1::{DowngradeRequest, RunKind, TargetHealth, UpgradeRequest};

/// Arguments of `resume`.
#[derive(Args, Debug)]
pub struct Resume {
    /// How the run goes about its work.
    #[command(flatten)]
    pub options: RunArgs,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Resume) -> Result<Exit> {
    let on = on_interrupt(&context.config)?;
    let found = ask(context).await?;
    // What only a person can decide is told as `diagnose` tells it; so is that there is nothing to do.
    let stays = matches!(found.health(), TargetHealth::Undecided | TargetHealth::UnderWay);
    if stays || found.resume_kind() == RunKind::Unspecified {
        context.out.result(&found, |out| print(out, &found));
        return Ok(exit(&found));
    }
    let (project, target) = (context.config.project(), Some(context.config.target_ref()?));
    let (revision, options) = (found.resume_goal.clone(), Some(args.options.to_request(&context.config)));
    let begin = if found.resume_kind() == RunKind::Downgrade {
        context.out.note(&format!("resuming: downgrade {revision}"));
        Begin::Downgrade(DowngradeRequest { project, target, revision, options, graph: None })
    } else {
        context.out.note(&format!("resuming: upgrade {revision}"));
        Begin::Upgrade(UpgradeRequest { project, target, revision, options, graph: None, rehearse: false })
    };
    begin_and_follow(context, begin, on).await
}
