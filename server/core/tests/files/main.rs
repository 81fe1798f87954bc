//! Revision files: what is read, what is refused, how they are named, written and hashed.

mod content;
mod histories;
mod identity;
mod laws;
mod names;
mod operations;
mod refusals;

use migrated_core::Code;
use migrated_core::file::{RevisionFile, parse};

#[track_caller]
pub(crate) fn read(text: &str) -> RevisionFile {
    parse("f.sql", text.as_bytes()).expect("the file is read")
}

#[track_caller]
pub(crate) fn refused(bytes: impl AsRef<[u8]>, code: Code, expected: &str) {
    let error = parse("f.sql", bytes.as_ref()).expect_err("the file is refused");
    assert_eq!((error.code, format!("{error} | {}", error.help).as_str()), (code, expected));
}

/// A file with that text between header and end.
pub(crate) fn with_body(body: &str) -> String {
    format!("-- revision: a1\n{body}")
}
