//! The command line of the daemon.

use crate::config::source::{kind, literal};
use clap::{Args, Parser, Subcommand};
use figment::value::Value;
use std::path::PathBuf;

/// The migration daemon: owns revisions, targets and runs, and answers over gRPC.
#[derive(Debug, Parser)]
#[command(name = "migrated", version, after_help = "Every key of the configuration: docs/configuration.md")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) general: General,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that every command has.
#[derive(Debug, Default, Args)]
pub(crate) struct General {
    /// Configuration file [default: ./migrated.toml, then /etc/migrated/migrated.toml]
    #[arg(long, short, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address to listen on instead of those configured; may be repeated
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// File of the revision store
    #[arg(long, global = true, value_name = "FILE")]
    store: Option<String>,
    /// Log levels, as info,migrated_engine=debug
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// Form of the log: pretty, compact or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Any other key, as --set runs.lock_wait=5m; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until told to stop (the default)
    Serve,
    /// Print the merged configuration with each value's origin, secrets masked
    Config {
        /// Print instead every key with its default and its meaning
        #[arg(long)]
        reference: bool,
    },
    /// Check the configuration and the files that it names: exit 0, or 2 with what is wrong
    CheckConfig,
    /// Ask the daemon of this configuration whether it serves: exit 0, or 1 with what it is; for health checks
    Health,
    /// Make a random access token and print it together with its entry for the configuration
    Token(Token),
    /// Serve one project over a Unix socket until idle; migratectl starts it so
    #[command(hide = true)]
    Embedded(Embedded),
}

/// Options of `token`.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Name of the token, shown as the actor of runs
    #[arg(long, default_value = "ci")]
    pub(crate) name: String,
    /// Rights, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "operate", value_parser = ["read", "operate"])]
    pub(crate) rights: Vec<String>,
    /// Time after which it stops to be valid, as 90d
    #[arg(long, value_name = "DURATION")]
    pub(crate) expires: Option<String>,
}

/// Options of `embedded`.
#[derive(Debug, Args)]
pub(crate) struct Embedded {
    /// Folder of the project
    #[arg(long, value_name = "DIR")]
    pub(crate) project_dir: PathBuf,
    /// Folder for the revision store and for daemon.json
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: PathBuf,
    /// Unix socket to listen on
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: PathBuf,
    /// Seconds without a call and without a run after which it ends [default: embedded.idle]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) idle: Option<u64>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, as listen.grpc_web=true".to_owned()),
    }
}

impl General {
    /// The flags as (flag, key, value), the strongest last.
    pub(crate) fn flags(&self) -> Vec<(String, String, Value)> {
        let text = |flag: &str, key: &str, value: &Option<String>| {
            value.as_ref().map(|v| (flag.to_owned(), key.to_owned(), Value::from(v.as_str())))
        };
        let mut flags: Vec<_> = [
            text("--store", "store.path", &self.store),
            text("--log", "telemetry.log.filter", &self.log),
            text("--log-format", "telemetry.log.format", &self.log_format),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !self.listen.is_empty() {
            flags.push(("--listen".into(), "listen.addresses".into(), Value::from(self.listen.clone())));
        }
        let set =
            self.set.iter().map(|(key, value)| ("--set".to_owned(), key.clone(), literal(value, kind(key))));
        flags.extend(set);
        flags
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
