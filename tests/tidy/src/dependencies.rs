//! Who is built on whom, as Cargo sees it.

use crate::tree::repository;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The normal dependencies of every package: those of tests and build scripts are left out. Packages are told apart by
/// Cargo's ids, since one name may stand for several versions.
pub struct Dependencies {
    names: BTreeMap<String, String>,
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
        let names = list(&metadata["packages"]).iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
        let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let normal = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            direct.insert(text(&node["id"]), normal.map(|d| text(&d["pkg"])).collect());
        }
        Dependencies { names, direct }
    }

    /// Whether there is a package of that name.
    pub fn has(&self, package: &str) -> bool {
        self.names.values().any(|name| name == package)
    }

    /// What the package names itself.
    pub fn direct(&self, package: &str) -> BTreeSet<String> {
        let found = self.ids(package).filter_map(|id| self.direct.get(id)).flatten();
        found.filter_map(|id| self.names.get(id).cloned()).collect()
    }

    /// All that is linked in with the package.
    pub fn all(&self, package: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&String> = self.ids(package).collect();
        while let Some(id) = open.pop() {
            for below in self.direct.get(id).into_iter().flatten() {
                if found.insert(below) {
                    open.push(below);
                }
            }
        }
        found.into_iter().filter_map(|id| self.names.get(id).cloned()).collect()
    }

    fn ids<'a>(&'a self, package: &'a str) -> impl Iterator<Item = &'a String> {
        self.names.iter().filter(move |(_, name)| *name == package).map(|(id, _)| id)
    }
}

fn host() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let answer = Command::new(rustc).arg("-vV").output().expect("rustc can be started");
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc tells its host").to_owned()
}
