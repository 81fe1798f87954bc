//! One reading of the schema.

use super::super::connect::{Connected, Place};
use super::super::error;
use super::super::quote::name;
use super::super::wire::Answer;
use super::catalog::{Catalog, Part, Row, questions};
use super::column::Context;
use super::routine::Asked;
use super::{column, constraint, index, sequence, server, table, trigger, view};
use crate::{Inspected, TargetError, journal};
use migrated_core::schema::{FunctionKind, Schema, Table};
use migrated_core::{Code, DialectName};
use std::collections::HashMap;

/// Reads everything; `None` where it changed meanwhile.
pub(super) async fn read(
    connected: &mut Connected,
    database: &str,
) -> Result<Option<Inspected>, TargetError> {
    let doing = "reading the schema";
    let questions = questions(database, connected.server.is_mariadb);
    let answers = connected.wire.query(&questions).await;
    let catalog = Catalog::new(answers.map_err(|(_, e)| error::outside(&e, doing))?);
    let place = connected.place.clone();
    let mut reading = Reading::new(&place, connected.server.is_mariadb, database, &catalog);
    let mut texts = reading.second_questions();
    let told = texts.len();
    texts.push(questions);
    let mut answers = match connected.wire.query(&texts.join(";")).await {
        Ok(answers) => answers,
        // What the catalog named is not there any more.
        Err((_, e)) if is_gone(&e) => return Ok(None),
        Err((_, e)) => return Err(error::outside(&e, doing)),
    };
    if answers.len() < told {
        return Err(TargetError::new(Code::TargetRefused, "the server did not answer every question"));
    }
    if Catalog::new(answers.split_off(told)) != catalog {
        return Ok(None);
    }
    let schema = reading.schema(&answers);
    Ok(Some(Inspected { schema, server: server(connected), notes: reading.notes }))
}

/// No such table, view, trigger, routine, event, column.
fn is_gone(e: &sqlx::Error) -> bool {
    matches!(error::number(e), Some(1146 | 1347 | 1360 | 1305 | 1539 | 1054 | 4091))
}

/// What SHOW CREATE is asked about.
enum Second {
    Table(String),
    View(String),
    Sequence(String),
    Routine(Asked),
}

struct Reading<'a> {
    catalog: &'a Catalog,
    context: Context<'a>,
    /// Our own tables.
    ours: Vec<&'a str>,
    /// What is asked in the second text, in its order.
    second: Vec<Second>,
    notes: Vec<String>,
}

/// Rows by the table that they are about.
type ByTable<'a> = HashMap<&'a str, Vec<Row<'a>>>;

impl<'a> Reading<'a> {
    fn new(place: &'a Place, mariadb: bool, database: &'a str, catalog: &'a Catalog) -> Reading<'a> {
        let ours =
            if place.database == database { vec![place.name.as_str(), journal::TABLE] } else { Vec::new() };
        let context = Context { mariadb, database };
        Reading { catalog, context, ours, second: Vec::new(), notes: Vec::new() }
    }

    /// The rows of a part, by the table in their column `at`, without those of our own tables.
    fn by_table(&self, part: Part, at: usize) -> ByTable<'a> {
        let mut found = ByTable::new();
        for row in self.catalog.rows(part).filter(|row| !self.ours.contains(&row.text(at))) {
            found.entry(row.text(at)).or_default().push(row);
        }
        found
    }

    /// What only SHOW CREATE, or a sequence itself, tells.
    fn second_questions(&mut self) -> Vec<String> {
        let catalog = self.catalog;
        let partitioned: Vec<&str> = catalog.rows(Part::Partitioned).map(|row| row.text(0)).collect();
        let fulltext: Vec<&str> = catalog
            .rows(Part::Indexes)
            .filter(|row| row.text(7) == "FULLTEXT")
            .map(|row| row.text(0))
            .collect();
        // A period shows in the catalog only by the check that comes with it.
        let periods: Vec<&str> = catalog
            .rows(Part::Checks)
            .filter(|row| self.context.mariadb && row.text(3) == "Table" && is_period(row.text(2)))
            .map(|row| row.text(0))
            .collect();
        for row in catalog.rows(Part::Tables).filter(|row| !self.ours.contains(&row.text(0))) {
            let told = row.text(0);
            match row.text(1) {
                "SEQUENCE" => self.second.push(Second::Sequence(told.to_owned())),
                "VIEW" if !self.context.mariadb => self.second.push(Second::View(told.to_owned())),
                "SYSTEM VERSIONED" => self.second.push(Second::Table(told.to_owned())),
                _ if [&partitioned, &fulltext, &periods].iter().any(|list| list.contains(&told)) => {
                    self.second.push(Second::Table(told.to_owned()));
                }
                _ => {}
            }
        }
        for row in catalog.rows(Part::Routines) {
            let kind = match row.text(1) {
                "FUNCTION" => FunctionKind::Function,
                "PROCEDURE" => FunctionKind::Procedure,
                other => {
                    self.notes.push(format!("{} {} is left out", other.to_lowercase(), row.text(0)));
                    continue;
                }
            };
            self.routine(row.text(0), kind, row.text(2), None);
        }
        for row in catalog.rows(Part::Events) {
            self.routine(row.text(0), FunctionKind::Event, row.text(1), row.filled(2));
        }
        let question = |asked: &Second| match asked {
            Second::Table(table) => format!("SHOW CREATE TABLE {}", name(table)),
            Second::View(view) => format!("SHOW CREATE VIEW {}", name(view)),
            Second::Sequence(sequence) => sequence::question(sequence),
            Second::Routine(asked) => format!("SHOW CREATE {} {}", asked.word(), name(&asked.name)),
        };
        self.second.iter().map(question).collect()
    }

    fn routine(&mut self, name: &str, kind: FunctionKind, sql_mode: &str, starts: Option<String>) {
        let (name, sql_mode) = (name.to_owned(), sql_mode.to_owned());
        self.second.push(Second::Routine(Asked { name, kind, sql_mode, starts }));
    }

    fn schema(&mut self, answers: &[Answer]) -> Schema {
        let catalog = self.catalog;
        let (user, mode) = (catalog.first(Part::Session, 0), catalog.first(Part::Session, 1));
        let mut schema = Schema::new(DialectName::Mysql);
        let mut statements: HashMap<String, &str> = HashMap::new();
        let columns = self.by_table(Part::Columns, 0);
        let comments: HashMap<&str, Option<String>> =
            catalog.rows(Part::Tables).map(|row| (row.text(0), row.filled(5))).collect();
        for (asked, answer) in std::mem::take(&mut self.second).into_iter().zip(answers) {
            match asked {
                Second::Table(told) | Second::View(told) => {
                    statements.insert(told, answer.first(1).unwrap_or_default());
                }
                Second::Sequence(told) => {
                    let rows = columns.get(told.as_str()).map(Vec::as_slice).unwrap_or_default();
                    let kind = rows.iter().find(|row| row.text(1) == "next_not_cached_value");
                    let kind = kind.map(|row| row.text(5)).unwrap_or_default();
                    let comment = comments.get(told.as_str()).cloned().flatten();
                    schema.sequences.insert(sequence::sequence(&told, comment, kind, answer));
                }
                Second::Routine(asked) => match answer.first(asked.column()) {
                    Some(statement) => {
                        schema.functions.insert(asked.told(statement, user, mode));
                    }
                    None => self.unreadable(&asked.word().to_lowercase(), &asked.name),
                },
            }
        }
        self.tables(&mut schema, &columns, &statements, user, mode);
        for row in catalog.rows(Part::Views) {
            if row.text(1).is_empty() {
                self.unreadable("view", row.text(0));
                continue;
            }
            let columns = columns.get(row.text(0)).map(|rows| view_columns(rows)).unwrap_or_default();
            let statement = statements.get(row.text(0)).copied();
            schema.views.insert(view::view(row, columns, statement, user, self.context.database));
        }
        schema
    }

    fn unreadable(&mut self, kind: &str, name: &str) {
        self.notes.push(format!("{kind} {name} is left out: this user may not read its definition"));
    }

    fn tables(
        &self,
        schema: &mut Schema,
        columns: &ByTable<'a>,
        statements: &HashMap<String, &str>,
        user: &str,
        mode: &str,
    ) {
        let indexes = self.by_table(Part::Indexes, 0);
        let checks = self.by_table(Part::Checks, 0);
        let references = self.by_table(Part::References, 0);
        let actions = self.by_table(Part::Actions, 0);
        let triggers = self.by_table(Part::Triggers, 1);
        let rows = |map: &ByTable<'a>, table: &str| map.get(table).cloned().unwrap_or_default();
        let tables = self.catalog.rows(Part::Tables).filter(|row| !self.ours.contains(&row.text(0)));
        for row in tables.filter(|row| matches!(row.text(1), "BASE TABLE" | "SYSTEM VERSIONED")) {
            let told = row.text(0);
            let mut table = table::table(row);
            let mut its = rows(columns, told);
            its.sort_by_key(|row| row.number(2));
            table.columns =
                its.iter().map(|row| column::column(*row, &table.options, &self.context)).collect();
            index::read(&mut table, rows(&indexes, told), &self.context);
            for row in rows(&checks, told) {
                constraint::check(&mut table, row, &self.context);
            }
            table.checks.sort_by(|a, b| a.name.cmp(&b.name));
            self.foreign_keys(&mut table, rows(&references, told), &rows(&actions, told));
            table.triggers =
                trigger::triggers(told, &rows(&triggers, told), user, mode).into_iter().collect();
            if let Some(statement) = statements.get(told) {
                table::complete(&mut table, statement);
            }
            schema.tables.insert(table);
        }
    }

    fn foreign_keys(&self, table: &mut Table, mut references: Vec<Row<'_>>, actions: &[Row<'_>]) {
        references.sort_by(|a, b| (a.text(1), a.number(2)).cmp(&(b.text(1), b.number(2))));
        for parts in references.chunk_by(|a, b| a.text(1) == b.text(1)) {
            let action =
                parts.first().and_then(|part| actions.iter().find(|row| row.text(1) == part.text(1)));
            table.foreign_keys.push(constraint::foreign_key(parts, action.copied(), &self.context));
        }
    }
}

/// The names of a view's columns. Their types follow the tables that it reads, and are not its own.
fn view_columns(rows: &[Row<'_>]) -> Vec<(String, String)> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.number(2));
    rows.iter().map(|row| (row.text(1).to_owned(), String::new())).collect()
}

/// Whether it says that one column is less than another, as the check of a period does.
fn is_period(expression: &str) -> bool {
    let sides: Vec<&str> = expression.split(" < ").collect();
    sides.len() == 2 && sides.iter().all(|side| side.starts_with('`') && side.ends_with('`'))
}
