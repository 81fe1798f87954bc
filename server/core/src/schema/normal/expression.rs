//! Expressions of PostgreSQL: two texts are alike when the server reads the same tree from them. The tree is written
//! with all its parentheses, so that those that a person left out, or put in, make no difference.
//!
//! The server's own text is read with the same eyes, and what it prints it reads again as it was. So a text that gives
//! the tree of the printed one is printed so itself. What is not understood here is compared word by word.

use super::words::{Word, is_operator, words};
use super::{Texts, binds};
use crate::DialectName;
use crate::dialect::{SqlWord, WordKind};

/// Expressions nested deeper are left to the server.
const DEEPEST: u32 = 100;

impl Texts<'_> {
    /// Whether the server prints `old` for `new`.
    pub(super) fn same_expression(&self, old: &str, new: &str) -> bool {
        if old == new {
            return true;
        }
        if self.dialect != DialectName::Postgres {
            return false;
        }
        match (self.tree(old), self.tree(new)) {
            (Some(old), Some(new)) => old == new,
            _ => self.same_words(old, new),
        }
    }

    /// Whether two texts of PostgreSQL are the same words, whatever stands between them.
    pub(super) fn same_words(&self, old: &str, new: &str) -> bool {
        if old == new {
            return true;
        }
        let same =
            || Some(words(old.trim().trim_end_matches(';'))? == words(new.trim().trim_end_matches(';'))?);
        self.dialect == DialectName::Postgres && same() == Some(true)
    }

    fn tree(&self, text: &str) -> Option<String> {
        let words = words(text)?;
        let mut reader = Reader { texts: self, words: &words, at: 0, depth: 0, array: Vec::new() };
        let tree = reader.expression(0)?;
        (reader.at == words.len()).then_some(tree)
    }
}

struct Reader<'a> {
    texts: &'a Texts<'a>,
    words: &'a [Word],
    at: usize,
    depth: u32,
    /// The elements of the array that was read last.
    array: Vec<String>,
}

/// Words that begin or go on with something else than an operand.
const NO_OPERAND: &[&str] = &[
    "select",
    "with",
    "values",
    "distinct",
    "order",
    "variadic",
    "from",
    "as",
    "when",
    "then",
    "else",
    "end",
    "and",
    "or",
    "in",
    "is",
    "like",
    "ilike",
    "between",
    "similar",
    "exists",
    "row",
    "any",
    "all",
    "some",
    "using",
    "collate",
    "over",
    "filter",
    "within",
    "escape",
    "at",
    "for",
    "union",
    "except",
    "intersect",
    "default",
    "not",
    "case",
];

impl Reader<'_> {
    fn is(&self, ahead: usize, text: &str) -> bool {
        let word = self.words.get(self.at + ahead);
        word.is_some_and(|w| matches!(w.kind, WordKind::Word | WordKind::Symbol) && w.text == text)
    }

    fn eat(&mut self, text: &str) -> bool {
        let there = self.is(0, text);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.eat(text).then_some(())
    }

    fn expression(&mut self, least: u8) -> Option<String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut left = self.operand()?;
        while let Some(next) = self.go_on(&left, least)? {
            left = next;
        }
        self.depth -= 1;
        Some(left)
    }

    /// What stands behind an operand and binds at least so much: the outer `None` where it is not understood, the
    /// inner one where there is nothing.
    fn go_on(&mut self, left: &str, least: u8) -> Option<Option<String>> {
        let Some(word) = self.words.get(self.at) else { return Some(None) };
        let negated = word.kind == WordKind::Word && word.text == "not";
        let key = if negated { self.words.get(self.at + 1)? } else { word };
        if !matches!(key.kind, WordKind::Word | WordKind::Symbol) {
            return None;
        }
        let binds = match key.text.as_str() {
            "or" => binds::OR,
            "and" => binds::AND,
            "is" => binds::IS,
            "between" | "like" | "ilike" => binds::RANGE,
            "<" | ">" | "=" | "<=" | ">=" | "<>" => binds::COMPARE,
            "+" | "-" => binds::SUM,
            "*" | "/" | "%" => binds::PRODUCT,
            "^" => binds::POWER,
            "at" => binds::ZONE,
            "collate" => binds::COLLATE,
            "[" => binds::SUBSCRIPT,
            "::" => binds::CAST,
            ")" | "]" | "," | "when" | "then" | "else" | "end" | "as" => return Some(None),
            text if is_operator(text) => binds::OTHER,
            _ => return None,
        };
        if negated && binds != binds::RANGE {
            return None;
        }
        if binds <= least {
            return Some(None);
        }
        let operator = key.text.clone();
        self.at += 1 + usize::from(negated);
        let told = match binds {
            binds::IS => {
                let not = if self.eat("not") { "not " } else { "" };
                if self.eat("distinct") {
                    self.expect("from")?;
                    format!("({left} is {not}distinct from {})", self.expression(binds::IS)?)
                } else {
                    let what =
                        ["null", "true", "false", "unknown"].into_iter().find(|what| self.eat(what))?;
                    format!("({left} is {not}{what})")
                }
            }
            // The server reads it as the two comparisons that it stands for.
            binds::RANGE if operator == "between" => {
                if self.is(0, "symmetric") || self.is(0, "asymmetric") {
                    return None;
                }
                let low = self.expression(binds::RANGE)?;
                self.expect("and")?;
                let high = self.expression(binds::RANGE)?;
                match negated {
                    true => format!("(({left} < {low}) or ({left} > {high}))"),
                    false => format!("(({left} >= {low}) and ({left} <= {high}))"),
                }
            }
            binds::RANGE => {
                let right = self.expression(binds::RANGE)?;
                if self.is(0, "escape") {
                    return None;
                }
                format!("({left} {}{operator} {right})", if negated { "not " } else { "" })
            }
            binds::ZONE => {
                self.expect("time")?;
                self.expect("zone")?;
                format!("({left} at time zone {})", self.expression(binds::ZONE)?)
            }
            binds::COLLATE => format!("({left} collate {})", self.name()?),
            binds::SUBSCRIPT => {
                let place = self.expression(0)?;
                self.expect("]")?;
                format!("{left}[{place}]")
            }
            binds::CAST => {
                let told = self.data_type()?;
                self.cast(left, &told)
            }
            _ => {
                let some =
                    ["any", "all", "some"].into_iter().find(|some| self.is(0, some) && self.is(1, "("));
                match some {
                    Some(some) => {
                        self.at += 2;
                        let list = self.expression(0)?;
                        self.expect(")")?;
                        format!("({left} {operator} {some} ({list}))")
                    }
                    None => format!("({left} {operator} {})", self.expression(binds)?),
                }
            }
        };
        // Comparisons do not follow each other without parentheses.
        if matches!(binds, binds::COMPARE | binds::RANGE) && self.compares() {
            return None;
        }
        Some(Some(told))
    }

    fn compares(&self) -> bool {
        ["<", ">", "=", "<=", ">=", "<>", "between", "like", "ilike", "not"]
            .iter()
            .any(|next| self.is(0, next))
    }

    fn operand(&mut self) -> Option<String> {
        let word = self.words.get(self.at)?.clone();
        self.at += 1;
        match word.kind {
            WordKind::Number => Some(word.text),
            WordKind::Text => Some(word.text),
            WordKind::QuotedName => {
                self.at -= 1;
                self.called()
            }
            WordKind::Symbol => match word.text.as_str() {
                "(" => {
                    let inner = self.expression(0)?;
                    self.expect(")")?;
                    // A field of a row, or a list.
                    if self.is(0, ".") { None } else { Some(inner) }
                }
                "-" | "+" => Some(format!("({} {})", word.text, self.expression(binds::SIGN)?)),
                operator if is_operator(operator) => {
                    Some(format!("({operator} {})", self.expression(binds::OTHER)?))
                }
                _ => None,
            },
            WordKind::Word => match word.text.as_str() {
                "not" => Some(format!("(not {})", self.expression(binds::NOT)?)),
                "case" => self.case(),
                "cast" if self.is(0, "(") => {
                    self.at += 1;
                    let inner = self.expression(0)?;
                    self.expect("as")?;
                    let told = self.data_type()?;
                    self.expect(")")?;
                    Some(self.cast(&inner, &told))
                }
                "array" if self.is(0, "[") => {
                    self.at += 1;
                    self.array = self.elements("]")?;
                    Some(array(&self.array))
                }
                text if NO_OPERAND.contains(&text) => None,
                _ => {
                    self.at -= 1;
                    self.called()
                }
            },
        }
    }

    /// A name, or a call of a function of that name.
    fn called(&mut self) -> Option<String> {
        let name = self.name()?;
        // `date '2026-01-01'`
        if self.words.get(self.at).is_some_and(|next| next.kind == WordKind::Text) {
            return None;
        }
        if !self.eat("(") {
            return Some(name);
        }
        let arguments = if self.is(0, "*") && self.is(1, ")") {
            self.at += 2;
            "*".into()
        } else {
            self.list(")")?
        };
        if ["over", "filter", "within", "."].iter().any(|next| self.is(0, next)) {
            return None;
        }
        Some(format!("{name}({arguments})"))
    }

    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let word = self.words.get(self.at)?;
            if !matches!(word.kind, WordKind::Word | WordKind::QuotedName) {
                return None;
            }
            name.push_str(&word.text);
            self.at += 1;
            if !self.eat(".") {
                return Some(name);
            }
            name.push('.');
        }
    }

    /// A cast; that of an array is one of each of its elements, as the server reads it. It prints some otherwise, which
    /// the comparison takes for the same.
    fn cast(&self, operand: &str, to: &str) -> String {
        let nested = self.array.iter().any(|element| element.starts_with("array["));
        match to.strip_suffix("[]") {
            Some(of) if !self.array.is_empty() && !nested && operand == array(&self.array) => {
                let cast = self.array.iter().map(|element| format!("({element})::{of}"));
                array(&cast.collect::<Vec<_>>())
            }
            _ => format!("({operand})::{to}"),
        }
    }

    /// Expressions up to what closes them.
    fn elements(&mut self, close: &str) -> Option<Vec<String>> {
        let mut list = Vec::new();
        if self.eat(close) {
            return Some(list);
        }
        loop {
            list.push(self.expression(0)?);
            if self.eat(close) {
                return Some(list);
            }
            self.expect(",")?;
        }
    }

    fn list(&mut self, close: &str) -> Option<String> {
        Some(self.elements(close)?.join(", "))
    }

    fn case(&mut self) -> Option<String> {
        let mut told = String::from("(case");
        if !self.is(0, "when") {
            told += &format!(" {}", self.expression(0)?);
        }
        while self.eat("when") {
            let when = self.expression(0)?;
            self.expect("then")?;
            told += &format!(" when {when} then {}", self.expression(0)?);
        }
        if self.eat("else") {
            told += &format!(" else {}", self.expression(0)?);
        }
        self.expect("end")?;
        Some(told + " end)")
    }

    /// A type as the server tells it; one that is not known here as it stands.
    fn data_type(&mut self) -> Option<String> {
        let rest = &self.words[self.at..];
        let words: Vec<SqlWord<'_>> =
            rest.iter().map(|word| SqlWord { kind: word.kind, text: &word.text, start: 0 }).collect();
        if let Some((told, taken)) = self.texts.postgres_type(&words) {
            self.at += taken;
            return Some(told);
        }
        let mut name = self.name()?;
        if self.is(0, "(") || ["varying", "precision", "with", "without"].iter().any(|next| self.is(0, next))
        {
            return None;
        }
        while self.is(0, "[") && self.is(1, "]") {
            self.at += 2;
            name += "[]";
        }
        Some(name)
    }
}

fn array(elements: &[String]) -> String {
    format!("array[{}]", elements.join(", "))
}
