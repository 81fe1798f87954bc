//! What the tests of the house rules need: the repository's files, their program text, and the dependency graph.
//!
//! A rule is a test in `tests/it`. Each names the file and line that break it, and says how to mend them.

mod dependencies;
mod source;
mod tree;

pub use dependencies::Dependencies;
pub use source::Source;
pub use tree::{repository, tracked};

/// Fails with the list of everything that breaks a rule; `rule` says what the rule is and how to obey it.
///
/// # Panics
/// Where the list is not empty.
pub fn verdict(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n  {}\n", broken.join("\n  "));
}
