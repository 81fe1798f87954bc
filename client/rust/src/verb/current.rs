//! `current`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{Output, log_entry, revision_line, show_rows};
use clap::Args;
use migrated_proto::v1::{GetCurrentRequest, GetCurrentResponse, Revision, TargetStatus};
use std::collections::BTreeSet;

/// Arguments of `current`.
#[derive(Args, Debug)]
pub struct Current {
    /// Show revisions in full
    #[arg(short, long)]
    pub verbose: bool,
    /// Exit with 3 unless everything of the graph is applied
    #[arg(short, long)]
    pub check_heads: bool,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &Current) -> Result<Exit> {
    let request = GetCurrentRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        graph: None,
    };
    let answer = context.ask(|api, graph| {
        let request = GetCurrentRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().get_current(request).await }
    });
    let current = answer.await?;
    context.out.result(&current, |out| print(out, &current, args.verbose));
    if args.check_heads && !is_at_heads(&current) {
        let (rows, heads) = (show_rows(&current.rows), show_rows(&current.heads));
        context
            .out
            .note(&format!("the target is not on all heads: it stands at {rows}, the heads are {heads}"));
        return Ok(Exit::Difference);
    }
    Ok(Exit::Done)
}

fn print(out: &mut Output, current: &GetCurrentResponse, verbose: bool) {
    if verbose {
        out.line(&format!("Current revision(s) for {}:", current.display_url));
    }
    for revision in &current.current {
        // As Alembic does: every line is a current revision, so the mark would say nothing.
        let revision = Revision { is_current: false, ..revision.clone() };
        if verbose {
            out.line(&log_entry(&revision));
        } else {
            out.line(&revision_line(&revision, false, true, false));
        }
    }
    for row in &current.unknown {
        out.line(&format!("{row} (unknown)"));
    }
    let notes = [
        (!current.ahead.is_empty(), format!("AHEAD of this folder: {}", current.ahead.join(", "))),
        (!current.foreign.is_empty(), format!("of other branches: {}", current.foreign.join(", "))),
        (!current.partial_revision.is_empty(), format!("PARTIAL: {} was cut off", current.partial_revision)),
    ];
    for (_, note) in notes.iter().filter(|(on, _)| *on) {
        out.note(note);
    }
}

/// Whether everything of the graph is applied. A target that is ahead has all of it, and an effective head, which
/// never has a row of its own, counts as applied; comparing rows with heads would deny both.
fn is_at_heads(current: &GetCurrentResponse) -> bool {
    let healthy = current.partial_revision.is_empty();
    match current.status() {
        TargetStatus::Current | TargetStatus::Ahead => healthy,
        TargetStatus::Unspecified => {
            let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
            healthy && set(&current.rows) == set(&current.heads)
        }
        TargetStatus::Behind | TargetStatus::Diverged | TargetStatus::Unknown => false,
    }
}
