//! `completions SHELL`.

use crate::cli::Cli;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// Shell to write for
    pub shell: Shell,
}

/// Runs the verb.
///
/// # Errors
/// None of its own.
pub fn run(context: &mut Context, args: &Completions) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "migratectl", &mut script);
    context.out.raw(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
