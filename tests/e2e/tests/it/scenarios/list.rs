//! The list as it is written. A word that is not known here would be a part of it that is not run, so it is an error.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A scenario; `tests/scenarios/README.md` tells its form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    #[serde(default = "sqlite")]
    pub(super) engines: Vec<String>,
    #[serde(default)]
    pub(super) daemon: String,
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) bodies: BTreeMap<String, Body>,
    pub(super) steps: Vec<Step>,
}

/// A revision that the client executes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub(super) down_revision: String,
    pub(super) up: Vec<Does>,
    #[serde(default)]
    pub(super) down: Vec<Does>,
}

/// What a body does: a statement with what comes of it, or its end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Does {
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
    pub(super) count: Option<u64>,
    pub(super) rows: Option<Vec<Vec<Value>>>,
    pub(super) fails: bool,
    pub(super) raise: String,
}

/// A step of a scenario.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    pub(super) call: String,
    pub(super) with: Map<String, Value>,
    pub(super) events: Option<Vec<Value>>,
    pub(super) result: Option<Value>,
    pub(super) error: Option<Value>,
    pub(super) write: BTreeMap<String, String>,
    pub(super) remove: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    scenarios: Vec<Scenario>,
}

fn sqlite() -> Vec<String> {
    vec!["sqlite".to_owned()]
}

/// Every scenario, in the order of the files' names.
pub(super) fn read() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let entries = std::fs::read_dir(&folder).expect("there is a list");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it is read").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    assert!(!files.is_empty(), "there is no list in {}", folder.display());
    let scenarios = files.iter().flat_map(|path| {
        let text = std::fs::read_to_string(path).expect("it is read");
        let file: File = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        file.scenarios
    });
    scenarios.collect()
}
