//! Who is built on whom, as Cargo sees it.

use crate::tree::repository;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The normal dependencies of every package: those of tests and build scripts are left out.
pub struct Dependencies {
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl Dependencies {
    /// Asks `cargo metadata`, for the platform that this runs on.
    ///
    /// # Panics
    /// Where Cargo does not answer.
    pub fn read() -> Dependencies {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let answer = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--filter-platform", &host()])
            .current_dir(repository())
            .output()
            .expect("cargo can be started");
        assert!(answer.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&answer.stderr));
        let metadata: Value = serde_json::from_slice(&answer.stdout).expect("cargo metadata answers in JSON");
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let names: BTreeMap<String, String> =
            list(&metadata["packages"]).iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
        let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let normal = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            let names_of = normal.filter_map(|d| names.get(&text(&d["pkg"])).cloned()).collect::<Vec<_>>();
            direct.entry(names[&text(&node["id"])].clone()).or_default().extend(names_of);
        }
        Dependencies { direct }
    }

    /// Whether there is a package of that name.
    pub fn has(&self, package: &str) -> bool {
        self.direct.contains_key(package)
    }

    /// What the package names itself.
    pub fn direct(&self, package: &str) -> BTreeSet<String> {
        self.direct.get(package).cloned().unwrap_or_default()
    }

    /// All that is linked in with the package.
    pub fn all(&self, package: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![package.to_owned()];
        while let Some(package) = open.pop() {
            for name in self.direct(&package) {
                if found.insert(name.clone()) {
                    open.push(name);
                }
            }
        }
        found
    }
}

fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let answer = Command::new(rustc).arg("-vV").output().expect("rustc can be started");
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc tells its host").to_owned()
}
