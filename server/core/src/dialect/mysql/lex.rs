//! The spelling of MySQL and MariaDB (manual, "Language Structure"), with the default `sql_mode`: neither
//! `ANSI_QUOTES` nor `NO_BACKSLASH_ESCAPES`.

use crate::dialect::lexer::{DoubleQuote, LexRules};

/// How MySQL and MariaDB spell comments, strings, names and operators.
pub(crate) const RULES: LexRules = LexRules {
    hash_comments: true,
    dash_needs_space: true,
    nested_comments: false,
    open_comment_allowed: false,
    executable_comments: true,
    hints: true,
    dollar_quotes: false,
    backslash_strings: true,
    double_quote: DoubleQuote::Text,
    backticks: true,
    brackets: false,
    string_prefixes: b"xbn",
    escape_strings: false,
    operators: &["<=>", "->>", "<=", ">=", "<>", "!=", "<<", ">>", "||", "&&", ":=", "->", "@@"],
};
