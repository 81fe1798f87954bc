//! The verbs of `migratectl` and their pages.

use clap::CommandFactory as _;
use migratectl::cli::Cli;
use migrated_tidy::{repository, tracked, verdict};
use std::collections::BTreeSet;
use std::fs;

const FOLDER: &str = "docs/verbs";

fn verbs() -> BTreeSet<String> {
    let command = Cli::command();
    command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| verb.get_name().to_owned())
        .collect()
}

fn pages() -> BTreeSet<String> {
    let name = |path: String| path.rsplit('/').next().map(|name| name.trim_end_matches(".md").to_owned());
    tracked(FOLDER, &[".md"]).into_iter().filter_map(name).filter(|name| name != "README").collect()
}

#[test]
fn every_verb_has_a_page_and_every_page_a_verb() {
    let (verbs, pages) = (verbs(), pages());
    assert!(verbs.contains("upgrade"), "the command line has no verbs");
    let missing = verbs.difference(&pages).map(|verb| format!("{FOLDER}/{verb}.md is missing"));
    let orphans = pages.difference(&verbs).map(|page| format!("{FOLDER}/{page}.md: there is no verb {page}"));
    verdict("A page a verb:", &missing.chain(orphans).collect::<Vec<_>>());
}

#[test]
fn every_option_stands_on_its_verbs_page() {
    let mut broken = Vec::new();
    for verb in Cli::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let path = format!("{FOLDER}/{}.md", verb.get_name());
        let page = fs::read_to_string(repository().join(&path)).unwrap_or_default();
        let options = verb.get_arguments().filter(|option| !option.is_hide_set() && !option.is_global_set());
        for long in options.filter_map(|option| option.get_long()) {
            if !page.contains(&format!("--{long}")) {
                broken.push(format!("{path} does not mention --{long}"));
            }
        }
    }
    verdict("A page tells every option of its verb:", &broken);
}

/// `migratectl VERB` anywhere in the documents must be a verb.
#[test]
fn no_document_names_a_verb_that_does_not_exist() {
    let verbs = verbs();
    let mut broken = Vec::new();
    for path in tracked("", &[".md"]) {
        let text = fs::read_to_string(repository().join(&path)).expect("a document is UTF-8");
        for (number, line) in (1..).zip(text.lines()) {
            for (at, _) in line.match_indices("migratectl ") {
                let command =
                    line[..at].ends_with('`') || line[..at].ends_with("$ ") || line[..at].ends_with("/ ");
                let word: String = line[at + "migratectl ".len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                    .collect();
                if command && !word.is_empty() && !word.starts_with('-') && !verbs.contains(&word) {
                    broken.push(format!("{path}:{number}: `migratectl {word}`"));
                }
            }
        }
    }
    verdict("The documents name verbs that are there:", &broken);
}
