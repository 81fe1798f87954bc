//! A page of `docs/operations`, read: its fields, what it says of losses, and its examples.

use migrated_core::DialectName;
use migrated_core::operation::Server;
use std::path::PathBuf;

/// The engines that a page speaks of: the word for each, and the oldest server that it is true of.
pub(crate) fn engines() -> [(&'static str, Server); 4] {
    [
        ("postgresql", Server::oldest(DialectName::Postgres)),
        ("mysql", Server::oldest(DialectName::Mysql)),
        ("mariadb", Server::named(DialectName::Mysql, "MariaDB 10.11")),
        ("sqlite", Server::oldest(DialectName::Sqlite)),
    ]
}

/// A page.
pub(crate) struct Page {
    /// The operation that it is about.
    pub(crate) operation: String,
    pub(crate) examples: Vec<Example>,
}

/// What stands under a heading `## Example`.
#[derive(Default)]
pub(crate) struct Example {
    /// The page and the number of its line.
    pub(crate) place: String,
    /// The operations, as they stand under `up`.
    pub(crate) operations: String,
    /// The engines that it is shown on: those that the heading names, else all.
    pub(crate) engines: Vec<&'static str>,
    blocks: Vec<Block>,
}

/// A block of code: the line that leads to it, the engines it is about, and its text.
struct Block {
    lead: String,
    engines: Vec<String>,
    text: String,
}

impl Example {
    /// What stands under a line such as `Upgrade:` for an engine.
    pub(crate) fn under(&self, lead: &str, engine: &str) -> Option<&str> {
        let about = |block: &&Block| block.lead == lead && block.engines.iter().any(|of| of == engine);
        let mut found = self.blocks.iter().filter(about);
        let first = found.next();
        assert!(found.next().is_none(), "{}: two blocks `{lead}` for {engine}", self.place);
        first.map(|block| block.text.trim_end())
    }

    /// A revision of these operations.
    pub(crate) fn revision(&self) -> String {
        let lines: String = self.operations.lines().map(|line| format!("  {line}\n")).collect();
        format!("revision: a1\nup:\n{lines}")
    }
}

/// The folder of the pages.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations")
}

/// All pages but the list of them, by name.
pub(crate) fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = std::fs::read_dir(folder())
        .expect("the folder of the pages")
        .map(|entry| entry.expect("a page").path())
        .filter(|path| !path.ends_with("README.md"))
        .map(|path| {
            let operation = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a page");
            Page { examples: examples(&operation, &text), operation }
        })
        .collect();
    pages.sort_by(|a, b| a.operation.cmp(&b.operation));
    pages
}

fn examples(page: &str, text: &str) -> Vec<Example> {
    let (mut examples, mut lead, mut open): (Vec<Example>, String, Option<Block>) =
        (Vec::new(), String::new(), None);
    for (number, line) in text.lines().enumerate() {
        let place = format!("{page}.md:{}", number + 1);
        match &mut open {
            Some(_) if line == "```" => {
                let block = open.take().expect("it is open");
                let example = examples.last_mut().expect("blocks stand under `## Example`");
                match block.engines.is_empty() {
                    true => example.operations.push_str(&block.text),
                    false => example.blocks.push(block),
                }
            }
            Some(block) => block.text.push_str(&format!("{line}\n")),
            None if line.starts_with("## Example") => {
                lead.clear();
                examples.push(Example { place, engines: engines_of(line), ..Example::default() });
            }
            None => match line.strip_prefix("```") {
                Some(words) => {
                    let mut words = words.split(' ').map(str::to_owned);
                    let language = words.next().unwrap_or_default();
                    let engines: Vec<String> = words.collect();
                    let known = |word: &String| self::engines().iter().any(|(engine, _)| engine == word);
                    assert!(engines.iter().all(known), "{place}: {line}");
                    assert_eq!(language == "yaml", engines.is_empty(), "{place}: {line}");
                    open = Some(Block { lead: lead.clone(), engines, text: String::new() });
                }
                None if line.ends_with(':') => lead = line.trim_end_matches(':').to_owned(),
                None => {}
            },
        }
    }
    examples
}

/// The engines that a heading such as `## Example on PostgreSQL: a value less` names.
fn engines_of(heading: &str) -> Vec<&'static str> {
    let title = heading.split(':').next().unwrap_or_default().to_lowercase();
    let all = engines().map(|(engine, _)| engine);
    if !title.contains(" on ") {
        return all.to_vec();
    }
    let named = |engine: &&str| title.split(' ').any(|word| word == *engine);
    all.into_iter().filter(named).collect()
}
