//! What must hold of a pair, seen from outside.

use super::corpus::Row;
use super::kept::rows_stay;
use super::shape::{difference, shape};
use crate::harness::{Answer, Database, Project};
use std::collections::HashMap;

/// How the desired schema is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As statements.
    Sql,
    /// As a description without SQL.
    Message,
}

/// What does not hold, and what shows it.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: &'static str,
    pub(super) shown: String,
}

fn broken(what: &'static str, shown: impl Into<String>) -> Broken {
    Broken { what, shown: shown.into() }
}

/// One project with one daemon, and the shapes of desired schemas that were seen.
pub(super) struct Steps {
    project: Project,
    shapes: HashMap<String, Vec<String>>,
}

impl Steps {
    /// On the server of `project`'s database.
    pub(super) fn new(project: Project) -> Steps {
        Steps { project, shapes: HashMap::new() }
    }

    /// Takes a database to the desired schema and back, on a database of its own. Gives the number of rows that
    /// were there all along.
    pub(super) fn take(&mut self, row: &Row, form: Form, desired: &str) -> Result<usize, Broken> {
        let expected = self.expected(row);
        let database = made(row, &row.before);
        // The pair the other way round wants this one.
        let before = self.shapes.entry(row.before.clone()).or_insert_with(|| shape(&database)).clone();
        let verdict = self.round(row, form, desired, &database, &before, &expected);
        database.removed();
        verdict
    }

    /// The shape of a database that the statements of the desired schema make.
    fn expected(&mut self, row: &Row) -> Vec<String> {
        let make = || {
            let database = made(row, &row.desired);
            let shape = shape(&database);
            database.removed();
            shape
        };
        self.shapes.entry(row.desired.clone()).or_insert_with(make).clone()
    }

    fn round(
        &self,
        row: &Row,
        form: Form,
        desired: &str,
        database: &Database,
        before: &[String],
        expected: &[String],
    ) -> Result<usize, Broken> {
        let project = &self.project;
        let migrations = project.path("migrations");
        std::fs::remove_dir_all(&migrations)
            .and_then(|()| std::fs::create_dir(&migrations))
            .expect("emptied");
        project.configure(&format!("project = \"shop\"\ndatabase_url = \"{}\"\n", database.url()));
        let file = match form {
            Form::Sql => "desired.sql",
            Form::Message => "desired.json",
        };
        std::fs::write(project.path(file), desired).expect("written");
        let ctl = |words: &str| {
            let scope = if row.all_schemas { " --all-schemas" } else { "" };
            project.ctl(&format!("{words} --schema {file}{scope}"))
        };

        let found = done(ctl("revision -m x --autogenerate --allow-drop"), "autogenerate", "")?;
        let Some(text) = revision(project) else {
            return match row.nodiff || before == expected {
                true => Ok(0),
                false => Err(broken("missed", difference(before, expected))),
            };
        };
        if row.nodiff || before == expected {
            return Err(broken("false difference", format!("{}{text}", found.story())));
        }
        done(project.ctl("upgrade head"), "upgrade", &text)?;
        same(expected, database, "not equal", &text)?;
        done(ctl("check"), "second finds", &text)?;
        done(project.ctl("downgrade base"), "downgrade", &text)?;
        same(before, database, "down not equal", &text)?;
        match form {
            Form::Sql => rows_stay(project, row, database)
                .map_err(|(what, shown)| broken(what, format!("{shown}{text}"))),
            Form::Message => Ok(0),
        }
    }
}

/// A database that statements make.
fn made(row: &Row, sql: &str) -> Database {
    let database = Database::new(row.engine).expect("the server was there");
    if !sql.is_empty() {
        database.sql(sql);
    }
    database
}

/// The text of the one revision file, if there is one.
fn revision(project: &Project) -> Option<String> {
    let mut files = std::fs::read_dir(project.path("migrations")).expect("a folder");
    let file = files.next()?.expect("an entry").path();
    assert!(files.next().is_none(), "one revision at most");
    Some(std::fs::read_to_string(file).expect("read"))
}

fn done(answer: Answer, what: &'static str, text: &str) -> Result<Answer, Broken> {
    match answer.exit {
        0 => Ok(answer),
        _ => Err(broken(what, format!("{}{text}", answer.story()))),
    }
}

fn same(expected: &[String], database: &Database, what: &'static str, text: &str) -> Result<(), Broken> {
    let shape = shape(database);
    match shape == expected {
        true => Ok(()),
        false => Err(broken(what, format!("{}{text}", difference(&shape, expected)))),
    }
}
