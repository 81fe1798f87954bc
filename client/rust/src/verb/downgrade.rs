//! `downgrade REV`.

use super::migrate::{MigrateArgs, Way, migrate};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;

/// Arguments of `downgrade`.
#[derive(Args, Debug)]
pub struct Downgrade {
    /// What remains: an id or the beginning of one, base, -N, REV-N, LABEL@base; with --sql START:END
    #[arg(allow_negative_numbers = true)]
    pub revision: String,
    /// Whether and how it is done.
    #[command(flatten)]
    pub how: MigrateArgs,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Downgrade) -> Result<Exit> {
    migrate(context, Way::Down, args.revision, args.how).await
}
