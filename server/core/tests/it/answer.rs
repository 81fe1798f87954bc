//! Answers a case of the traversal corpus with the revision graph, in the corpus' own form.

use migrated_core::revision::{
    Deviation, Direction, Node, Plan, Resolved, RevisionError, RevisionGraph, Span, Step,
};
use serde_json::{Map, Value, json};

/// The revisions of a corpus line.
pub(crate) fn nodes(line: &Value) -> Vec<Node> {
    let nodes = line["graph"].as_array().expect("a line has a graph").iter().map(|node| Node {
        id: text(&node["revision"]).to_owned(),
        down_revisions: texts(&node["down_revision"]),
        depends_on: texts(&node["depends_on"]),
        branch_labels: texts(&node["branch_labels"]),
    });
    nodes.collect()
}

/// The answer to one case of that line.
pub(crate) fn answer(graph: &Result<RevisionGraph, RevisionError>, case: &Value) -> Value {
    let answered = graph.as_ref().map_err(Clone::clone).and_then(|graph| ask(graph, case));
    answered.unwrap_or_else(|error| {
        let mut answer = json!({"error": {"code": error.code().reason(), "message": error.to_string()}});
        declare(&mut answer, error.deviation);
        answer
    })
}

fn ask(graph: &RevisionGraph, case: &Value) -> Result<Value, RevisionError> {
    let rows = texts(&case["current_heads"]);
    let offline = case["sql"] == true;
    let target = &case["target"];
    Ok(match text(&case["op"]) {
        "load" => json!({"ok": true}),
        "upgrade" if offline => plan_answer(&graph.plan_upgrade_range(text(target))?),
        "upgrade" if target.is_array() => plan_answer(&graph.plan_upgrade_many(&rows, &texts(target))?),
        "upgrade" => plan_answer(&graph.plan_upgrade(&rows, text(target))?),
        "downgrade" if offline => plan_answer(&graph.plan_downgrade_range(text(target))?),
        "downgrade" => plan_answer(&graph.plan_downgrade(&rows, target.as_str().unwrap_or("base"))?),
        "stamp" => {
            let plan = graph.plan_stamp(&rows, &texts(target), case["purge"] == true)?;
            let mut answer = json!({"final_rows": plan.rows_after});
            declare(&mut answer, plan.deviation);
            answer
        }
        "heads" => json!({"heads": graph.heads(), "effective_heads": graph.effective_heads()}),
        "bases" => json!({"bases": graph.bases()}),
        "branches" => {
            let forks: Map<String, Value> =
                graph.branch_points().into_iter().map(|(at, up)| (at.to_owned(), json!(up))).collect();
            json!({"branches": forks, "merges": graph.merge_points()})
        }
        "labels" => {
            let carried = graph.labels().into_iter().filter(|(_, labels)| !labels.is_empty());
            let labels: Map<String, Value> =
                carried.map(|(id, labels)| (id.to_owned(), json!(labels))).collect();
            json!({"labels": labels})
        }
        "history" => json!({"order": graph.history(case["range"].as_str(), &rows)?}),
        "resolve" => {
            let found = match case["ident"].as_str() {
                Some(ident) => graph.resolve(ident)?,
                None => graph.resolve_many(&texts(&case["ident"]))?,
            };
            let name = |found: &Resolved| match found {
                Resolved::Revision(id) => json!(id),
                Resolved::Base => json!("base"),
                Resolved::Nothing => Value::Null,
            };
            let mut revisions: Vec<Value> = found.iter().map(name).collect();
            revisions.sort_by_key(|name| name.as_str().map(str::to_owned));
            json!({"revisions": revisions})
        }
        "current" => {
            json!({"current": graph.current(&rows)?, "at_effective_heads": graph.is_at_heads(&rows)})
        }
        "new" => {
            let splice = case["splice"] == true;
            let parents = graph.new_parents(&texts(&case["head"]), splice, &texts(&case["depends_on"]))?;
            json!({"down_revision": parents.down_revisions, "depends_on": parents.depends_on})
        }
        "iterate" => {
            let (upper, lower) = (texts(&case["upper"]), texts(&case["lower"]));
            let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
            let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
            let span = Span {
                upper: &upper,
                lower: &lower,
                inclusive: case["inclusive"] == true,
                implicit_base: case["implicit_base"] == true,
                for_downgrade: case["select_for_downgrade"] == true,
                clip: false,
            };
            json!({"order": graph.iterate(&span)?})
        }
        op => panic!("the corpus has an operation that this test does not know: {op}"),
    })
}

fn plan_answer(plan: &Plan) -> Value {
    let step = |step: &Step| {
        let direction = if step.direction == Direction::Up { "up" } else { "down" };
        json!({"revision": step.revision, "direction": direction, "rows": step.rows_after})
    };
    let steps: Vec<Value> = plan.steps.iter().map(step).collect();
    let mut answer = json!({"steps": steps, "final_rows": plan.rows_after()});
    declare(&mut answer, plan.deviation);
    answer
}

fn declare(answer: &mut Value, deviation: Option<Deviation>) {
    if let Some(deviation) = deviation {
        answer["deviation"] = json!(deviation.name());
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("the corpus has a text here")
}

/// A list of texts; a single text is a list of one, null an empty one.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().map(|item| text(item).to_owned()).collect(),
        _ => Vec::new(),
    }
}
