//! The objects that a statement names.

use super::DialectName;
use super::words::Words;

/// Kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A table, foreign ones too.
    Table,
    /// An index.
    Index,
    /// A view, materialized ones too.
    View,
    /// A trigger, PostgreSQL's event triggers too.
    Trigger,
    /// A procedure.
    Procedure,
    /// A function.
    Function,
    /// An event of MySQL's scheduler.
    Event,
    /// A sequence.
    Sequence,
    /// A database; in MySQL `SCHEMA` is another word for it.
    Database,
    /// A schema of PostgreSQL.
    Schema,
}

impl ObjectKind {
    /// The name as it stands in journals and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Table => "table",
            ObjectKind::Index => "index",
            ObjectKind::View => "view",
            ObjectKind::Trigger => "trigger",
            ObjectKind::Procedure => "procedure",
            ObjectKind::Function => "function",
            ObjectKind::Event => "event",
            ObjectKind::Sequence => "sequence",
            ObjectKind::Database => "database",
            ObjectKind::Schema => "schema",
        }
    }

    fn of(dialect: DialectName, word: &super::words::Word<'_>) -> Option<ObjectKind> {
        const KINDS: &[(&str, ObjectKind)] = &[
            ("TABLE", ObjectKind::Table),
            ("INDEX", ObjectKind::Index),
            ("VIEW", ObjectKind::View),
            ("TRIGGER", ObjectKind::Trigger),
            ("PROCEDURE", ObjectKind::Procedure),
            ("FUNCTION", ObjectKind::Function),
            ("EVENT", ObjectKind::Event),
            ("SEQUENCE", ObjectKind::Sequence),
            ("DATABASE", ObjectKind::Database),
        ];
        if word.is("SCHEMA") {
            let mysql = dialect == DialectName::Mysql;
            return Some(if mysql { ObjectKind::Database } else { ObjectKind::Schema });
        }
        KINDS.iter().find(|(keyword, _)| word.is(keyword)).map(|(_, kind)| *kind)
    }
}

/// An object that a statement names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// What it is.
    pub kind: ObjectKind,
    /// Schema or database, where it was written.
    pub schema: Option<String>,
    /// Name, unquoted and, on PostgreSQL, folded to lower case where it was written without quotes.
    pub name: String,
}

/// The objects that a CREATE, ALTER, DROP, RENAME, TRUNCATE or REINDEX names, in the order in which it names them; of an
/// index or a trigger its table too. Empty for every other statement.
pub fn objects(dialect: DialectName, statement: &str) -> Vec<ObjectRef> {
    let mut words = Words::new(dialect, statement);
    let mut found = Vec::new();
    let Some(verb) = words.next() else { return found };
    let read = if verb.is("CREATE") {
        create(&mut words, &mut found)
    } else if verb.is("ALTER") {
        alter(&mut words, &mut found)
    } else if verb.is("DROP") {
        drop_objects(&mut words, &mut found)
    } else if verb.is("RENAME") {
        rename(&mut words, &mut found)
    } else if verb.is("TRUNCATE") {
        words.eat(&["TABLE"]);
        list(&mut words, ObjectKind::Table, &mut found)
    } else if verb.is("REINDEX") && dialect == DialectName::Postgres {
        reindex(&mut words, &mut found)
    } else {
        None
    };
    // What was read before the words made no sense is still named by the statement.
    let (Some(()) | None) = read;
    found
}

/// The kind of object, past what may stand before it (OR REPLACE, TEMPORARY, DEFINER = a@b, …).
fn kind(words: &mut Words<'_>) -> Option<ObjectKind> {
    // The longest that the grammars allow: OR REPLACE ALGORITHM = x DEFINER = a @ b SQL SECURITY INVOKER VIEW.
    for _ in 0..16 {
        let word = words.next()?;
        if let Some(kind) = ObjectKind::of(words.dialect(), &word) {
            let event_trigger = kind == ObjectKind::Event && words.eat(&["TRIGGER"]);
            return Some(if event_trigger { ObjectKind::Trigger } else { kind });
        }
        if word.is_any(&["TYPE", "EXTENSION", "ROLE", "USER", "RULE", "POLICY", "DOMAIN", "SERVER", "AS"]) {
            return None;
        }
    }
    None
}

fn one(words: &mut Words<'_>, kind: ObjectKind, found: &mut Vec<ObjectRef>) -> Option<()> {
    let (schema, name) = words.name()?;
    found.push(ObjectRef { kind, schema, name });
    Some(())
}

fn list(words: &mut Words<'_>, kind: ObjectKind, found: &mut Vec<ObjectRef>) -> Option<()> {
    loop {
        words.eat(&["ONLY"]);
        one(words, kind, found)?;
        words.eat_symbol("*");
        if kind == ObjectKind::Function || kind == ObjectKind::Procedure {
            skip_arguments(words);
        }
        if !words.eat_symbol(",") {
            return Some(());
        }
    }
}

fn skip_arguments(words: &mut Words<'_>) {
    if !words.peek_symbol("(") {
        return;
    }
    let mut depth = 0u32;
    for word in words.by_ref() {
        match word.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

fn create(words: &mut Words<'_>, found: &mut Vec<ObjectRef>) -> Option<()> {
    let kind = kind(words)?;
    words.eat(&["CONCURRENTLY"]);
    words.eat_all(&["IF", "NOT", "EXISTS"]);
    match kind {
        ObjectKind::Index => {
            // PostgreSQL's `CREATE INDEX ON t (a)` leaves the name to the server.
            if !words.peek_is(&["ON"]) {
                one(words, kind, found)?;
            }
            words.skip_to(&["ON"]);
            words.eat(&["ONLY"]);
            one(words, ObjectKind::Table, found)
        }
        ObjectKind::Trigger => {
            one(words, kind, found)?;
            words.skip_to(&["ON"]);
            one(words, ObjectKind::Table, found)
        }
        ObjectKind::Schema if words.peek_is(&["AUTHORIZATION"]) => None,
        _ => one(words, kind, found),
    }
}

fn alter(words: &mut Words<'_>, found: &mut Vec<ObjectRef>) -> Option<()> {
    let kind = kind(words)?;
    words.eat_all(&["IF", "EXISTS"]);
    words.eat(&["ONLY"]);
    one(words, kind, found)?;
    let schema = found.last().and_then(|object| object.schema.clone());
    if words.dialect() == DialectName::Postgres && kind == ObjectKind::Table {
        let mut ahead = words.clone();
        ahead.eat_symbol("*");
        // A partition that is detached stands in whatever schema it stands in, not in its table's.
        if ahead.eat_all(&["DETACH", "PARTITION"]) {
            return one(&mut ahead, ObjectKind::Table, found);
        }
    }
    // ALTER TABLE a RENAME TO b names b as well; RENAME COLUMN, INDEX, KEY and CONSTRAINT rename parts.
    while words.skip_to(&["RENAME"]) {
        if words.peek_is(&["COLUMN", "INDEX", "KEY", "CONSTRAINT"]) {
            continue;
        }
        let marked = words.eat(&["TO", "AS"]) || words.eat_symbol("=");
        let mut ahead = words.clone();
        let Some((written, name)) = ahead.name() else { continue };
        // `RENAME a TO b` renames a column.
        if !marked && ahead.peek_is(&["TO"]) {
            continue;
        }
        found.push(ObjectRef { kind, schema: written.or_else(|| schema.clone()), name });
    }
    Some(())
}

fn drop_objects(words: &mut Words<'_>, found: &mut Vec<ObjectRef>) -> Option<()> {
    let kind = kind(words)?;
    words.eat(&["CONCURRENTLY"]);
    words.eat_all(&["IF", "EXISTS"]);
    list(words, kind, found)?;
    let parted = matches!(kind, ObjectKind::Index | ObjectKind::Trigger);
    if parted && words.eat(&["ON"]) {
        one(words, ObjectKind::Table, found)?;
    }
    Some(())
}

fn reindex(words: &mut Words<'_>, found: &mut Vec<ObjectRef>) -> Option<()> {
    if words.peek_symbol("(") {
        skip_arguments(words);
    }
    let word = words.next()?;
    let system = word.is("SYSTEM");
    let kind = if system { ObjectKind::Database } else { ObjectKind::of(words.dialect(), &word)? };
    words.eat(&["CONCURRENTLY"]);
    one(words, kind, found)
}

fn rename(words: &mut Words<'_>, found: &mut Vec<ObjectRef>) -> Option<()> {
    if !words.eat(&["TABLE", "TABLES"]) {
        return None;
    }
    words.eat_all(&["IF", "EXISTS"]);
    loop {
        one(words, ObjectKind::Table, found)?;
        // MariaDB: a lock timeout may stand in between (WAIT n, NOWAIT).
        words.skip_to(&["TO"]);
        one(words, ObjectKind::Table, found)?;
        if !words.eat_symbol(",") {
            return Some(());
        }
    }
}
