//! Links between the documents lead somewhere.

use migrated_tidy::{repository, tracked, verdict};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The targets of `[text](target)` outside of code, with their line numbers.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            if let Some(end) = rest.find(')') {
                found.push((number, rest[..end].to_owned()));
            }
        }
    }
    found
}

/// A heading as the anchor that renderers make of it.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = repository();
    let mut broken = Vec::new();
    let mut seen = 0;
    for path in tracked("", &[".md"]) {
        let text = fs::read_to_string(root.join(&path)).expect("a document is UTF-8");
        for (number, link) in links(&text) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (file, anchor) = link.split_once('#').map_or((link.as_str(), None), |(f, a)| (f, Some(a)));
            let here = root.join(&path);
            let aim = if file.is_empty() { here } else { here.parent().unwrap_or(Path::new("")).join(file) };
            if !aim.exists() {
                broken.push(format!("{path}:{number}: {link}"));
            } else if let Some(anchor) = anchor.filter(|_| aim.is_file())
                && !anchors(&fs::read_to_string(&aim).unwrap_or_default()).contains(anchor)
            {
                broken.push(format!("{path}:{number}: {link}: there is no such heading"));
            }
        }
    }
    assert!(seen > 0, "the documents have no links");
    verdict("Links that lead nowhere:", &broken);
}

/// A document that nothing leads to is not read.
#[test]
fn every_document_is_reached_from_the_readme() {
    let root = repository();
    let mut open = vec!["README.md".to_owned()];
    let mut reached = BTreeSet::new();
    while let Some(path) = open.pop() {
        if !path.ends_with(".md") || !reached.insert(path.clone()) {
            continue;
        }
        let text = fs::read_to_string(root.join(&path)).unwrap_or_default();
        let folder = Path::new(&path).parent().unwrap_or(Path::new("")).to_path_buf();
        for (_, link) in links(&text) {
            let file = link.split('#').next().unwrap_or_default();
            if let Ok(aim) = root.join(&folder).join(file).canonicalize()
                && let Ok(aim) = aim.strip_prefix(&root)
            {
                open.push(aim.to_string_lossy().into_owned());
            }
        }
    }
    let lost: Vec<String> =
        tracked("docs", &[".md"]).into_iter().filter(|path| !reached.contains(path)).collect();
    verdict("Documents that README.md leads to by no way:", &lost);
}
