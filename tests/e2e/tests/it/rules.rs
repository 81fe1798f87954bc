//! Rules of comparisons from the client's file.

use crate::harness::{Engine, Project, on_each};
use std::collections::BTreeSet;

const STANDS: &str = "CREATE TABLE users (id integer NOT NULL PRIMARY KEY, mail varchar(80));";

fn standing(project: &Project) {
    project.revision("a1", "", STANDS, "DROP TABLE users;");
    project.ctl("upgrade head").succeeds();
    write(project, "schema.sql", STANDS);
}

fn write(project: &Project, name: &str, text: &str) {
    std::fs::write(project.path(name), text).expect("written");
}

#[test]
fn a_file_of_rules_counts_for_every_verb_that_compares() {
    on_each(Engine::ALL, |project| {
        standing(project);
        project.database.sql("CREATE TABLE audit_log (id integer)");
        project.ctl("check --schema schema.sql").exits(3);
        write(project, "rules.yaml", "exclude:\n- name: audit_*\n");
        let quiet = project.ctl("check --schema schema.sql --rules rules.yaml").succeeds();
        assert!(!quiet.stderr.contains("audit_log"), "{}", quiet.story());
        let told = "table audit_log is left as it is: excluded";
        let url = project.database.url();
        for words in [
            "check --schema schema.sql --rules rules.yaml -v".to_owned(),
            format!("diff {url} schema.sql --rules rules.yaml --exit-code -v"),
            "revision --autogenerate --schema schema.sql --rules rules.yaml -v".to_owned(),
            "baseline a1 --rules rules.yaml -v".to_owned(),
        ] {
            let answer = project.ctl(&words).succeeds();
            let is_told = answer.stderr.contains(told) || words.starts_with("baseline");
            assert!(is_told, "{}", answer.story());
        }
        let seen = project.ctl("inspect --rules rules.yaml -v").succeeds();
        assert!(!seen.stdout.contains("audit_log"), "{}", seen.story());
        assert!(seen.stderr.contains("table audit_log is not shown: excluded"), "{}", seen.story());
        // In JSON, and named by the configuration.
        write(project, "rules.json", r#"{"exclude": [{"kind": "table", "name": "/^audit/"}]}"#);
        let configuration = std::fs::read_to_string(project.path("migratectl.toml")).expect("read");
        write(project, "migratectl.toml", &format!("rules = \"rules.json\"\n{configuration}"));
        project.ctl("check --schema schema.sql").succeeds();
    });
}

#[test]
fn only_what_the_history_makes_is_dropped_where_the_rules_say_so() {
    on_each(Engine::ALL, |project| {
        standing(project);
        project.database.sql("CREATE TABLE foreign_one (id integer)");
        write(project, "schema.sql", "CREATE TABLE users (id integer NOT NULL PRIMARY KEY);");
        write(project, "rules.yaml", "drop: owned\n");
        let words = "check --schema schema.sql --rules rules.yaml -v";
        let answer = project.ctl(words).exits(3);
        assert!(answer.stdout.contains("drop column users.mail"), "{}", answer.story());
        assert!(!answer.stdout.contains("foreign_one"), "{}", answer.story());
        let kept = "table foreign_one is left as it is: not dropped";
        assert!(answer.stderr.contains(kept), "{}", answer.story());
        let url = project.database.url();
        let answer = project.ctl(&format!("diff {url} schema.sql --rules rules.yaml -v")).succeeds();
        assert!(answer.stdout.contains("drop column users.mail"), "{}", answer.story());
        assert!(!answer.stdout.contains("foreign_one"), "{}", answer.story());
    });
}

#[test]
fn a_file_of_rules_that_cannot_be_read_is_told_with_the_place() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        write(project, "rules.yaml", "compare_type: false\nexlude:\n- name: a\n");
        let answer = project.ctl("check --schema schema.sql --rules rules.yaml").is("INVALID_REQUEST");
        assert!(answer.stderr.contains("a rules file has no field `exlude`; did you mean `exclude`?"));
        assert!(answer.stderr.contains("--> rules.yaml:2:1"), "{}", answer.story());
        let answer = project.ctl("check --schema schema.sql --rules none.yaml").is("LOCAL_FILE");
        assert!(answer.stderr.contains("none.yaml cannot be read"), "{}", answer.story());
    });
}

/// Every key of a JSON value, as a path. What is in operations and schemas is the API's own, and tested there.
fn keys(within: &str, value: &serde_json::Value, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                let path = if within.is_empty() { key.clone() } else { format!("{within}.{key}") };
                if !["operation", "schema"].contains(&key.as_str()) {
                    keys(&path, value, into);
                }
                into.insert(path);
            }
        }
        serde_json::Value::Array(items) => {
            items.iter().for_each(|item| keys(&format!("{within}[]"), item, into));
        }
        _ => {}
    }
}

#[test]
fn the_keys_of_the_json_are_those_that_scripts_know() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        project.database.sql("CREATE TABLE audit_log (id integer)");
        let desired = "CREATE TABLE users (id integer NOT NULL PRIMARY KEY, email varchar(80));";
        write(project, "schema.sql", desired);
        write(project, "rules.yaml", "exclude:\n- name: audit_*\n");
        let url = project.database.url();
        let mut told = String::new();
        for (verb, words) in [
            ("check", "check --schema schema.sql --rules rules.yaml".to_owned()),
            ("diff", format!("diff {url} schema.sql --rules rules.yaml")),
            ("inspect", "inspect --rules rules.yaml".to_owned()),
            (
                "revision",
                "revision --autogenerate --schema schema.sql --rules rules.yaml --allow-drop".to_owned(),
            ),
            ("lint", "lint --dialect sqlite".to_owned()),
        ] {
            let answer = project.ctl(&format!("{words} --output json"));
            let json = serde_json::from_str(&answer.stdout);
            let json = json.unwrap_or_else(|e| panic!("{e}\n{}", answer.story()));
            let mut all = BTreeSet::new();
            keys("", &json, &mut all);
            told.push_str(&format!("{verb}\n"));
            all.iter().for_each(|key| told.push_str(&format!("  {key}\n")));
        }
        insta::assert_snapshot!("json_keys", told);
    });
}
