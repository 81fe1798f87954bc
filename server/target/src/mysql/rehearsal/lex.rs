//! The words of a statement, for who asks what it may reach. Executable comments count as what stands in them.

/// A word or sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or keyword without quotes, in upper case.
    Word(String),
    /// A name in backticks or double quotes, as it is meant.
    Quoted(String),
    /// A string in single quotes, or in double quotes where it is none that a name could be; as it is meant.
    Text(String),
    /// Any other character.
    Sign(char),
}

impl Token {
    /// Whether it is one of these keywords.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        matches!(self, Token::Word(word) if words.contains(&word.as_str()))
    }

    /// Whether it is that sign.
    pub(super) fn is_sign(&self, sign: char) -> bool {
        matches!(self, Token::Sign(found) if *found == sign)
    }

    /// The name that it may be, folded.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Token::Word(name) | Token::Quoted(name) => Some(name.to_lowercase()),
            Token::Text(_) | Token::Sign(_) => None,
        }
    }
}

/// The tokens of a text. What a backslash in a string means hangs on `sql_mode`, which a revision may set.
pub(super) fn tokens(text: &str, backslashes: bool) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '`' | '"' | '\'' => {
                let (meant, length) = quoted(rest, first, backslashes && first != '`');
                found.push(if first == '\'' { Token::Text(meant) } else { Token::Quoted(meant) });
                length
            }
            '#' => line(rest),
            '-' if rest.starts_with("--")
                && rest[2..].chars().next().is_none_or(|c| c.is_whitespace() || c.is_control()) =>
            {
                line(rest)
            }
            '/' if rest.starts_with("/*!") => marker(rest, 3),
            '/' if rest.starts_with("/*M!") => marker(rest, 4),
            '/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            // The end of an executable comment.
            '*' if rest.starts_with("*/") => 2,
            c if c.is_whitespace() => c.len_utf8(),
            c if is_word(c) => {
                let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
                found.push(Token::Word(rest[..length].to_uppercase()));
                length
            }
            c => {
                found.push(Token::Sign(c));
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || c >= '\u{80}'
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The length of what opens an executable comment, with the version that it is for.
fn marker(text: &str, opening: usize) -> usize {
    opening + text[opening..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - opening)
}

/// What is quoted at the beginning, and how long that is.
fn quoted(text: &str, quote: char, backslashes: bool) -> (String, usize) {
    let mut meant = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && backslashes {
            meant.extend(characters.next().map(|(_, escaped)| escaped));
        } else if c != quote || characters.next_if(|(_, next)| *next == quote).is_some() {
            meant.push(c);
        } else {
            return (meant, at + c.len_utf8());
        }
    }
    (meant, text.len())
}
