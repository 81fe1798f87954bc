//! The calls, by the names of the table in `tests/scenarios/README.md`.

use super::play::{Answer, Play};
use migratectl::error::Error;
use migratectl::graph_call::Context;
use migrated_proto::v1 as pb;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

type Given = Map<String, Value>;

/// A list of texts that a call is given.
pub(super) fn texts(with: &Given, key: &str) -> Vec<String> {
    let items = with.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

fn text(with: &Given, key: &str) -> String {
    with.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn flag(with: &Given, key: &str) -> bool {
    with.get(key) == Some(&Value::Bool(true))
}

fn told<T: Serialize>(message: &T) -> Value {
    serde_json::to_value(message).expect("it is told as JSON")
}

/// A call about the graph, with the request that a closure makes for it.
macro_rules! ask {
    ($context:expr, $service:ident . $call:ident, $request:expr) => {{
        let request = $request;
        $context
            .ask(|api, graph| {
                let mut request = request.clone();
                request.graph = Some(graph);
                async move { api.$service().$call(request).await }
            })
            .await?
    }};
}

impl Play<'_> {
    /// Calls what a step names.
    pub(super) async fn call(&mut self, name: &str, context: &mut Context, with: Given) -> Answer {
        let project = context.config.project();
        match name {
            "upgrade" | "downgrade" | "stamp" | "watch" => return self.run(name, context, &with).await,
            "revision" | "merge" => return self.new_file(name, context, &with).await,
            "render" => return render(context, &with).await,
            "plan" => return plan(context, &with).await,
            _ => {}
        }
        Ok(match name {
            "current" => {
                let target = Some(context.config.target_ref()?);
                told(&ask!(
                    context,
                    migrations.get_current,
                    pb::GetCurrentRequest { project, target: target.clone(), ..Default::default() }
                ))
            }
            "history" => {
                let range = text(&with, "range");
                let request = pb::ListRevisionsRequest { project, range, ..Default::default() };
                told(&ask!(context, revisions.list_revisions, request))
            }
            "heads" => {
                let request = pb::ListHeadsRequest { project, ..Default::default() };
                told(&ask!(context, revisions.list_heads, request))
            }
            "branches" => {
                let request = pb::ListBranchesRequest { project, ..Default::default() };
                told(&ask!(context, revisions.list_branches, request))
            }
            "resolve" => {
                let identifiers = texts(&with, "identifiers");
                let request = pb::ResolveRevisionsRequest { project, identifiers, ..Default::default() };
                let found = ask!(context, revisions.resolve_revisions, request);
                let ids: BTreeMap<_, _> = found
                    .resolved
                    .iter()
                    .map(|one| (one.identifier.clone(), one.revisions.clone()))
                    .collect();
                json!({ "resolved": ids })
            }
            "push" => {
                let expected_version = with.get("expected_version").and_then(Value::as_u64);
                let prune = flag(&with, "prune");
                let request = pb::PushRevisionsRequest { project, expected_version, prune, graph: None };
                told(&ask!(context, revisions.push_revisions, request))
            }
            "wait" => {
                let seconds = with.get("timeout").and_then(Value::as_f64).expect("it says how long");
                let target = Some(context.config.target_ref()?);
                let timeout = Some(Duration::from_secs_f64(seconds).into());
                let revision = text(&with, "revision");
                let request = pb::WaitForRevisionRequest { project, target, revision, timeout, graph: None };
                told(&ask!(context, migrations.wait_for_revision, request))
            }
            "check" => {
                let target = Some(context.config.target_ref()?);
                let path = text(&with, "schema");
                let file = std::fs::read_to_string(self.project.path(&path))
                    .map_err(|e| Error::file(path.as_ref(), "read", &e))?;
                let files = pb::SchemaFiles {
                    format: pb::SchemaFormat::Sql.into(),
                    files: vec![pb::SchemaFile { path, text: file }],
                };
                let source = Some(pb::schema_source::Source::Files(files));
                let desired = Some(pb::SchemaSource { source });
                let request = pb::CheckRequest { project, target, desired, ..Default::default() };
                told(&ask!(context, migrations.check, request).diff.unwrap_or_default())
            }
            other => panic!("the call {other:?} is not known here"),
        })
    }

    async fn new_file(&mut self, name: &str, context: &mut Context, with: &Given) -> Answer {
        let (project, version_locations) = (context.config.project(), vec!["migrations".to_owned()]);
        let (message, revision_id) = (text(with, "message"), text(with, "revision_id"));
        let (revision, file) = if name == "merge" {
            let revisions = texts(with, "revisions");
            let made = ask!(
                context,
                revisions.merge_revisions,
                pb::MergeRevisionsRequest {
                    project,
                    revisions: revisions.clone(),
                    message,
                    revision_id,
                    version_locations,
                    ..Default::default()
                }
            );
            (made.revision, made.file)
        } else {
            let request = pb::CreateRevisionRequest {
                project,
                message,
                revision_id,
                version_locations,
                heads: texts(with, "heads"),
                splice: flag(with, "splice"),
                branch_labels: texts(with, "branch_labels"),
                depends_on: texts(with, "depends_on"),
                up_sql: text(with, "up_sql"),
                down_sql: text(with, "down_sql"),
                ..Default::default()
            };
            let made = ask!(context, revisions.create_revision, request);
            (made.revision, made.file)
        };
        let file = file.expect("there is a file");
        self.write(&BTreeMap::from([(file.path.clone(), file.content)]));
        Ok(json!({ "revision": told(&revision), "path": file.path }))
    }
}

async fn render(context: &mut Context, with: &Given) -> Answer {
    let kind = format!("RENDER_KIND_{}", text(with, "kind").to_uppercase());
    let request = pb::RenderRequest {
        project: context.config.project(),
        kind: pb::RenderKind::from_str_name(&kind).expect("a kind of script").into(),
        revisions: texts(with, "revisions"),
        dialect: text(with, "dialect"),
        ..Default::default()
    };
    let mut stream = ask!(context, migrations.render, request);
    let mut script = String::new();
    while let Some(part) = stream.message().await? {
        script.push_str(&part.chunk);
    }
    Ok(json!({ "text": script }))
}

async fn plan(context: &mut Context, with: &Given) -> Answer {
    let direction = match text(with, "direction").as_str() {
        "downgrade" => pb::Direction::Down,
        _ => pb::Direction::Up,
    };
    let (target, current) = match with.contains_key("current") {
        true => (None, Some(pb::CurrentRows { rows: texts(with, "current") })),
        false => (Some(context.config.target_ref()?), None),
    };
    let request = pb::PlanRequest {
        project: context.config.project(),
        target,
        current,
        direction: direction.into(),
        revision: text(with, "revision"),
        dialect: text(with, "dialect"),
        ..Default::default()
    };
    Ok(told(&ask!(context, migrations.plan, request)))
}
