//! `lint [REV…]`.

use super::render::dialect_of;
use crate::config::layers::Rank;
use crate::config::{Config, TargetChoice};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{count, findings};
use clap::Args;
use migrated_proto::v1::{LintOptions, LintRequest, LintSeverity};

/// Arguments of `lint`.
#[derive(Args, Debug)]
pub struct Lint {
    /// Revisions to look at: anything that names some, or ranges FROM:TO; by default all of the folder, or, where the
    /// command line names a target, those that are not applied there
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    pub revisions: Vec<String>,
    /// Dialect of the SQL: postgresql, mysql or sqlite; by default the target's
    #[arg(long)]
    pub dialect: Option<String>,
    /// Look at the downgrades too
    #[arg(long)]
    pub downgrades: bool,
    /// Switch rules off, by their codes or squawk's names, as well as those of `lint.ignore`
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub ignore: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: Lint) -> Result<Exit> {
    let config = &context.config;
    let named = ["target", "database_url"].iter().any(|key| config.rank(key) == Rank::Flag);
    let unapplied = named && args.revisions.is_empty();
    let url = match config.target()? {
        Some(TargetChoice::Url(url)) if args.dialect.is_none() => Some(url),
        _ => None,
    };
    let dialect = args.dialect.or_else(|| url.as_deref().and_then(dialect_of).map(String::from));
    // No database is asked but for where it stands: a configured target is of use only where nothing else tells the
    // dialect.
    let target = if unapplied || args.revisions.iter().any(|of| counts_from_target(of)) {
        Some(config.target_ref()?)
    } else if dialect.is_none() {
        config.target_ref().ok()
    } else {
        None
    };
    let request = LintRequest {
        project: config.project(),
        graph: None,
        target,
        revisions: args.revisions,
        dialect: dialect.unwrap_or_default(),
        unapplied,
        downgrades: args.downgrades,
        options: Some(options(config, args.ignore)),
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

/// What lint looks at, as it is configured and as the command line adds to it.
pub fn options(config: &Config, mut ignore: Vec<String>) -> LintOptions {
    ignore.extend(config.settings.lint.ignore.iter().cloned());
    LintOptions { ignore }
}

/// Whether it means something only where a target stands: `current`, `+2`, `LABEL@+2`, alone or in a range.
fn counts_from_target(identifier: &str) -> bool {
    identifier.split(':').any(|side| {
        let symbol = side.rsplit('@').next().unwrap_or(side);
        symbol == "current" || symbol.starts_with('+')
    })
}
