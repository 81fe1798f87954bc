//! `history`.

use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::{log_entry, one_line, tree};
use clap::Args;
use migrated_proto::v1::{ListRevisionsRequest, ListRevisionsResponse};

/// Arguments of `history`.
#[derive(Args, Debug)]
pub struct History {
    /// Only START:END; either side may be missing
    #[arg(short, long, value_name = "START:END", allow_hyphen_values = true)]
    pub rev_range: Option<String>,
    /// Show revisions in full
    #[arg(short, long)]
    pub verbose: bool,
    /// Mark where the target stands
    #[arg(short, long)]
    pub indicate_current: bool,
    /// Draw the graph
    #[arg(long, conflicts_with = "verbose")]
    pub graph: bool,
}

/// Runs the verb.
///
/// # Errors
/// The daemon's, or why it cannot be reached.
pub async fn run(context: &mut Context, args: &History) -> Result<Exit> {
    let range = args.rev_range.clone().unwrap_or_default();
    let needs_target = args.indicate_current || range.contains("current");
    let mut request = ListRevisionsRequest {
        project: context.config.project(),
        range,
        target: if needs_target { Some(context.config.target_ref()?) } else { None },
        mark_current: args.indicate_current,
        ..ListRevisionsRequest::default()
    };
    let mut all = ListRevisionsResponse::default();
    loop {
        let answer = context.ask(|api, graph| {
            let request = ListRevisionsRequest { graph: Some(graph), ..request.clone() };
            async move { api.revisions().list_revisions(request).await }
        });
        let page = answer.await?;
        all.revisions.extend(page.revisions);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let unicode = context.out.style.unicode;
    context.out.result(&all, |out| {
        if args.graph {
            tree(&all.revisions, unicode).iter().for_each(|line| out.line(line));
        } else {
            for revision in &all.revisions {
                out.line(&if args.verbose { log_entry(revision) } else { one_line(revision) });
            }
        }
    });
    Ok(Exit::Done)
}
