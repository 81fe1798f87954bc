//! `migrated`, the daemon: reads its configuration, wires, serves, ends. Nothing else happens here. It is a library so
//! that a test can link the same daemon with listeners of its own at the edges of runs.

mod access;
mod api;
mod catalog;
mod cli;
mod config;
mod convert;
mod embedded;
mod health;
mod lifecycle;
mod listen;
mod server;
mod service;
mod status;
mod telemetry;
mod tls;
mod token;

use clap::Parser as _;
use cli::{Cli, Command};
use config::source::Loaded;
use config::{Config, Problems, Sources};
use migrated_core::Code;
use migrated_engine::Clock;
use migrated_target::edge::Edges;
use server::{Mode, ServeError};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

/// Threads that serve. Work is waiting for databases: two keep a slow call from holding up the others.
const WORKERS: usize = 2;
/// Threads for blocking calls, made when needed; they end when idle.
const BLOCKING: usize = 32;

/// Why the daemon did not start or ended early: what is printed, and the exit code (1, or 2 for its configuration).
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    exit: u8,
}

impl Failure {
    /// It could not start, or broke off.
    pub(crate) fn start(text: impl std::fmt::Display) -> Failure {
        Failure { text: format!("error: {text}"), exit: 1 }
    }

    fn config(problems: &Problems) -> Failure {
        let code = Code::ConfigInvalid;
        let lines: Vec<String> =
            problems.0.iter().map(|p| format!("error[{} {}]: {p}", code.number(), code.reason())).collect();
        Failure { text: lines.join("\n"), exit: 2 }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Failure {
        match error {
            ServeError::Config(e) => Failure::config(&Problems(vec![e])),
            other => Failure::start(other),
        }
    }
}

/// The daemon as a program: reads the command line, serves until it is told to stop, and gives the exit code. `edges`
/// is told of every edge that a run comes to; `clock` is what its runs and events are dated by.
pub fn main(edges: Arc<dyn Edges>, clock: Arc<dyn Clock>) -> ExitCode {
    match run(&Cli::parse(), Seams { edges, clock }) {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}", failure.text);
            ExitCode::from(failure.exit)
        }
    }
}

/// Where a test's daemon differs from the one that people run.
struct Seams {
    edges: Arc<dyn Edges>,
    clock: Arc<dyn Clock>,
}

fn run(cli: &Cli, seams: Seams) -> Result<ExitCode, Failure> {
    match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve(&checked(general(cli)?)?, None, seams),
        Command::Embedded(options) => {
            embedded::detach();
            let loaded =
                embedded::configuration(cli, options, variables()).map_err(|p| Failure::config(&p))?;
            let config = checked(loaded)?;
            let state = embedded::StateDir::take(&options.state_dir)?;
            serve(&config, Some(&state), seams)
        }
        Command::Config { reference: true } => {
            print(&config::reference::reference());
            Ok(ExitCode::SUCCESS)
        }
        Command::Config { reference: false } => {
            let loaded = general(cli)?;
            print(&config::show::show(&loaded).map_err(Failure::start)?);
            checked(loaded).map(|_| ExitCode::SUCCESS)
        }
        Command::CheckConfig => {
            let config = checked(general(cli)?)?;
            let files = [
                tls::Tls::load(&config.tls, config.listen.grpc_web).map(|_| ()),
                access::Access::load(&config).map(|_| ()),
            ];
            let faults: Vec<String> = files.into_iter().filter_map(Result::err).collect();
            match faults.is_empty() {
                true => Ok(ExitCode::SUCCESS),
                false => Err(Failure::config(&Problems(faults))),
            }
        }
        Command::Health => health::ask(&general(cli)?.config).map(|()| ExitCode::SUCCESS),
        Command::Token(options) => {
            print(&token::make(options, jiff::Timestamp::now()).map_err(|e| Failure { text: e, exit: 2 })?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The configuration of a daemon that people start.
fn general(cli: &Cli) -> Result<Loaded, Failure> {
    let variables = variables();
    let file =
        config::source::file(cli.general.config.as_deref(), &variables).map_err(|p| Failure::config(&p))?;
    let sources = Sources { mode: Vec::new(), file, variables, flags: cli.general.flags() };
    config::load(&sources).map_err(|p| Failure::config(&p))
}

fn checked(loaded: Loaded) -> Result<Config, Failure> {
    let problems = loaded.config.validate();
    if problems.0.is_empty() { Ok(loaded.config) } else { Err(Failure::config(&problems)) }
}

/// Serves until told to stop, or, with the state folder of an embedded daemon, until idle.
fn serve(config: &Config, state: Option<&embedded::StateDir>, seams: Seams) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .map_err(Failure::start)?;
    let ended = runtime.block_on(async {
        let telemetry =
            telemetry::start(&config.telemetry).map_err(|e| Failure::config(&Problems(vec![e])))?;
        let mode = Mode { tracing: telemetry.is_tracing(), idle: state.map(|_| embedded::idle(config)) };
        let served = async {
            let api = api::open(config, seams).await?;
            let ready = |addresses: &[config::listen::Address]| match state {
                Some(state) => state.announce(addresses, jiff::Timestamp::now()),
                None => Ok(()),
            };
            Ok::<_, Failure>(server::serve(config, api, mode, ready).await?)
        }
        .await;
        telemetry.finish().await;
        served
    });
    // What still blocks a thread (a file that does not answer) must not keep the process.
    runtime.shutdown_background();
    Ok(if ended? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn print(text: &str) {
    // A reader that has seen enough (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
