//! `lint [REV…]`.

use super::render::dialect_of;
use crate::config::TargetChoice;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{count, findings};
use clap::Args;
use migrated_proto::v1::{LintRequest, LintSeverity};

/// Arguments of `lint`.
#[derive(Args, Debug)]
pub struct Lint {
    /// Revisions to look at: anything that names some, or ranges FROM:TO; all of the folder by default
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    pub revisions: Vec<String>,
    /// Dialect of the SQL: postgresql, mysql or sqlite; by default the target's
    #[arg(long)]
    pub dialect: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Lint) -> Result<Exit> {
    // No database is asked: a target is of use only where nothing else tells the dialect.
    let url = match context.config.target()? {
        Some(TargetChoice::Url(url)) if args.dialect.is_none() => Some(url),
        _ => None,
    };
    let dialect = args.dialect.or_else(|| url.as_deref().and_then(dialect_of).map(String::from));
    let target = if dialect.is_none() { context.config.target_ref().ok() } else { None };
    let request = LintRequest {
        project: context.config.project(),
        graph: None,
        target,
        revisions: args.revisions,
        dialect: dialect.unwrap_or_default(),
    };
    let answer = context.ask(|api, graph| {
        let request = LintRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().lint(request).await }
    });
    let answer = answer.await?;
    findings(&mut context.out, &answer);
    let errors =
        answer.findings.iter().filter(|found| found.severity() == LintSeverity::Error).count() as u64;
    let warnings = answer.findings.len() as u64 - errors;
    let looked = count(answer.revisions.len() as u64, "revision");
    let said = [(errors, "error"), (warnings, "warning")].map(|(n, what)| count(n, what));
    context.out.note(&format!("{looked}: {}", said.join(", ")));
    Ok(if errors > 0 { Exit::Refused } else { Exit::Done })
}
