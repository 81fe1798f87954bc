//! PostgreSQL's spelling (manual, "Lexical Structure"), with `standard_conforming_strings` on, as it is by default.

use crate::dialect::lexer::{DoubleQuote, LexRules};

/// How PostgreSQL spells comments, strings, names and operators.
pub(crate) const RULES: LexRules = LexRules {
    hash_comments: false,
    dash_needs_space: false,
    nested_comments: true,
    open_comment_allowed: false,
    executable_comments: false,
    hints: true,
    dollar_quotes: true,
    backslash_strings: false,
    double_quote: DoubleQuote::Name,
    backticks: false,
    brackets: false,
    string_prefixes: b"ebxn",
    escape_strings: true,
    operators: &[],
};
