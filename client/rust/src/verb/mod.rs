//! The verbs, one a file: arguments, request, and what of the answer is shown.

mod autogenerate;
pub mod baseline;
pub mod branches;
pub mod check;
pub mod completions;
pub mod config;
pub mod current;
pub mod daemon;
pub mod diagnose;
pub mod diff;
pub mod downgrade;
pub mod edit;
pub mod ensure_version;
mod follow;
pub mod heads;
pub mod history;
pub mod init;
pub mod inspect;
pub mod lint;
pub mod merge;
pub mod migrate;
mod new_file;
pub mod plan;
pub mod projects;
pub mod pull;
pub mod push;
pub mod render;
pub mod repair;
pub mod resume;
pub mod revision;
pub mod run_options;
pub mod runs;
mod schema_args;
pub mod show;
pub mod stamp;
pub mod targets;
mod terminal;
pub mod upgrade;
pub mod version;
pub mod wait;

use crate::cli::Verb;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;

/// Runs a verb.
///
/// # Errors
/// Whatever keeps it from its end, with the exit code.
pub async fn run(verb: Verb, context: &mut Context) -> Result<Exit> {
    match verb {
        Verb::Init(args) => init::run(context, &args),
        Verb::Revision(args) => revision::run(context, args).await,
        Verb::Merge(args) => merge::run(context, args).await,
        Verb::Upgrade(args) => upgrade::run(context, args).await,
        Verb::Downgrade(args) => downgrade::run(context, args).await,
        Verb::Stamp(args) => stamp::run(context, args).await,
        Verb::Current(args) => current::run(context, &args).await,
        Verb::Heads(args) => heads::run(context, &args).await,
        Verb::Branches(args) => branches::run(context, &args).await,
        Verb::History(args) => history::run(context, &args).await,
        Verb::Show(args) => show::run(context, &args).await,
        Verb::Edit(args) => edit::run(context, &args).await,
        Verb::EnsureVersion(args) => ensure_version::run(context, &args).await,
        Verb::Plan(args) => plan::run(context, &args).await,
        Verb::Lint(args) => lint::run(context, args).await,
        Verb::Baseline(args) => baseline::run(context, args).await,
        Verb::Check(args) => check::run(context, &args).await,
        Verb::Diff(args) => diff::run(context, &args).await,
        Verb::Inspect(args) => inspect::run(context, &args).await,
        Verb::Runs(args) => runs::run(context, args).await,
        Verb::Wait(args) => wait::run(context, &args).await,
        Verb::Push(args) => push::run(context, &args).await,
        Verb::Pull(args) => pull::run(context, &args).await,
        Verb::Diagnose(args) => diagnose::run(context, &args).await,
        Verb::Resume(args) => resume::run(context, args).await,
        Verb::Repair(args) => repair::run(context, &args).await,
        Verb::Targets(args) => targets::run(context, args).await,
        Verb::Projects(args) => projects::run(context, args).await,
        Verb::Daemon(args) => daemon::run(context, &args).await,
        Verb::Config(_) => config::run(context),
        Verb::Completions(args) => completions::run(context, &args),
        Verb::Version(_) => version::run(context),
    }
}

/// The flags of a verb that are keys of the configuration.
pub fn flags(verb: &Verb) -> Vec<(&'static str, String)> {
    let on_interrupt =
        |options: &run_options::RunArgs| options.on_interrupt.clone().map(|v| ("on_interrupt", v));
    let format = |format: &Option<String>| format.clone().map(|v| ("revision.format", v));
    let flag = match verb {
        Verb::Upgrade(args) => on_interrupt(&args.how.options),
        Verb::Downgrade(args) => on_interrupt(&args.how.options),
        Verb::Stamp(args) => on_interrupt(&args.options),
        Verb::Resume(args) => on_interrupt(&args.options),
        Verb::Baseline(args) => on_interrupt(&args.options),
        Verb::Init(args) => format(&args.format),
        Verb::Revision(args) => format(&args.format),
        Verb::Merge(args) => format(&args.format),
        _ => None,
    };
    flag.into_iter().collect()
}
