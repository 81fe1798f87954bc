//! Every case of the corpora, compared with what Alembic 1.20.1 answered.
//!
//! Orders are compared literally, except where Alembic's own follows a hash; codes exactly. What differs must be a
//! declared deviation, and how many of each there are is pinned.

use crate::answer;
use migrated_core::revision::RevisionGraph;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PUBLIC: &str = include_str!("../../testdata/traversal/traversal_public.jsonl");
const SUITE: &str = include_str!("../../testdata/traversal/alembic_suite.jsonl");

#[test]
fn traversal_public() {
    check(
        PUBLIC,
        1950,
        &[
            ("CANONICAL_ROWS", 14),
            ("CYCLE_FOUND", 2),
            ("DUPLICATE_REVISION", 3),
            ("LABEL_HONOURED", 23),
            ("SEVERAL_ROWS", 13),
            ("STAMP_CANONICAL", 23),
            ("TRAILING_GARBAGE", 3),
            ("UNKNOWN_LABEL", 12),
        ],
    );
}

#[test]
fn alembic_suite() {
    check(SUITE, 246, &[("SEVERAL_ROWS", 4), ("STAMP_CANONICAL", 2)]);
}

#[track_caller]
fn check(corpus: &str, cases: usize, deviations: &[(&str, usize)]) {
    let mut counted = BTreeMap::new();
    let (mut seen, mut wrong) = (0, Vec::new());
    for line in corpus.lines() {
        let line: Value = serde_json::from_str(line).expect("the corpus is JSON");
        let graph = RevisionGraph::new(answer::nodes(&line));
        for case in line["cases"].as_array().expect("a line has cases") {
            seen += 1;
            let answer = answer::answer(&graph, case);
            match judge(&line, case, &answer) {
                Verdict::Same => {}
                Verdict::Better(name) => *counted.entry(name).or_insert(0) += 1,
                Verdict::Wrong(why) => {
                    wrong.push(format!("{}: {why}\n  case {case}\n  answer {answer}", case["id"]))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let expected: BTreeMap<String, usize> =
        deviations.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    assert_eq!((seen, counted), (cases, expected));
}

enum Verdict {
    Same,
    Better(String),
    Wrong(String),
}

fn judge(line: &Value, case: &Value, answer: &Value) -> Verdict {
    let expected = &case["expected"];
    let code = answer["error"]["code"].as_str();
    if line["alembic_permits_duplicate_id"] == true && code == Some("DUPLICATE_REVISION") {
        return Verdict::Better("DUPLICATE_REVISION".to_owned());
    }
    match compare(case, expected, answer) {
        Ok(()) => Verdict::Same,
        Err(_) if answer["deviation"].is_string() => {
            Verdict::Better(answer["deviation"].as_str().unwrap_or_default().to_owned())
        }
        Err(Difference::Rows) if rows_may_differ(case, expected) => {
            Verdict::Better("CANONICAL_ROWS".to_owned())
        }
        Err(Difference::Rows) => Verdict::Wrong("other rows".to_owned()),
        Err(Difference::Other(why)) => Verdict::Wrong(why),
    }
}

fn rows_may_differ(case: &Value, expected: &Value) -> bool {
    expected["noncanonical_rows"] == true || (expected["apply_crash"].is_object() && case["op"] == "upgrade")
}

enum Difference {
    Rows,
    Other(String),
}

impl From<String> for Difference {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

fn compare(case: &Value, expected: &Value, answer: &Value) -> Result<(), Difference> {
    if expected["error"].is_object() {
        return Ok(same_error(&expected["error"], answer)?);
    }
    if answer["error"].is_object() {
        return Err(format!("should succeed with {expected}").into());
    }
    if expected["plan"].is_array() {
        same_order(case, expected, &expected["plan"], &ran(answer))?;
        return Err(Difference::Rows);
    }
    if expected["steps"].is_array() {
        same_order(case, expected, &ran(expected), &ran(answer))?;
        let rows = |answer: &Value| -> BTreeMap<String, BTreeSet<String>> {
            let steps = answer["steps"].as_array().expect("a plan has steps");
            steps.iter().map(|step| (step["revision"].to_string(), set(&step["rows"]))).collect()
        };
        let directions = |answer: &Value| -> BTreeSet<String> {
            let steps = answer["steps"].as_array().expect("a plan has steps");
            steps.iter().map(|step| step["direction"].to_string()).collect()
        };
        if directions(answer) != directions(expected) {
            return Err("wrong direction".to_owned().into());
        }
        let literally = ran(answer) == ran(expected);
        let same = set(&answer["final_rows"]) == set(&expected["final_rows"])
            && (!literally || rows(answer) == rows(expected));
        return if same { Ok(()) } else { Err(Difference::Rows) };
    }
    if expected["order"].is_array() {
        return Ok(same_order(case, expected, &expected["order"], &answer["order"])?);
    }
    for (key, value) in expected.as_object().expect("an expectation is an object") {
        let same = match key.as_str() {
            "load_warnings" | "warnings" | "alembic_check_heads" | "stamp_steps" | "noncanonical_rows" => {
                true
            }
            "branches" => nested(value) == nested(&answer[key]),
            "labels" | "down_revision" => *value == answer[key],
            "apply_crash" => false,
            _ if value.is_array() => set(value) == set(&answer[key]),
            _ => *value == answer[key],
        };
        if !same {
            return Err(format!("{key} should be {value}").into());
        }
    }
    Ok(())
}

fn same_error(expected: &Value, answer: &Value) -> Result<(), String> {
    let code = answer["error"]["code"].as_str().ok_or_else(|| format!("should be {expected}"))?;
    let same = match expected["code"].as_str() {
        Some("ALEMBIC_CRASH") => expected["suggest"].as_str().is_none_or(|suggested| suggested == code),
        wanted => wanted == Some(code),
    };
    if same { Ok(()) } else { Err(format!("code {code}, should be {expected}")) }
}

fn same_order(case: &Value, expected: &Value, wanted: &Value, order: &Value) -> Result<(), String> {
    if wanted == order {
        return Ok(());
    }
    if case["hash_dependent"].is_null() || set(wanted) != set(order) {
        return Err(format!("order {order}, should be {wanted}"));
    }
    let (wanted, order) = (list(wanted), list(order));
    let place = |index: &Value| {
        let revision = &wanted[usize::try_from(index.as_u64().expect("an index")).expect("a small one")];
        order.iter().position(|other| other == revision)
    };
    let constraints = expected["constraints"].as_array().map(Vec::as_slice).unwrap_or_default();
    match constraints.iter().find(|pair| place(&pair[0]) > place(&pair[1])) {
        None => Ok(()),
        Some(pair) => Err(format!("order {order:?} breaks {pair} of {wanted:?}")),
    }
}

fn ran(plan: &Value) -> Value {
    let steps = plan["steps"].as_array().expect("a plan has steps");
    steps.iter().map(|step| step["revision"].clone()).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn set(value: &Value) -> BTreeSet<String> {
    list(value).iter().map(Value::to_string).collect()
}

fn nested(value: &Value) -> BTreeMap<String, BTreeSet<String>> {
    value.as_object().expect("an object").iter().map(|(key, value)| (key.clone(), set(value))).collect()
}
