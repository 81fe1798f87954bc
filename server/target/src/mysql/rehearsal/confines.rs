//! What a statement may reach from a copy: the copy. In doubt it is not executed: a rehearsal that leaves a statement out
//! says so, one that touches the target is worth nothing.

use super::lex::{Token, tokens};
use crate::Script;
use std::collections::HashSet;

/// Statements that change tables, rows, programs or the session, wherever they name nothing else.
const VERBS: &[&str] = &[
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "CASE",
    "CHECK",
    "CHECKSUM",
    "COMMIT",
    "CREATE",
    "DEALLOCATE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DO",
    "DROP",
    "EXECUTE",
    "EXPLAIN",
    "FOR",
    "GET",
    "HANDLER",
    "IF",
    "INSERT",
    "LOAD",
    "LOCK",
    "LOOP",
    "OPTIMIZE",
    "PREPARE",
    "RELEASE",
    "RENAME",
    "REPAIR",
    "REPEAT",
    "REPLACE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "SIGNAL",
    "START",
    "TABLE",
    "TRUNCATE",
    "UNLOCK",
    "UPDATE",
    "VALUES",
    "WHILE",
    "WITH",
];

/// Words of statements on the server, which may stand in a body too.
const OF_SERVER: &[&str] = &[
    "BACKUP",
    "BINLOG",
    "FLUSH",
    "GRANT",
    "INSTALL",
    "KILL",
    "PURGE",
    "REVOKE",
    "SHUTDOWN",
    "UNINSTALL",
    "XA",
];

/// What CREATE, ALTER, DROP and RENAME do that belongs to no schema.
const BEYOND: &[&str] = &[
    "DATABASE",
    "INSTANCE",
    "LOGFILE",
    "RESOURCE",
    "ROLE",
    "SCHEMA",
    "SERVER",
    "TABLESPACE",
    "UNDO",
    "USER",
];

/// Storage engines whose tables are wholly in their database.
const ENGINES: &[&str] = &[
    "ARCHIVE",
    "ARIA",
    "BLACKHOLE",
    "CSV",
    "HEAP",
    "INNODB",
    "MEMORY",
    "MYISAM",
    "NDB",
    "NDBCLUSTER",
    "ROCKSDB",
    "TOKUDB",
];

/// Those that reach elsewhere.
const REACHING: &[&str] =
    &["CONNECT", "FEDERATED", "FEDERATEDX", "MERGE", "MRG_MYISAM", "OQGRAPH", "S3", "SPHINX", "SPIDER"];

/// Where nobody can write.
const READ_ONLY: &str = "information_schema";

/// How deep a literal may hold a statement with a literal.
const DEEP: u32 = 3;

/// What sessions on a copy are kept to.
#[derive(Debug)]
pub(in crate::mysql) struct Confines {
    /// The target's database, folded.
    original: String,
    /// All other databases of the server that this user sees, folded.
    others: HashSet<String>,
}

impl Confines {
    /// For a copy of `original`; `databases` are those of the server, before the copy was made.
    pub(super) fn new(original: &str, copy: &str, databases: Vec<String>) -> Confines {
        let original = original.to_lowercase();
        let mut others: HashSet<String> = databases.iter().map(|name| name.to_lowercase()).collect();
        for own in [original.as_str(), copy, READ_ONLY] {
            others.remove(own);
        }
        Confines { original, others }
    }

    /// Why a statement is not to be executed in the copy, if it is not.
    pub(in crate::mysql) fn why_not(&self, statement: &str) -> Option<String> {
        self.looked_into(statement, DEEP)
    }

    /// The same for all of a script: what hangs on a statement that is left out is left out with it.
    pub(super) fn left_out(&self, script: &Script) -> Vec<Option<String>> {
        let mut elsewhere: Option<String> = None;
        let mut unprepared: HashSet<String> = HashSet::new();
        let mut why = |text: &str| {
            let words = tokens(text, true);
            if let [first, named, ..] = words.as_slice()
                && first.is(&["USE"])
            {
                let named = named.name().unwrap_or_default();
                if named == self.original {
                    elsewhere = None;
                    return Some(String::new());
                }
                elsewhere = Some(named.clone());
                return Some(format!("for it leads to database {named}"));
            }
            if let Some(database) = &elsewhere {
                return Some(format!("for it is meant for database {database}"));
            }
            let handle = handle(&words);
            if handle.as_ref().is_some_and(|name| unprepared.contains(name))
                && !words.first().is_some_and(|verb| verb.is(&["PREPARE"]))
            {
                return Some("for what it executes was not prepared".to_owned());
            }
            let why = self.why_not(text);
            if let (Some(handle), true) = (handle, words.first().is_some_and(|verb| verb.is(&["PREPARE"]))) {
                match why.is_some() {
                    true => unprepared.insert(handle),
                    false => unprepared.remove(&handle),
                };
            }
            why
        };
        script.statements.iter().map(|statement| why(script.sql(statement))).collect()
    }

    /// Both meanings of a backslash are tried: which one it has hangs on the session's `sql_mode`.
    fn looked_into(&self, statement: &str, deep: u32) -> Option<String> {
        let mut why = self.of_tokens(&tokens(statement, true), deep);
        if why.is_none() && statement.contains('\\') {
            why = self.of_tokens(&tokens(statement, false), deep);
        }
        why
    }

    fn of_tokens(&self, all: &[Token], deep: u32) -> Option<String> {
        self.named(all)
            .or_else(|| verb(all))
            .or_else(|| of_server(all))
            .or_else(|| table_options(all))
            .or_else(|| self.dynamic(all, deep))
    }

    /// A name that is qualified with a database other than the copy.
    fn named(&self, all: &[Token]) -> Option<String> {
        let dotted = all.windows(2).filter(|pair| pair[1].is_sign('.')).filter_map(|pair| pair[0].name());
        for name in dotted {
            if name == self.original {
                return Some(format!("for it names the target's database, {name}"));
            }
            if self.others.contains(&name) {
                return Some(format!("for it names database {name}"));
            }
        }
        None
    }

    /// A statement that stands in a string is looked into; one that is put together cannot be.
    fn dynamic(&self, all: &[Token], deep: u32) -> Option<String> {
        for (at, token) in all.iter().enumerate() {
            let text = match all.get(at + 1) {
                Some(next) if token.is(&["EXECUTE"]) && next.is(&["IMMEDIATE"]) => at + 2,
                Some(next)
                    if token.is(&["PREPARE"])
                        && next.name().is_some()
                        && all.get(at + 2).is_some_and(|from| from.is(&["FROM"])) =>
                {
                    at + 3
                }
                _ => continue,
            };
            let whole =
                all.get(text + 1).is_none_or(|behind| behind.is_sign(';') || behind.is(&["USING", "END"]));
            let literal = match all.get(text) {
                Some(Token::Text(text) | Token::Quoted(text)) if whole && deep > 0 => text,
                _ => return Some("for it executes a text that is put together while it runs".to_owned()),
            };
            if let Some(why) = self.looked_into(literal, deep - 1) {
                return Some(why);
            }
        }
        None
    }
}

/// The statement that PREPARE makes, and EXECUTE and DEALLOCATE name.
fn handle(words: &[Token]) -> Option<String> {
    match words {
        [verb, name, ..] if verb.is(&["PREPARE", "EXECUTE"]) && !name.is(&["IMMEDIATE"]) => name.name(),
        [verb, prepare, name, ..] if verb.is(&["DEALLOCATE", "DROP"]) && prepare.is(&["PREPARE"]) => {
            name.name()
        }
        _ => None,
    }
}

/// A statement that does not begin as those do that stay in a schema.
fn verb(all: &[Token]) -> Option<String> {
    let first = all.iter().find(|token| !token.is_sign('('))?;
    // A label may stand before a block.
    if first.is(VERBS) || first.name().is_some() && all.get(1).is_some_and(|colon| colon.is_sign(':')) {
        return None;
    }
    let Token::Word(word) = first else { return Some("for it cannot be told what it does".to_owned()) };
    Some(format!("for {word} reaches beyond the schema"))
}

/// What changes the server, wherever it stands in a statement.
fn of_server(all: &[Token]) -> Option<String> {
    let beyond = |what: &str| Some(format!("for {what} reaches beyond the schema"));
    let word_at = |at: usize, words: &[&str]| all.get(at).is_some_and(|token| token.is(words));
    let is_body = all.first().is_some_and(|token| token.is(&["CREATE", "ALTER"]))
        && all
            .iter()
            .take(16)
            .any(|token| token.is(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"]))
        || all.iter().any(|token| token.is_sign(';'));
    let sets = all.iter().any(|token| token.is(&["SET"]));
    for (at, token) in all.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let before = at.checked_sub(1).and_then(|before| all.get(before));
        if before.is_some_and(|before| before.is_sign('.')) {
            continue;
        }
        if is_body && OF_SERVER.contains(&word.as_str()) {
            return beyond(word);
        }
        let pair = match word.as_str() {
            "CREATE" | "ALTER" | "DROP" | "RENAME" => {
                let skipped =
                    all[at + 1..].iter().take_while(|next| next.is(&["OR", "REPLACE", "UNDO"])).count();
                // UNDO TABLESPACE, and RESOURCE GROUP.
                word_at(at + 1 + skipped, BEYOND)
            }
            "CHANGE" => word_at(at + 1, &["MASTER", "REPLICATION"]),
            "START" | "STOP" => word_at(at + 1, &["ALL", "GROUP_REPLICATION", "REPLICA", "SLAVE"]),
            "RESET" => word_at(at + 1, &["BINARY", "MASTER", "PERSIST", "QUERY", "REPLICA", "SLAVE"]),
            "SET" => word_at(at + 1, &["DEFAULT", "PASSWORD", "ROLE"]) && is_statement(before),
            "GLOBAL" | "PERSIST" | "PERSIST_ONLY" => {
                sets && before.is_some_and(|b| b.is(&["SET"]) || b.is_sign(',') || b.is_sign('@'))
            }
            "OUTFILE" | "DUMPFILE" => before.is_some_and(|before| before.is(&["INTO"])),
            "SONAME" => true,
            _ => false,
        };
        if pair {
            return beyond(word);
        }
    }
    None
}

/// Whether a statement may begin behind that token.
fn is_statement(before: Option<&Token>) -> bool {
    before.is_none_or(|before| {
        before.is_sign(';') || before.is(&["ATOMIC", "BEGIN", "DO", "ELSE", "LOOP", "REPEAT", "ROW", "THEN"])
    })
}

/// Tables that are, or whose files are, somewhere else.
fn table_options(all: &[Token]) -> Option<String> {
    if !all.iter().any(|token| token.is(&["CREATE", "ALTER"])) {
        return None;
    }
    for (at, token) in all.iter().enumerate() {
        let next = |ahead: usize| all.get(at + ahead);
        if token.is(&["ENGINE"]) {
            let given = next(1).is_some_and(|sign| sign.is_sign('='));
            let value = next(1 + usize::from(given)).and_then(Token::name).unwrap_or_default().to_uppercase();
            if REACHING.contains(&value.as_str()) || given && !ENGINES.contains(&value.as_str()) {
                return Some(format!("for tables of engine {value} may reach out of their database"));
            }
        }
        if token.is(&["DATA", "INDEX"]) && next(1).is_some_and(|word| word.is(&["DIRECTORY"])) {
            return Some("for its files would be outside of the copy".to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests;
