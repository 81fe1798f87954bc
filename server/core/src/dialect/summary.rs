//! The first words of a statement.

use super::DialectName;
use super::lexer::Lexer;
use super::splitter::rules;
use super::token::TokenKind;

/// Longest summary, in characters.
const LENGTH: usize = 60;

/// The first words of a statement on one line, for progress: about 60 characters, comments left out, white space
/// folded, `…` where something is missing.
pub fn summary(dialect: DialectName, statement: &str) -> String {
    let mut lexer = Lexer::new(statement, rules(dialect));
    let mut line = String::new();
    let mut length = 0;
    let mut blank = false;
    while let Some(Ok(token)) = lexer.token() {
        if token.is_blank() || token.kind == TokenKind::Hint {
            blank = true;
            continue;
        }
        let gap = if blank && !line.is_empty() { " " } else { "" };
        for c in gap.chars().chain(statement[token.range()].chars()) {
            let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
            if c == ' ' && line.ends_with(' ') {
                continue;
            }
            if length == LENGTH {
                line.truncate(line.trim_end().len());
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
        blank = false;
    }
    line
}
