//! SQLite's spelling (its `tokenize.c` is the reference that the documentation points to).

use crate::dialect::lexer::{DoubleQuote, LexRules};

/// How SQLite spells comments, strings, names and operators.
pub(crate) const RULES: LexRules = LexRules {
    hash_comments: false,
    dash_needs_space: false,
    nested_comments: false,
    open_comment_allowed: true,
    executable_comments: false,
    hints: false,
    dollar_quotes: false,
    backslash_strings: false,
    double_quote: DoubleQuote::Name,
    backticks: true,
    brackets: true,
    string_prefixes: b"x",
    escape_strings: false,
    operators: &["->>", "<=", ">=", "<>", "!=", "==", "<<", ">>", "||", "->"],
};
