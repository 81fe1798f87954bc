//! `migratectl`, the command line of migrated: a thin client. What a revision means is decided by the daemon.

pub mod channel;
pub mod cli;
pub mod config;
pub mod duration;
pub mod embedded;
pub mod error;
pub mod exit;
pub mod graph_call;
pub mod manifest;
pub mod output;
pub mod run_stream;
pub mod verb;

use clap::Parser as _;
use cli::Cli;
use error::Error;
use exit::Exit;
use graph_call::Context;
use output::Output;

/// Runs the program with the process's arguments and environment; returns how it ends.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            // A reader that has left needs no help text.
            drop(error.print());
            return exit;
        }
    };
    let mut context = match prepare(&cli) {
        Ok(context) => context,
        Err(error) => {
            let mut out = Output::plain();
            out.failure(&error);
            return error.exit();
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            context.out.note(&format!("cannot start: {error}"));
            return Exit::Failure;
        }
    };
    let exit = runtime.block_on(verb::run(cli.verb, &mut context)).unwrap_or_else(|error| {
        context.out.failure(&error);
        error.exit()
    });
    // A signal's or a resolver's thread must not keep the process.
    runtime.shutdown_background();
    match context.out.sinks().finish() {
        Ok(()) => exit,
        Err(error) => {
            context.out.note(&format!("the result cannot be written: {error}"));
            if exit == Exit::Done { Exit::Failure } else { exit }
        }
    }
}

fn prepare(cli: &Cli) -> error::Result<Context> {
    let sources = cli
        .global
        .sources(verb::flags(&cli.verb))
        .map_err(|e| Error::file(std::path::Path::new("."), "find the working directory", &e))?;
    let config = config::load(&sources)?;
    let out = Output::new(&config, cli.global.quiet)?;
    Ok(Context::new(config, out))
}
