//! `baseline REV`.

use super::follow::begin_and_follow;
use super::run_options::{RunArgs, on_interrupt};
use super::schema_args::{Comparison, counted, show};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::run_stream::Begin;
use clap::Args;
use migrated_proto::v1::{DiffRequest, ReplayedRevisions, SchemaSource, StampRequest, schema_source::Source};

/// Arguments of `baseline`.
#[derive(Args, Debug)]
pub struct Baseline {
    /// The revision that the database is said to stand at; `heads` too
    #[arg(value_name = "REV")]
    pub revision: String,
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// How the stamp goes about its work.
    #[command(flatten)]
    pub options: RunArgs,
}

/// Runs the verb: compares, and stamps only where nothing differs.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Baseline) -> Result<Exit> {
    let target = context.config.target_ref()?;
    let request = DiffRequest {
        from: Some(SchemaSource { source: Some(Source::Target(target.clone())) }),
        scope: Some(args.comparison.scope()),
        rules: Some(args.comparison.rules(&context.config)?),
        ..DiffRequest::default()
    };
    let project = context.config.project();
    let answer = context.ask(|api, graph| {
        let replayed = ReplayedRevisions {
            project: project.clone(),
            graph: Some(graph),
            revision: args.revision.clone(),
        };
        let to = Some(SchemaSource { source: Some(Source::Revisions(replayed)) });
        let request = DiffRequest { to, ..request.clone() };
        async move { api.schemas().diff(request).await }
    });
    let answer = answer.await?;
    let diff = answer.diff.clone().unwrap_or_default();
    if !diff.differences.is_empty() {
        context.out.result(&answer, |out| show(out, &diff, args.comparison.verbose));
        let count = counted(&diff);
        let revision = &args.revision;
        context.out.note(&format!(
            "the database is not what the revisions up to {revision} make ({count}): it was not stamped"
        ));
        return Ok(Exit::Difference);
    }
    let on = on_interrupt(&context.config)?;
    let request = StampRequest {
        project: context.config.project(),
        target: Some(target),
        revisions: vec![args.revision],
        purge: false,
        options: Some(args.options.to_request(&context.config)),
        graph: None,
    };
    begin_and_follow(context, Begin::Stamp(request), on).await
}
