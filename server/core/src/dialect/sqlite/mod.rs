//! SQLite.

pub(crate) mod classify;
pub(crate) mod lex;
pub(crate) mod literal;
pub(crate) mod split;
