//! Questions to a person.

use crate::graph_call::Context;
use std::io::{BufRead as _, IsTerminal as _};

/// What a person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes.
    Yes,
    /// No, or nothing.
    No,
}

/// Whether there is somebody to ask: both ends are a terminal, the output is for people, and no CI system says that it
/// runs this (`CI`).
pub(super) fn is_there(context: &Context) -> bool {
    let in_ci = context.config.variable("CI").is_some_and(|value| value != "false");
    context.out.is_live() && !in_ci && std::io::stdin().is_terminal()
}

/// Asks. Only `y` or `yes` is yes; the end of the input is no.
pub(super) fn ask(context: &mut Context, question: &str) -> Answer {
    context.out.ask(&format!("{question} [y/N] "));
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    match (read, typed.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Answer::Yes,
        _ => Answer::No,
    }
}
