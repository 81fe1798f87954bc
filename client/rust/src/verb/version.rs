//! `version`.

use crate::embedded::VERSION;
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use serde_json::json;

/// Arguments of `version`: none.
#[derive(Args, Debug)]
pub struct Version {}

/// Runs the verb.
///
/// # Errors
/// None of its own.
pub fn run(context: &mut Context) -> Result<Exit> {
    let answer = json!({ "version": VERSION, "api": "migrated.v1" });
    context.out.result(&answer, |out| out.line(&format!("migratectl {VERSION}, API migrated.v1")));
    Ok(Exit::Done)
}
