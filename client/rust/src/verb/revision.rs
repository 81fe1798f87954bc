//! `revision -m MESSAGE`.

use super::autogenerate::{Asked, autogenerate};
use super::new_file;
use super::schema_args::Comparison;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use migrated_proto::v1::CreateRevisionRequest;

/// Arguments of `revision`.
#[derive(Args, Debug)]
pub struct Revision {
    /// Message
    #[arg(short, long, default_value = "")]
    pub message: String,
    /// Parent: a head unless --splice is given; `base` for a new root [default: head]
    #[arg(long, value_name = "REV")]
    pub head: Vec<String>,
    /// Allow a parent that is not a head
    #[arg(long)]
    pub splice: bool,
    /// Label of the branch that begins here
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Vec<String>,
    /// Version location to put it into; by default that of its parent
    #[arg(long, value_name = "DIR")]
    pub version_path: Option<std::path::PathBuf>,
    /// Id, instead of a random one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Revision or label that must be applied before, without being a parent; several allowed
    #[arg(long, value_name = "REV")]
    pub depends_on: Vec<String>,
    /// Compare the target with --schema, and write what is missing
    #[arg(long, requires = "schema")]
    pub autogenerate: bool,
    /// What the target is to be: a .sql, .yaml or .json file, a folder of them, `-`, a target or a database URL
    #[arg(long, value_name = "SOURCE", requires = "autogenerate")]
    pub schema: Option<String>,
    /// Allow differences that destroy data
    #[arg(long, requires = "autogenerate")]
    pub allow_drop: bool,
    /// Write a revision even where nothing was found
    #[arg(long, requires = "autogenerate")]
    pub even_if_empty: bool,
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Form of the file: sql or yaml
    #[arg(long, value_parser = ["sql", "yaml"])]
    pub format: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why the file cannot be written.
pub async fn run(context: &mut Context, args: Revision) -> Result<Exit> {
    let locations = context.locations();
    let version_path = args.version_path.map(|path| {
        let full = context.config.cwd.join(&path);
        let known = locations
            .list
            .iter()
            .find(|(folder, name)| *folder == full || path == std::path::Path::new(name));
        known.map_or_else(|| path.to_string_lossy().into_owned(), |(_, name)| name.clone())
    });
    let request = CreateRevisionRequest {
        project: context.config.project(),
        message: args.message,
        heads: args.head,
        splice: args.splice,
        branch_labels: args.branch_label,
        revision_id: args.rev_id.unwrap_or_default(),
        depends_on: args.depends_on,
        version_path: version_path.unwrap_or_default(),
        settings: Some(new_file::settings(&context.config)?),
        version_locations: locations.names(),
        ..CreateRevisionRequest::default()
    };
    // A new revision belongs into a folder, even where a published graph would do for its parents.
    context.manifest()?;
    if let Some(schema) = &args.schema {
        let asked = Asked {
            schema: schema.clone(),
            allow_drop: args.allow_drop,
            even_if_empty: args.even_if_empty,
            comparison: args.comparison,
        };
        return autogenerate(context, request, &asked).await;
    }
    let answer = context.ask(|api, graph| {
        let request = CreateRevisionRequest { graph: Some(graph), ..request.clone() };
        async move { api.revisions().create_revision(request).await }
    });
    let answer = answer.await?;
    new_file::finish(context, &answer, answer.revision.as_ref(), answer.file.as_ref())
}
