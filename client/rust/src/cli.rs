//! The command line: global options and verbs.

use crate::config::Sources;
use crate::verb;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Migrates databases through `migrated`.
///
/// Configuration: flags win over MIGRATECTL_* variables, those over migratectl.toml, which is found by walking up.
/// Without a server the daemon is started here, with its state in `.migrated/`.
#[derive(Debug, Parser)]
#[command(name = "migratectl", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Options of every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options of every verb. Each has a key in migratectl.toml and a variable.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file, instead of the migratectl.toml found by walking up
    #[arg(long, global = true, value_name = "FILE", env = "MIGRATECTL_CONFIG")]
    pub config: Option<PathBuf>,
    /// Daemon: http://host:port, https://host:port, host:port or unix:/path [env: MIGRATECTL_SERVER]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub server: Option<String>,
    /// File with the bearer token [env: MIGRATECTL_TOKEN, MIGRATECTL_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<String>,
    /// Project; the folder's name by default [env: MIGRATECTL_PROJECT]
    #[arg(long, global = true, value_name = "NAME")]
    pub project: Option<String>,
    /// Named target [env: MIGRATECTL_TARGET]
    #[arg(long, global = true, value_name = "NAME")]
    pub target: Option<String>,
    /// URL of a target without a name [env: MIGRATECTL_DATABASE_URL, DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Default schema of a target without a name
    #[arg(long, global = true, value_name = "SCHEMA")]
    pub database_schema: Option<String>,
    /// Version table of a target without a name; alembic_version by default
    #[arg(long, global = true, value_name = "TABLE")]
    pub version_table: Option<String>,
    /// Schema of that version table
    #[arg(long, global = true, value_name = "SCHEMA")]
    pub version_table_schema: Option<String>,
    /// Version location, several allowed; ./migrations by default [env: MIGRATECTL_DIRS]
    #[arg(long = "dir", global = true, value_name = "DIR")]
    pub dirs: Vec<String>,
    /// Form of the output; chosen by the CI system by default [env: MIGRATECTL_OUTPUT]
    #[arg(long, global = true, value_name = "FORM", value_parser = ["text", "json", "github", "gitlab", "teamcity", "junit"])]
    pub output: Option<String>,
    /// Colour: on a terminal without NO_COLOR by default [env: MIGRATECTL_COLOR]
    #[arg(long, global = true, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    pub color: Option<String>,
    /// Leave out progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Global {
    /// What the configuration is read from, with these flags and the process's environment.
    ///
    /// # Errors
    /// Where the working directory is gone.
    pub fn sources(&self, more: Vec<(&'static str, String)>) -> std::io::Result<Sources> {
        let text = |key: &'static str, value: &Option<String>| value.clone().map(|v| (key, v));
        let mut flags: Vec<(&'static str, String)> = [
            text("server", &self.server),
            text("token_file", &self.token_file),
            text("project", &self.project),
            text("target", &self.target),
            text("database_url", &self.database_url),
            text("database_schema", &self.database_schema),
            text("version_table", &self.version_table),
            text("version_table_schema", &self.version_table_schema),
            text("output", &self.output),
            text("color", &self.color),
        ]
        .into_iter()
        .flatten()
        .collect();
        flags.extend(self.dirs.iter().map(|dir| ("dirs", dir.clone())));
        flags.extend(more);
        let variables = std::env::vars_os()
            .map(|(n, v)| (n.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()))
            .collect();
        Ok(Sources { cwd: std::env::current_dir()?, file: self.config.clone(), variables, flags })
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write migratectl.toml and the folder for revisions
    Init(verb::init::Init),
    /// Create a revision file
    Revision(verb::revision::Revision),
    /// Create a revision that merges heads
    Merge(verb::merge::Merge),
    /// Apply revisions up to REV
    Upgrade(verb::upgrade::Upgrade),
    /// Take revisions back down to REV
    Downgrade(verb::downgrade::Downgrade),
    /// Set the version table without running anything
    Stamp(verb::stamp::Stamp),
    /// Show where the target stands
    Current(verb::current::Current),
    /// Show the heads of the graph
    Heads(verb::heads::Heads),
    /// Show the branch points
    Branches(verb::branches::Branches),
    /// List revisions, newest first
    History(verb::history::History),
    /// Show revisions in full
    Show(verb::show::Show),
    /// Open revision files in $EDITOR
    Edit(verb::edit::Edit),
    /// Create the version table where it is missing
    EnsureVersion(verb::ensure_version::EnsureVersion),
    /// Show what an upgrade or downgrade would do, with its SQL
    Plan(verb::plan::Plan),
    /// Tell what revisions may do to a database in use, with the safer way
    Lint(verb::lint::Lint),
    /// Tell whether the target is what its revisions, or a schema, say
    Check(verb::check::Check),
    /// Stamp an existing database, if it is what the revisions up to REV make
    Baseline(verb::baseline::Baseline),
    /// Compare two schemas
    Diff(verb::diff::Diff),
    /// Show a database's schema
    Inspect(verb::inspect::Inspect),
    /// List, show, watch or cancel runs
    Runs(verb::runs::Runs),
    /// Wait until the target stands at REV or beyond
    Wait(verb::wait::Wait),
    /// Publish the folder's revisions
    Push(verb::push::Push),
    /// Fetch the published revisions
    Pull(verb::pull::Pull),
    /// Tell what a run that was cut off left, and how to go on
    Diagnose(verb::diagnose::Diagnose),
    /// Go on with the run that was cut off
    Resume(verb::resume::Resume),
    /// Decide what only a person can: changed content, a statement in doubt
    Repair(verb::repair::Repair),
    /// List, show, test or change targets
    Targets(verb::targets::Targets),
    /// List, show or create projects
    Projects(verb::projects::Projects),
    /// Show, stop or read the log of the embedded daemon
    Daemon(verb::daemon::Daemon),
    /// Show the merged configuration with each value's origin
    Config(verb::config::Show),
    /// Write completions for a shell
    Completions(verb::completions::Completions),
    /// Show the release
    Version(verb::version::Version),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn alembics_identifiers_are_taken_as_they_are() {
        for line in [
            "downgrade -1",
            "downgrade base",
            "upgrade +2",
            "upgrade ae10+2",
            "upgrade label@+1",
            "upgrade ae10:27c6 --sql",
            "downgrade --sql ae10:base",
            "history -r -3:current -v",
            "history -r :head -i",
            "stamp --purge a b",
            "merge heads -m both",
            "current -c",
            "ensure-version --sql",
        ] {
            let words = std::iter::once("migratectl").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn every_verb_has_a_page_that_names_each_of_its_options() {
        let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verbs");
        for verb in Cli::command().get_subcommands() {
            let page = pages.join(format!("{}.md", verb.get_name()));
            let text = std::fs::read_to_string(&page).expect("each verb has a page");
            for command in std::iter::once(verb).chain(verb.get_subcommands()) {
                for option in command.get_arguments().filter_map(|a| a.get_long()) {
                    assert!(text.contains(&format!("--{option}")), "{} lacks --{option}", page.display());
                }
            }
        }
    }

    #[test]
    fn every_key_of_the_configuration_is_on_the_page() {
        let page = include_str!("../../../docs/verbs/README.md");
        for key in crate::config::keys::KEYS {
            let last = key.name.rsplit('.').next().unwrap_or_default();
            assert!(page.contains(last), "{}", key.name);
        }
    }
}
