//! `ensure-version`.

use super::render::{ScriptArgs, render};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::{EnsureVersionTableRequest, RenderKind};

/// Arguments of `ensure-version`.
#[derive(Args, Debug)]
pub struct EnsureVersion {
    /// Write the SQL as a script instead of running it
    #[arg(long)]
    pub sql: bool,
    /// Dialect of the script: postgresql, mysql or sqlite; by default the target's
    #[arg(long, requires = "sql")]
    pub dialect: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &EnsureVersion) -> Result<Exit> {
    if args.sql {
        let script = ScriptArgs { sql: true, dialect: args.dialect.clone(), tag: None };
        return render(context, RenderKind::VersionTable, Vec::new(), &script).await;
    }
    let request = EnsureVersionTableRequest { target: Some(context.config.target_ref()?) };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.migrations().ensure_version_table(request).await }
    });
    let answer = answer.await?;
    context.out.result(&answer, |out| {
        out.line(if answer.created { "version table created" } else { "version table exists" });
    });
    Ok(Exit::Done)
}
