//! SQLite.

pub(crate) mod classify;
pub(crate) mod guard;
pub(crate) mod lex;
pub(crate) mod literal;
pub(crate) mod render;
pub(crate) mod split;
