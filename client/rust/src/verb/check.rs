//! `check`.

use super::schema_args::{Comparison, counted, show, source, with_graph};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::CheckRequest;

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// What the target is to be: a .sql, .yaml or .json file, a folder of them, `-`, a target or a URL; what the
    /// revisions make by default
    #[arg(long, value_name = "SOURCE")]
    pub schema: Option<String>,
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Check) -> Result<Exit> {
    let desired = args.schema.as_deref().map(|name| source(context, name)).transpose()?;
    let request = CheckRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        scope: Some(args.comparison.scope()),
        rules: Some(args.comparison.rules(&context.config)?),
        ..CheckRequest::default()
    };
    let answer = context.ask(|api, graph| {
        let desired = desired.as_ref().map(|desired| with_graph(desired, &graph));
        let request = CheckRequest { graph: Some(graph), desired, ..request.clone() };
        async move { api.migrations().check(request).await }
    });
    let answer = answer.await?;
    let diff = answer.diff.clone().unwrap_or_default();
    let verbose = args.comparison.verbose;
    context.out.result(&answer, |out| show(out, &diff, verbose));
    if diff.differences.is_empty() {
        context.out.note("no difference");
        return Ok(Exit::Done);
    }
    context.out.note(&counted(&diff));
    Ok(Exit::Difference)
}
