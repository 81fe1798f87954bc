//! `diff FROM TO`.

use super::schema_args::{Comparison, show, source, with_graph};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::{DiffRequest, ReplayedRevisions};

/// Arguments of `diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// What is: a target, a database URL, a .sql, .yaml or .json file, a folder of them, `-`, or `revisions`
    pub from: String,
    /// What is to be, named in the same way
    pub to: String,
    /// Show the statements instead of the differences
    #[arg(long)]
    pub sql: bool,
    /// Exit with 3 where there is a difference
    #[arg(long)]
    pub exit_code: bool,
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Diff) -> Result<Exit> {
    let (from, to) = (source(context, &args.from)?, source(context, &args.to)?);
    let request = DiffRequest {
        beside: context.config.target_ref().ok(),
        scope: Some(args.comparison.scope()),
        rules: Some(args.comparison.rules(&context.config)?),
        ..DiffRequest::default()
    };
    let replays = [&args.from, &args.to].into_iter().any(|name| name == "revisions");
    // Rules may let be dropped what the revisions own: then the folder has a say, where there is one.
    let owns = !replays && request.rules.as_ref().is_some_and(|rules| rules.file.is_some());
    let owns = owns && context.manifest().is_ok();
    let project = context.config.project();
    let answer = if replays || owns {
        let answer = context.ask(|api, graph| {
            let (from, to) = (with_graph(&from, &graph), with_graph(&to, &graph));
            let history = owns.then(|| ReplayedRevisions {
                project: project.clone(),
                graph: Some(graph),
                revision: String::new(),
            });
            let request = DiffRequest { from: Some(from), to: Some(to), history, ..request.clone() };
            async move { api.schemas().diff(request).await }
        });
        answer.await?
    } else {
        let request = DiffRequest { from: Some(from), to: Some(to), ..request };
        let answer = context.call(|api| {
            let request = request.clone();
            async move { api.schemas().diff(request).await }
        });
        answer.await?
    };
    let diff = answer.diff.clone().unwrap_or_default();
    let (sql, verbose) = (args.sql, args.comparison.verbose);
    context.out.result(&answer, |out| match sql {
        true => out.line(diff.up_sql.trim_end()),
        false => show(out, &diff, verbose),
    });
    Ok(if args.exit_code && !diff.differences.is_empty() { Exit::Difference } else { Exit::Done })
}
