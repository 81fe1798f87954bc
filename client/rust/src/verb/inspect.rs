//! `inspect`.

use super::schema_args::Comparison;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::{InspectRequest, SchemaFormat};

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct Inspect {
    /// Target or database URL; the one of --target or --database-url by default
    pub name: Option<String>,
    /// Form: yaml, json, sql or mermaid
    #[arg(long, value_name = "FORM", default_value = "yaml", value_parser = ["yaml", "json", "sql", "mermaid"])]
    pub format: String,
    /// What is looked at.
    #[command(flatten)]
    pub comparison: Comparison,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Inspect) -> Result<Exit> {
    let target = match &args.name {
        Some(name) => context.config.target_named(name),
        None => context.config.target_ref()?,
    };
    let format = match args.format.as_str() {
        "json" => SchemaFormat::Json,
        "sql" => SchemaFormat::Sql,
        "mermaid" => SchemaFormat::Mermaid,
        _ => SchemaFormat::Yaml,
    };
    let request = InspectRequest {
        target: Some(target),
        scope: Some(args.comparison.scope()),
        format: format.into(),
        rules: Some(args.comparison.rules(&context.config)?),
    };
    let answer = context.call(|api| {
        let request = request.clone();
        async move { api.schemas().inspect(request).await }
    });
    let answer = answer.await?;
    context.out.result(&answer, |out| {
        out.line(answer.text.trim_end());
        for note in &answer.notes {
            out.note(note);
        }
        if args.comparison.verbose {
            answer.left_out.iter().for_each(|line| out.note(line));
        }
    });
    Ok(Exit::Done)
}
