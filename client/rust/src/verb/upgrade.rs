//! `upgrade REV`.

use super::migrate::{MigrateArgs, Way, migrate};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;

/// Arguments of `upgrade`.
#[derive(Args, Debug)]
pub struct Upgrade {
    /// Goal: an id or the beginning of one, head, heads, +N, REV+N, LABEL@head; with --sql also START:END
    #[arg(allow_negative_numbers = true)]
    pub revision: String,
    /// Execute everything in one transaction and roll it back (MySQL, MariaDB: in a copy of the schema): what would fail
    /// is found, nothing is changed
    #[arg(long, conflicts_with_all = ["sql", "dry_run"])]
    pub rehearse: bool,
    /// Whether and how it is done.
    #[command(flatten)]
    pub how: MigrateArgs,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Upgrade) -> Result<Exit> {
    let way = if args.rehearse { Way::Rehearse } else { Way::Up };
    migrate(context, way, args.revision, args.how).await
}
