//! A Rust file as the rules see it: without comments, and with its tests cut off.

use crate::tree::{repository, tracked};
use std::fs;

/// A source file.
pub struct Source {
    /// Path relative to the repository.
    pub path: String,
    lines: Vec<String>,
}

impl Source {
    /// The program text below `folder`: unit tests, integration tests and examples are left out.
    ///
    /// # Panics
    /// Where a file cannot be read.
    pub fn below(folder: &str) -> Vec<Source> {
        tracked(folder, &[".rs"]).into_iter().filter(|path| !is_test(path)).map(Source::read).collect()
    }

    fn read(path: String) -> Source {
        let text = fs::read_to_string(repository().join(&path)).expect("a source file is UTF-8");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        // Unit tests stand at the end of a file.
        let tests = lines.windows(2).position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
        });
        lines.truncate(tests.unwrap_or(lines.len()));
        for line in &mut lines {
            if let Some(at) = line.find("//").filter(|at| !line[..*at].ends_with(':')) {
                line.truncate(at);
            }
        }
        Source { path, lines }
    }

    /// The lines where `wrong` is true, as `path:line: text`.
    pub fn lines_where(&self, wrong: impl Fn(&str) -> bool) -> Vec<String> {
        let numbered = self.lines.iter().enumerate().filter(|(_, line)| wrong(line));
        numbered.map(|(i, line)| format!("{}:{}: {}", self.path, i + 1, line.trim())).collect()
    }
}

fn is_test(path: &str) -> bool {
    let part = |name: &str| path.contains(&format!("/{name}/"));
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || part("tests") || part("examples")
}
