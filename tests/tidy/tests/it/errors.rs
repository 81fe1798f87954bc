//! Every error code has its page, and every page its code.

use migrated_core::Code;
use migrated_tidy::{repository, tracked, verdict};
use std::fs;

const FOLDER: &str = "docs/errors";

/// What a reader at three in the morning looks for, in this order.
const SECTIONS: [&str; 4] = ["## What happened", "## Why", "## State of the target", "## What to do"];

fn page(code: Code) -> String {
    fs::read_to_string(repository().join(format!("{FOLDER}/{}.md", code.number()))).unwrap_or_default()
}

#[test]
fn every_code_has_a_page_that_says_what_to_do() {
    let mut broken = Vec::new();
    for code in Code::ALL {
        let page = page(*code);
        let file = format!("{FOLDER}/{}.md", code.number());
        if page.is_empty() {
            broken.push(format!("{file} is missing ({})", code.reason()));
            continue;
        }
        let title = format!("# {} {}", code.number(), code.reason());
        if page.lines().next() != Some(title.as_str()) {
            broken.push(format!("{file} does not begin with `{title}`"));
        }
        let mut from = 0;
        for section in SECTIONS {
            match page[from..].find(&format!("\n{section}\n")) {
                Some(at) => from += at,
                None => broken.push(format!("{file} has no `{section}` in its place")),
            }
        }
    }
    verdict("A code without a page that helps is half an error:", &broken);
}

#[test]
fn every_page_has_a_code_and_stands_in_the_index() {
    let index = fs::read_to_string(repository().join(format!("{FOLDER}/README.md"))).unwrap_or_default();
    let mut broken = Vec::new();
    for path in tracked(FOLDER, &[".md"]) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name != "README.md" && !Code::ALL.iter().any(|code| name == format!("{}.md", code.number())) {
            broken.push(format!("{path} belongs to no code"));
        }
    }
    for code in Code::ALL {
        let row = format!("| [{0}]({0}.md) | {1} |", code.number(), code.reason());
        if index.matches(&row).count() != 1 {
            broken.push(format!("{FOLDER}/README.md lacks `{row}`"));
        }
    }
    let rows = index.lines().filter(|line| line.starts_with("| [MG")).count();
    if rows != Code::ALL.len() {
        broken.push(format!("{FOLDER}/README.md has {rows} rows for {} codes", Code::ALL.len()));
    }
    verdict("docs/errors holds one page a code, and lists them:", &broken);
}

/// The client is built without core, so it repeats its own codes: they must be the same.
#[test]
fn the_clients_own_codes_are_cores() {
    let path = "client/rust/src/error.rs";
    let text = fs::read_to_string(repository().join(path)).expect("the client has its errors there");
    let mut seen = 0;
    let mut broken = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((_, rest)) = line.split_once("=> (\"MG") else { continue };
        let Some((digits, rest)) = rest.split_once("\", \"") else { continue };
        let reason = rest.split('"').next().unwrap_or_default();
        seen += 1;
        let known = Code::from_reason(reason).is_some_and(|code| code.number() == format!("MG{digits}"));
        if !known {
            broken.push(format!("{path}:{number}: MG{digits} {reason} is not in server/core/src/code.rs"));
        }
    }
    verdict("Codes are given once, in core:", &broken);
    assert!(seen > 0, "{path} has another form than this test reads");
}
