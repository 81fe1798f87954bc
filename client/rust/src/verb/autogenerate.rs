//! `revision --autogenerate`: asks the daemon what is missing and, on a terminal, the person what is meant.

use super::new_file;
use super::schema_args::{Comparison, source, tell, with_graph};
use super::terminal::{self, Answer};
use crate::error::Result;
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::finding;
use migrated_proto::v1::{
    AutogenerateRequest, AutogenerateResponse, CreateRevisionRequest, DiffRules, Rename, SchemaDiff,
    SchemaSource,
};

/// What of the arguments is about the comparison.
pub(super) struct Asked {
    /// What the target is to be.
    pub(super) schema: String,
    /// What destroys data is allowed.
    pub(super) allow_drop: bool,
    /// A revision is written even where nothing was found.
    pub(super) even_if_empty: bool,
    /// What is compared.
    pub(super) comparison: Comparison,
}

/// Writes the revision that is missing.
///
/// # Errors
/// The daemon's, or why the file cannot be written.
pub(super) async fn autogenerate(
    context: &mut Context,
    revision: CreateRevisionRequest,
    asked: &Asked,
) -> Result<Exit> {
    let desired = source(context, &asked.schema)?;
    let mut request = AutogenerateRequest {
        revision: Some(revision),
        target: Some(context.config.target_ref()?),
        scope: Some(asked.comparison.scope()),
        rules: Some(asked.comparison.rules(&context.config)?),
        allow_drop: asked.allow_drop,
        even_if_empty: asked.even_if_empty,
        lint: Some(super::lint::options(&context.config, Vec::new())),
        ..AutogenerateRequest::default()
    };
    let answer = if terminal::is_there(context) {
        talk(context, &mut request, &desired).await?
    } else {
        ask(context, &request, &desired).await?
    };
    let diff = answer.diff.clone().unwrap_or_default();
    tell(&mut context.out, &diff, asked.comparison.verbose);
    if asked.comparison.verbose && answer.file.is_some() {
        diff.up_sql.lines().for_each(|line| context.out.note(line));
    }
    if answer.file.is_none() {
        context.out.result(&answer, |_| {});
        context.out.note("no difference: no revision was written");
        return Ok(Exit::Done);
    }
    for found in &answer.findings {
        let text = finding(&context.out, found);
        text.lines().for_each(|line| context.out.note(line));
    }
    new_file::finish(context, &answer, answer.revision.as_ref(), answer.file.as_ref())
}

async fn ask(
    context: &mut Context,
    request: &AutogenerateRequest,
    desired: &SchemaSource,
) -> Result<AutogenerateResponse> {
    let answer = context.ask(|api, graph| {
        let mut request = request.clone();
        request.desired = Some(with_graph(desired, &graph));
        if let Some(revision) = &mut request.revision {
            revision.graph = Some(graph);
        }
        async move { api.migrations().autogenerate(request).await }
    });
    answer.await
}

/// Asks what may have got another name, then whether what destroys data is meant. The daemon keeps nothing of its
/// answers, so that it is asked for all of it, and again without what is not meant.
async fn talk(
    context: &mut Context,
    request: &mut AutogenerateRequest,
    desired: &SchemaSource,
) -> Result<AutogenerateResponse> {
    let allowed = request.allow_drop;
    request.allow_drop = true;
    let mut answer = ask(context, request, desired).await?;
    let mut refused: Vec<(String, String)> = Vec::new();
    while let Some((old, new)) = question(answer.diff.as_ref(), &refused) {
        let text = format!("is {new} the {old} of before, with another name?");
        if terminal::ask(context, &text) == Answer::Yes {
            let rules = request.rules.get_or_insert_with(DiffRules::default);
            rules.renames.push(Rename { old_name: old, new_name: new });
            answer = ask(context, request, desired).await?;
        } else {
            refused.push((old, new));
        }
    }
    let drops: Vec<String> = answer
        .diff
        .iter()
        .flat_map(|diff| &diff.differences)
        .filter(|difference| !difference.destroys.is_empty())
        .map(|difference| format!("{} ({})", difference.summary, difference.destroys))
        .collect();
    if allowed || drops.is_empty() {
        return Ok(answer);
    }
    drops.iter().for_each(|drop| context.out.warn(drop));
    if terminal::ask(context, "write that?") == Answer::Yes {
        return Ok(answer);
    }
    // The refusal in the daemon's own words.
    request.allow_drop = false;
    ask(context, request, desired).await
}

/// The next question that was not answered with no.
fn question(diff: Option<&SchemaDiff>, refused: &[(String, String)]) -> Option<(String, String)> {
    let questions = diff?.questions.iter();
    let mut names = questions.map(|question| (question.old_name.clone(), question.new_name.clone()));
    names.find(|names| !refused.contains(names))
}
