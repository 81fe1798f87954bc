//! What must hold of a pair: there, a second look, back, and the rows.

use super::draw::{Choices, Drawn, Pair, Side};
use super::kept::{self, Kept};
use crate::harness::{Database, Engine};
use migrated_core::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::{Operation, Server};
use migrated_core::schema::{DefaultValue, Schema};
use migrated_target::{InspectOptions, TargetSpec};
use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

/// What does not hold, and what shows it.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: &'static str,
    pub(super) shown: String,
}

/// What came of a pair that holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// Operations that were executed, both ways.
    pub(super) operations: usize,
    /// Tables whose rows were there all along.
    pub(super) kept: usize,
    /// Whether the engine refused the change because of what the rows hold; it was made without them then.
    pub(super) refused: bool,
}

/// The laws, on an engine.
pub(super) struct Round<'a> {
    pub(super) engine: Engine,
    pub(super) runtime: &'a tokio::runtime::Runtime,
    pub(super) draw: fn(&Choices<'_>) -> Drawn,
}

fn broken(what: &'static str, shown: impl Into<String>) -> Broken {
    Broken { what, shown: shown.into() }
}

impl Round<'_> {
    /// One side, with the choices that made it.
    pub(super) fn drawn(&self, pair: &Pair, side: Side) -> (Drawn, BTreeMap<String, u64>) {
        let choices = Choices::new(pair, side);
        let drawn = (self.draw)(&choices);
        (drawn, choices.made())
    }

    /// Takes a pair there and back.
    pub(super) fn take(&self, pair: &Pair) -> Result<Held, Broken> {
        let (before, _) = self.drawn(pair, Side::Before);
        let (after, _) = self.drawn(pair, Side::After);
        let second = self.made(&after)?;
        let wanted = self.inspect(&second);
        second.removed();
        let (wanted, _) = wanted?;
        let rules = Rules { partitions: pair.divides(), ..Rules::default() };
        match self.there_and_back(&before, &wanted, &rules, true) {
            Err(Broken { what: "refused over rows", .. }) => {
                let held = self.there_and_back(&before, &wanted, &rules, false)?;
                Ok(Held { refused: true, ..held })
            }
            verdict => verdict,
        }
    }

    fn there_and_back(
        &self,
        before: &Drawn,
        wanted: &Schema,
        rules: &Rules,
        rows: bool,
    ) -> Result<Held, Broken> {
        let database = self.made(before)?;
        let verdict = self.on(&database, before, wanted, rules, rows);
        database.removed();
        verdict
    }

    fn on(
        &self,
        database: &Database,
        before: &Drawn,
        wanted: &Schema,
        rules: &Rules,
        rows: bool,
    ) -> Result<Held, Broken> {
        let (first, server) = self.inspect(database)?;
        let kept = match rows {
            true => kept::fill(database, before, &first, wanted).map_err(|e| broken("rows not taken", e))?,
            false => Kept::default(),
        };
        let found = diff(&first, wanted, rules).operations;
        let made = applied(&first, &found)?;
        alike("in memory", &made, wanted, &found, &server)?;
        reversed(&first, wanted, &found, &server)?;

        self.execute(database, &found, &server, &kept, "upgrade")?;
        let (there, _) = self.inspect(database)?;
        alike("upgrade", &there, wanted, &found, &server)?;
        let again = diff(&there, wanted, rules).operations;
        if !again.is_empty() {
            return Err(broken("second look", story(&again, &server)));
        }
        kept.are_there(database)
            .map_err(|e| broken("rows lost", format!("{e}\n{}", story(&found, &server))))?;

        let back = diff(&there, &first, rules).operations;
        self.execute(database, &back, &server, &kept, "downgrade")?;
        let (home, _) = self.inspect(database)?;
        alike("downgrade", &home, &first, &back, &server)?;
        kept.are_there(database)
            .map_err(|e| broken("rows lost on the way back", format!("{e}\n{}", story(&back, &server))))?;
        Ok(Held { operations: found.len() + back.len(), kept: kept.len(), refused: false })
    }

    fn made(&self, drawn: &Drawn) -> Result<Database, Broken> {
        let database = Database::new(self.engine).expect("the server was there");
        match database.try_sql(&drawn.script()) {
            Ok(_) => Ok(database),
            Err(why) => {
                database.removed();
                Err(broken("not made", format!("{why}\n{}", drawn.script())))
            }
        }
    }

    fn inspect(&self, database: &Database) -> Result<(Schema, Server), Broken> {
        let target = migrated_target::open(&TargetSpec::new(database.url())).expect("a URL");
        let options = InspectOptions { all_schemas: true, ..InspectOptions::default() };
        let read = self.runtime.block_on(target.inspect(&options));
        read.map(|read| (read.schema, read.server)).map_err(|e| broken("not read", format!("{e:?}")))
    }

    /// Executes operations as a revision is executed: in a transaction, where the engine has such.
    fn execute(
        &self,
        database: &Database,
        operations: &[Operation],
        server: &Server,
        kept: &Kept,
        what: &'static str,
    ) -> Result<(), Broken> {
        if operations.is_empty() {
            return Ok(());
        }
        let mut statements = Vec::new();
        for operation in operations {
            let rendered = operation.render(server);
            statements.extend(rendered.map_err(|e| {
                broken("not rendered", format!("{}: {e}\n{operation:#?}", operation.summary()))
            })?);
        }
        let Err(why) = database.try_sql(&script(server.dialect, &statements)) else { return Ok(()) };
        if kept.explain(&why) {
            // Without a transaction what was done stays done.
            if server.dialect != DialectName::Mysql {
                kept.are_there(database).map_err(|e| broken("rows lost by a failure", e))?;
            }
            return Err(broken("refused over rows", why));
        }
        Err(broken(what, format!("{why}\n{}", story(operations, server))))
    }
}

fn script(dialect: DialectName, statements: &[String]) -> String {
    let body: String = match dialect {
        DialectName::Mysql => statements.iter().map(|one| format!("{one}\n//\n")).collect(),
        _ => statements.iter().map(|one| format!("{one};\n")).collect(),
    };
    match dialect {
        // psql makes one transaction of it.
        DialectName::Postgres => body,
        DialectName::Mysql => format!("DELIMITER //\n{body}"),
        DialectName::Sqlite => {
            format!("PRAGMA foreign_keys = OFF;\nBEGIN;\n{body}COMMIT;\n")
        }
    }
}

fn applied(from: &Schema, operations: &[Operation]) -> Result<Schema, Broken> {
    let mut schema = from.clone();
    for operation in operations {
        operation
            .apply(&mut schema)
            .map_err(|e| broken("not applied", format!("{}: {e}\n{operation:#?}", operation.summary())))?;
    }
    Ok(schema)
}

fn reversed(first: &Schema, wanted: &Schema, found: &[Operation], server: &Server) -> Result<(), Broken> {
    let mut back = Vec::new();
    for operation in found.iter().rev() {
        back.push(operation.reverse().map_err(|e| broken("not reversed", e.to_string()))?);
    }
    alike("reversed in memory", &applied(wanted, &back)?, first, &back, server)
}

/// A schema without the order of columns and constraints, which a change need not keep.
fn unordered(schema: &Schema) -> Schema {
    fn by_text<T: Debug>(list: &mut [T]) {
        list.sort_by_cached_key(|part| format!("{part:?}"));
    }
    let mut schema = schema.clone();
    for table in schema.tables.iter_mut() {
        for default in table.columns.iter_mut().filter_map(|column| column.default.as_mut()) {
            // A number as it is, or in quotes and cast to the column's type: what is alike stays as it was.
            if let DefaultValue::Sql(text) = default
                && let Some((number, _)) = text.strip_prefix('\'').and_then(|text| text.split_once("'::"))
                && number.parse::<i64>().is_ok()
            {
                *text = number.to_owned();
            }
        }
        for column in table.columns.iter_mut().filter(|column| column.charset == table.options.charset) {
            column.charset = None;
        }
        for column in table.columns.iter_mut().filter(|column| column.collation == table.options.collation) {
            column.collation = None;
        }
        table.columns.sort_by(|a, b| a.name.cmp(&b.name));
        by_text(&mut table.uniques);
        by_text(&mut table.checks);
        by_text(&mut table.foreign_keys);
        by_text(&mut table.excludes);
    }
    schema
}

fn alike(
    what: &'static str,
    is: &Schema,
    wanted: &Schema,
    operations: &[Operation],
    server: &Server,
) -> Result<(), Broken> {
    let (is, wanted) = (unordered(is), unordered(wanted));
    if is == wanted {
        return Ok(());
    }
    let (is, wanted) = (format!("{is:#?}"), format!("{wanted:#?}"));
    Err(broken(what, format!("{}{}", differing(&wanted, &is), story(operations, server))))
}

/// The lines of two texts around which they differ: `-` is wanted, `+` is there.
fn differing(wanted: &str, is: &str) -> String {
    let (wanted, is): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), is.lines().collect());
    let start = wanted.iter().zip(&is).take_while(|(a, b)| a == b).count();
    let ends = wanted.iter().rev().zip(is.iter().rev()).take_while(|(a, b)| a == b).count();
    let end = ends.min(wanted.len() - start).min(is.len() - start);
    let mut out = String::new();
    for line in &wanted[start.saturating_sub(6)..start] {
        let _ = writeln!(out, "  {line}");
    }
    for (mark, lines) in [("-", &wanted[start..wanted.len() - end]), ("+", &is[start..is.len() - end])] {
        for line in lines.iter().take(60) {
            let _ = writeln!(out, "{mark} {line}");
        }
    }
    out
}

fn story(operations: &[Operation], server: &Server) -> String {
    let mut out = String::new();
    for operation in operations {
        let _ = writeln!(out, "-- {}", operation.summary());
        for statement in operation.render(server).unwrap_or_default() {
            let _ = writeln!(out, "{statement};");
        }
    }
    out
}
