//! The two hashes of a revision: of its bytes, for transfer, and of its tokens, for identity.

use super::{RevisionFile, Section};
use crate::DialectName;
use crate::dialect::hash::TokenHash;
use crate::event::Direction;
use sha2::{Digest, Sha256};

/// SHA-256 of a file's bytes.
pub fn raw_hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What a revision is, whatever it looks like: SHA-256 over its id, parents and dependencies (as sets), and of each
/// section the direction, the dialects, the `transaction` option and the tokens of its statements.
///
/// Left out are the file's name, message, date and labels, the byte order mark, line ends, white space and comments
/// outside of strings, empty statements, and the order of the sections. Executable comments and hints are tokens.
///
/// Of the client form the whole text behind the header counts, with its line ends as `\n`: no rule of ours tells what of a
/// programming language is a comment.
///
/// What is a comment or a string differs between dialects. A section that names dialects is read by their rules; one
/// that names none is read by the rules of all three, one after the other: a change goes unseen only where none of them
/// sees it. (So in such a section a `#` comment, which is MySQL's alone, counts as text.) Where a dialect cannot read
/// what stands there, that part counts verbatim. Line ends inside of strings are taken for `\n`, since a checkout may
/// change them.
pub fn token_hash(file: &RevisionFile) -> [u8; 32] {
    let mut hash = TokenHash::new("migrated revision 1");
    hash.fact(b'I', file.revision.as_bytes());
    for (tag, ids) in [(b'P', &file.down_revisions), (b'R', &file.depends_on)] {
        let mut ids: Vec<&String> = ids.iter().collect();
        ids.sort();
        for id in ids {
            hash.fact(tag, id.as_bytes());
        }
    }
    if let Some(operations) = &file.operations {
        operations.add_to(&mut hash);
        return hash.finish();
    }
    if let Some(client) = &file.client {
        client.add_to(&file.text, &mut hash);
        return hash.finish();
    }
    let mut sections: Vec<(&Section, Vec<DialectName>)> = Vec::new();
    for section in &file.sections {
        let mut dialects = section.dialects.clone();
        dialects.sort();
        sections.push((section, dialects));
    }
    sections.sort_by_key(|(section, dialects)| (section.direction == Direction::Down, dialects.clone()));
    for (section, dialects) in sections {
        hash.fact(b'B', if section.direction == Direction::Up { b"up" } else { b"down" });
        for dialect in &dialects {
            hash.fact(b'O', dialect.as_str().as_bytes());
        }
        if let Some(transactional) = section.transactional {
            hash.fact(b'X', if transactional { b"true" } else { b"false" });
        }
        let body = file.body(section);
        for dialect in if dialects.is_empty() { &DialectName::ALL[..] } else { &dialects[..] } {
            hash.script(*dialect, body);
        }
    }
    hash.finish()
}
