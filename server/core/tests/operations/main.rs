//! The pages of `docs/operations`: there is one for each operation, it names every field, and what it says is run, on
//! each engine, is what is rendered.

#![expect(clippy::disallowed_methods, reason = "the pages are files")]

mod page;

use migrated_core::event::Direction;
use migrated_core::file::{FileError, Operations, parse};
use migrated_core::operation::{Operation, Server};
use page::{Example, engines, folder, pages};
use std::collections::BTreeSet;

/// The names that serde would have known, from what it says of one that it does not.
fn known<T: serde::de::DeserializeOwned>(json: &str) -> Vec<String> {
    let wrong = serde_json::from_str::<T>(json).err().expect("nothing has that name").to_string();
    let (_, expected) = wrong.split_once("expected ").expect("it names those that there are");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn operations(example: &Example) -> Operations {
    let parsed = parse("a1.yaml", example.revision().as_bytes());
    let parsed = parsed.unwrap_or_else(|wrong| panic!("{}: {wrong:?}", example.place));
    parsed.operations.expect("it is in the operations form")
}

fn text(page: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{page}.md"))).expect("a page")
}

/// What runs in a direction, as the pages write it, or why nothing does.
fn rendered(of: &Operations, direction: Direction, server: &Server) -> Result<String, FileError> {
    let operations = of.render("a1.yaml", direction, server)?.expect("the direction is known");
    let statements = operations.into_iter().flat_map(|operation| operation.statements);
    let lines: Vec<String> = statements.map(|statement| format!("{statement};")).collect();
    Ok(if lines.is_empty() { "-- nothing".to_owned() } else { lines.join("\n") })
}

#[test]
fn every_operation_has_a_page_that_the_list_names() {
    let names = known::<Operation>(r#"{"nothing": {}}"#);
    let of_pages: Vec<String> = pages().into_iter().map(|page| page.operation).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>(), of_pages.iter().collect::<BTreeSet<_>>());
    let list = text("README");
    for name in names {
        assert!(list.contains(&format!("[`{name}`]({name}.md)")), "{name} is not in the list");
    }
}

#[test]
fn every_page_names_the_fields_of_its_operation_and_no_other() {
    for page in pages() {
        let text = text(&page.operation);
        assert!(text.starts_with(&format!("# {}\n", page.operation)), "{}", page.operation);
        let fields = known::<Operation>(&format!(r#"{{"{}": {{"nothing": 1}}}}"#, page.operation));
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let told: BTreeSet<&str> = rows.map(|(field, _)| field).collect();
        assert_eq!(told, fields.iter().map(String::as_str).collect(), "{}.md", page.operation);
    }
}

#[test]
fn every_page_shows_its_operation_on_every_engine() {
    for page in pages() {
        let (mut shown, mut on) = (BTreeSet::new(), BTreeSet::<&str>::new());
        for example in &page.examples {
            on.extend(example.engines.iter());
            for step in operations(example).up.expect("an upgrade") {
                let json = serde_json::to_value(&step.operation).expect("an operation is JSON");
                shown.extend(json.as_object().into_iter().flat_map(|object| object.keys().cloned()));
            }
        }
        assert!(shown.contains(&page.operation), "{}.md shows {shown:?}", page.operation);
        assert_eq!(on.len(), engines().len(), "{}.md shows {on:?} alone", page.operation);
    }
}

#[test]
fn what_the_pages_say_is_run_is_what_is_rendered() {
    for page in pages() {
        for example in &page.examples {
            let of = operations(example);
            for (engine, server) in engines() {
                if !example.engines.contains(&engine) {
                    continue;
                }
                let place = format!("{} on {engine}", example.place);
                let told = |lead: &str| example.under(lead, engine).map(str::to_owned);
                let upgrade = rendered(&of, Direction::Up, &server);
                let message = upgrade.as_ref().err().map(|refused| refused.message.clone());
                assert_eq!(told("Upgrade"), upgrade.as_ref().ok().cloned(), "{place}: Upgrade");
                assert_eq!(told("Refused"), message, "{place}: Refused");
                if upgrade.is_err() {
                    assert_eq!((told("Downgrade"), told("No way back")), (None, None), "{place}");
                    continue;
                }
                let downgrade = rendered(&of, Direction::Down, &server);
                let message = downgrade.as_ref().err().map(|refused| refused.message.clone());
                assert_eq!(told("Downgrade"), downgrade.ok(), "{place}: Downgrade");
                assert_eq!(told("No way back"), message, "{place}: No way back");
            }
        }
    }
}

#[test]
fn a_page_says_what_may_be_lost_and_shows_it() {
    for page in pages() {
        let text = text(&page.operation);
        let line = text.lines().find_map(|line| line.strip_prefix("Destructive: "));
        let line = line.unwrap_or_else(|| panic!("{}.md does not say what is lost", page.operation));
        let steps = page.examples.iter().flat_map(|example| operations(example).up.expect("an upgrade"));
        let lost: BTreeSet<&str> = steps.filter_map(|step| step.operation.is_destructive()).collect();
        assert_eq!(line.starts_with("no."), lost.is_empty(), "{}.md: {lost:?}", page.operation);
        assert!(lost.iter().all(|lost| line.contains(lost)), "{}.md: {lost:?}", page.operation);
    }
}
