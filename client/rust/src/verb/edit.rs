//! `edit REV`.

use super::show;
use crate::error::{Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `edit`.
#[derive(Args, Debug)]
pub struct Edit {
    /// Revisions whose files are opened: anything that names some
    #[arg(allow_negative_numbers = true)]
    pub revision: String,
}

/// Runs the verb: `$VISUAL` or `$EDITOR` with the files.
///
/// # Errors
/// LOCAL_FILE where the revision has no file here or the editor fails, and the daemon's.
pub async fn run(context: &mut Context, args: &Edit) -> Result<Exit> {
    let variables = ["VISUAL", "EDITOR"];
    let editor = variables.iter().find_map(|name| context.config.variable(name)).map(String::from);
    let editor = editor.ok_or_else(|| {
        Own::NeedsTerminal
            .error("neither VISUAL nor EDITOR is set")
            .next("export EDITOR=vi, then run the command again")
    })?;
    let locations = context.locations();
    let found = show::find(context, &args.revision, false).await?;
    let files: Vec<PathBuf> =
        found.revisions.iter().filter_map(|r| locations.file_of(&r.path)).filter(|p| p.is_file()).collect();
    if files.is_empty() {
        let text = format!("no revision file of this folder is meant by `{}`", args.revision);
        return Err(Own::LocalFile.error(text));
    }
    // The variable is a command line, as for git: `code --wait` is usual.
    let script = format!("{editor} \"$@\"");
    let ran = std::process::Command::new("sh").args(["-c", &script, &editor]).args(&files).status();
    match ran {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(status) => Err(Own::LocalFile.error(format!("the editor `{editor}` failed: {status}"))),
        Err(error) => Err(Own::LocalFile.error(format!("the editor `{editor}` cannot be run: {error}"))),
    }
}
