//! The pages of `docs/rules`: there is one for each rule, and what its example says is found is found.

#![expect(clippy::disallowed_methods, reason = "the pages are files")]

use crate::lines;
use migrated_core::diff::*;
use migrated_core::schema::Schema;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What stands under the lines `From:`, `To:`, `Rules:`, `Without them:`, `With them:` and `Left out:`.
type Example = BTreeMap<String, String>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

fn text(page: &str) -> String {
    std::fs::read_to_string(folder().join(page)).expect("a page")
}

fn pages() -> Vec<String> {
    let names = std::fs::read_dir(folder()).expect("the folder of the pages");
    let mut names: Vec<String> =
        names.map(|entry| entry.expect("a page").file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "README.md");
    names.sort();
    names
}

/// The examples of a page, each of which begins with `From:`.
fn examples(page: &str) -> Vec<Example> {
    let (mut examples, mut lead, mut open) = (Vec::<Example>::new(), String::new(), None::<String>);
    for line in text(page).lines() {
        match &mut open {
            Some(block) if line == "```" => {
                if lead == "From" {
                    examples.push(Example::new());
                }
                let example = examples.last_mut().expect("an example begins with `From:`");
                assert!(
                    example.insert(lead.clone(), block.trim_end().to_owned()).is_none(),
                    "{page}: {lead}"
                );
                open = None;
            }
            Some(block) => block.push_str(&format!("{line}\n")),
            None if line.starts_with("```") => open = Some(String::new()),
            None => lead = line.strip_suffix(':').map_or_else(|| lead.clone(), str::to_owned),
        }
    }
    examples
}

fn read<T: DeserializeOwned>(page: &str, yaml: &str) -> T {
    serde_saphyr::from_str(yaml).unwrap_or_else(|wrong| panic!("{page}: {wrong}\n{yaml}"))
}

fn or_nothing(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

/// Why it was left out, in the words of the pages.
fn left(found: &LeftOut) -> String {
    let because = serde_json::to_value(found.because).expect("a word");
    format!("{}: {}", found.object, because.as_str().expect("a word").replace('_', " "))
}

/// The words that serde would have known, from what it says of one that it does not.
fn known<T: DeserializeOwned>(json: &str) -> Vec<String> {
    let wrong = serde_json::from_str::<T>(json).err().expect("nothing has that name").to_string();
    let (_, expected) = wrong.split_once("expected ").expect("it names those that there are");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn what_the_examples_say_is_found_is_found() {
    for page in pages() {
        for example in examples(&page) {
            let part = |lead: &str| example.get(lead).map_or("", String::as_str);
            let (from, to): (Schema, Schema) = (read(&page, part("From")), read(&page, part("To")));
            let without = or_nothing(&lines(&diff(&from, &to, &Rules::default())));
            let found = diff(&from, &to, &read(&page, part("Rules")));
            let with = or_nothing(&lines(&found));
            let place = format!("{page}\n{}", part("Rules"));
            assert_eq!(part("Without them"), without, "{place}");
            assert_eq!(part("With them"), with, "{place}");
            let left: Vec<String> = found.left_out.iter().map(left).collect();
            assert_eq!(part("Left out"), left.join("\n"), "{place}");
            assert_eq!(found.unknown_renames, [], "{place}");
            let same = diff(&from, &to, &Rules::default()).operations == found.operations;
            assert!(!same, "the rules change nothing: {place}");
        }
    }
}

#[test]
fn every_rule_has_its_row_and_an_example_on_its_page() {
    let list = text("README.md");
    for rule in known::<Rules>(r#"{"nothing": 1}"#) {
        let row = list.lines().find_map(|line| line.strip_prefix(&format!("| [`{rule}`](")));
        let row = row.unwrap_or_else(|| panic!("{rule} has no row"));
        let page = row.split(['#', ')']).next().expect("a page");
        let shown = examples(page)
            .iter()
            .any(|example| example["Rules"].lines().any(|line| line.starts_with(&format!("{rule}:"))));
        assert!(shown, "{page} has no example of {rule}");
    }
}

#[test]
fn every_word_of_a_rule_stands_in_the_pages() {
    let all: String = pages().iter().map(|page| text(page)).collect::<String>() + &text("README.md");
    let mut words = known::<Rules>(r#"{"exclude": [{"nothing": 1}]}"#);
    words.extend(known::<Rules>(r#"{"exclude": [{"kind": "nothing"}]}"#));
    words.extend(known::<Rules>(r#"{"tolerate": [{"nothing": 1}]}"#));
    words.extend(known::<Rules>(r#"{"tolerate": [{"aspects": ["nothing"]}]}"#));
    words.extend(known::<Rules>(r#"{"types": [{"nothing": 1}]}"#));
    words.extend(known::<Rules>(r#"{"naming": {"nothing": 1}}"#));
    words.extend(known::<Rules>(r#"{"owned": [{"nothing": 1}]}"#));
    words.extend(known::<Rules>(r#"{"drop": "nothing"}"#));
    assert!(words.len() > 35, "{words:?}");
    for word in words {
        assert!(all.contains(&format!("`{word}`")), "{word} stands nowhere");
    }
}
