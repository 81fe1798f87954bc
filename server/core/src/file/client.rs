//! The client form of a revision: a file in a programming language, which its client executes. What we read of it is the
//! header, which stands in its first comment lines; everything behind that is the client's.

use super::RevisionFile;
use super::error::FileError;
use super::header::{Header, entry};
use crate::Code;
use crate::dialect::hash::TokenHash;
use std::sync::Arc;

/// Languages that such files are known to be written in: the ending, what a line of comment begins with, the name.
const LANGUAGES: [(&str, &str, &str); 6] = [
    ("py", "#", "python"),
    ("go", "//", "go"),
    ("rb", "#", "ruby"),
    ("js", "//", "javascript"),
    ("ts", "//", "typescript"),
    ("java", "//", "java"),
];

/// What is known of a body that its client executes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientForm {
    /// The language's name, as `python`.
    pub language: &'static str,
    /// Whether it runs in a transaction, where that is written.
    pub transactional: Option<bool>,
    /// Byte of the text at which the header ends.
    pub(super) body: usize,
}

/// How a language is read.
#[derive(Clone, Copy)]
pub(super) struct Language {
    marker: &'static str,
    name: &'static str,
}

/// The language that a file's name tells, if it is one of those.
pub(super) fn language(path: &str) -> Option<Language> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (_, ending) = name.rsplit_once('.')?;
    let known = LANGUAGES.iter().find(|(known, ..)| ending.eq_ignore_ascii_case(known));
    known.map(|(_, marker, name)| Language { marker, name })
}

/// Reads the header of a file in that language: comment lines in front of anything else, of which those with a key of
/// ours count. What stands in other comments is not looked at, for linters and tools have theirs there.
pub(super) fn parse(path: &str, text: Arc<str>, language: Language) -> Result<RevisionFile, FileError> {
    let mut header = Header::default();
    let mut transactional = None;
    let mut end = 0;
    for (number, full) in (1..).zip(text.split_inclusive('\n')) {
        let line = full.trim_end_matches(['\n', '\r']);
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        let blank = line.trim().is_empty();
        if !blank && !line.trim_start().starts_with(language.marker) {
            break;
        }
        end += full.len();
        match entry(line, language.marker) {
            Some(("transaction", value)) => {
                transactional = Some(match value {
                    "true" => true,
                    "false" => false,
                    _ => {
                        let message = format!("`transaction` is `true` or `false`, not `{value}`");
                        return Err(FileError::new(Code::FileInvalidHeader, path, (number, 1), message));
                    }
                });
            }
            Some(pair) => header.entry(path, line, number, pair)?,
            None => {}
        }
    }
    let Some(revision) = header.revision else {
        let marker = language.marker;
        let message = format!("the file has no `{marker} revision:` line in front of its first statement");
        return Err(FileError::new(Code::FileNoHeader, path, (1, 1), message)
            .help(format!("a revision file begins with lines such as `{marker} revision: 3f2a9c1b7d4e`")));
    };
    Ok(RevisionFile {
        path: path.into(),
        revision,
        down_revisions: header.down_revisions,
        depends_on: header.depends_on,
        branch_labels: header.branch_labels,
        message: header.message,
        created: header.created,
        sections: Vec::new(),
        operations: None,
        client: Some(ClientForm { language: language.name, transactional, body: end }),
        text,
    })
}

impl ClientForm {
    /// Adds the body to a revision's identity.
    pub(super) fn add_to(&self, text: &str, hash: &mut TokenHash) {
        hash.fact(b'L', self.language.as_bytes());
        if let Some(transactional) = self.transactional {
            hash.fact(b'X', if transactional { b"true" } else { b"false" });
        }
        let body = text.get(self.body..).unwrap_or_default().replace("\r\n", "\n");
        hash.fact(b'C', body.trim_end().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse_text, token_hash};
    use crate::Code;

    const PYTHON: &str = "#!/usr/bin/env python3\n# revision: a1\n# down_revision: b2, c3\n# message: fill it\n\
                          # transaction: false\n# noqa: E501\n\ndef upgrade(op):\n    pass\n";

    #[test]
    fn the_header_stands_in_the_first_comments() {
        let file = parse_text("x/a1.py", PYTHON.into()).expect("it is a revision");
        assert_eq!((file.revision.as_str(), file.message.as_str()), ("a1", "fill it"));
        assert_eq!(file.down_revisions, ["b2", "c3"]);
        let client = file.client.expect("its client executes it");
        assert_eq!((client.language, client.transactional), ("python", Some(false)));
        assert_eq!(&file.text[client.body..], "def upgrade(op):\n    pass\n");
        let go = "// revision: a1\npackage migrations\n";
        let file = parse_text("a1.rev.go", go.into()).expect("it is a revision");
        assert_eq!(file.client.map(|c| (c.language, c.transactional)), Some(("go", None)));
    }

    #[test]
    fn what_stands_behind_the_first_statement_is_no_header() {
        let error = parse_text("a1.py", "import os\n# revision: a1\n".into()).expect_err("no header");
        assert_eq!(error.code, Code::FileNoHeader);
        let wrong = |text: &str| parse_text("a1.py", text.into()).expect_err("wrong").code;
        assert_eq!(wrong("# revision: a1\n# down_revison: b2\n"), Code::FileInvalidHeader);
        assert_eq!(wrong("# revision: a1\n# transaction: maybe\n"), Code::FileInvalidHeader);
        assert_eq!(wrong("# revision: a1\n# revision: a2\n"), Code::FileInvalidHeader);
        assert_eq!(wrong("# revision: a@1\n"), Code::IllegalId);
    }

    #[test]
    fn its_identity_is_its_body_and_its_place_in_the_graph() {
        let hash = |text: &str| token_hash(&parse_text("a1.py", text.into()).expect("it is a revision"));
        let same = hash("# revision: a1\npass\n");
        assert_eq!(hash("# revision: a1\n# message: x\n\npass\r\n"), same);
        assert_ne!(hash("# revision: a1\npass  # twice\n"), same);
        assert_ne!(hash("# revision: a1\n# down_revision: b\npass\n"), same);
        assert_ne!(hash("# revision: a1\n# transaction: false\npass\n"), same);
    }
}
