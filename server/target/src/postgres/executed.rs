//! A client's statements.
//!
//! Round trips: one for a statement without parameters and rows; one for a statement that was sent before, and for one
//! with parameters that gives no rows; two for the first of any other text, which is prepared. Several sets of parameters
//! are sent without waiting in between.

pub(super) mod journalled;

use super::error::{self, Place};
use super::parameter::{Parameter, type_of};
use super::session::{PostgresSession, notice};
use super::statement::cancelled;
use super::value::{is_readable, row};
use super::wire::WireError;
use crate::executed::{Done, Meaning, Rows, Statements, recorded};
use crate::stop::Stop;
use crate::{ClientStatement, ResultColumn, TargetError, Tell, Value, Work};
use async_trait::async_trait;
use futures_util::stream::{FuturesOrdered, StreamExt as _};
use futures_util::{TryStreamExt as _, pin_mut};
use migrated_core::Code;
use std::collections::HashMap;
use tokio_postgres::types::Type;
use tokio_postgres::{Client as Driver, Column, Statement};

/// Prepared statements that are kept. A script that sends more different texts than this prepares some again.
const KEPT: usize = 256;

/// Sets of parameters that are under way at a time.
const AT_ONCE: usize = 128;

/// The session, as it executes what a client sends.
pub(super) struct Client<'a> {
    session: &'a mut PostgresSession,
    work: &'a Work,
    tell: &'a dyn Tell,
    /// By text and types. `None`: the text was seen once.
    prepared: HashMap<(String, Vec<Type>), Option<Statement>>,
}

impl<'a> Client<'a> {
    pub(super) fn new(session: &'a mut PostgresSession, work: &'a Work, tell: &'a dyn Tell) -> Client<'a> {
        Client { session, work, tell, prepared: HashMap::new() }
    }

    /// Runs a request and passes notices on.
    async fn run<'c, T, F>(&'c mut self, request: impl FnOnce(&'c Driver) -> F) -> Result<T, WireError>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>> + 'c,
    {
        let tell = self.tell;
        self.session.wire.run(request, &mut |message| tell.event(notice(&message))).await
    }

    fn known(&mut self, key: &(String, Vec<Type>)) -> Option<Statement> {
        self.prepared.get(key).cloned().flatten()
    }

    async fn prepare(&mut self, key: (String, Vec<Type>)) -> Result<Statement, WireError> {
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        if self.prepared.len() >= KEPT {
            self.prepared.clear();
        }
        let statement = self.run(|driver| driver.prepare_typed(&key.0, &key.1)).await?;
        self.prepared.insert(key, Some(statement.clone()));
        Ok(statement)
    }

    /// A statement without rows, once with each set of parameters.
    async fn without_rows(&mut self, statement: &ClientStatement, meaning: &Meaning) -> Result<u64, Failed> {
        let text = meaning.text.as_str();
        let Some(first) = statement.parameters.first() else {
            return Ok(self.session.tell_execute(text, self.tell).await?);
        };
        let key = (text.to_owned(), types(first));
        // What is sent once is not worth preparing.
        if let [only] = statement.parameters.as_slice()
            && !self.prepared.contains_key(&key)
            && highest_place(text) == only.len()
        {
            let typed: Vec<(Parameter<'_>, Type)> =
                only.iter().map(|value| (Parameter(value), type_of(value))).collect();
            let sent = self
                .run(|driver| async move {
                    let typed: Vec<_> = typed.iter().map(|(p, ty)| (p as _, ty.clone())).collect();
                    driver.execute_typed(text, &typed).await
                })
                .await?;
            self.prepared.insert(key, None);
            return Ok(sent);
        }
        let mut sum = 0;
        let mut sets = statement.parameters.as_slice();
        while let Some(first) = sets.first() {
            // An integer may be wide in one set and not in the next.
            let types = types(first);
            let alike = sets.iter().take_while(|set| self::types(set) == types).count();
            let (these, rest) = sets.split_at(alike);
            sets = rest;
            let prepared = self.prepare((text.to_owned(), types)).await?;
            fits(&prepared, first)?;
            for some in these.chunks(AT_ONCE) {
                let prepared = &prepared;
                sum += self
                    .run(|driver| async move {
                        // All are answered, whatever becomes of one: so the connection keeps its place.
                        let sent: FuturesOrdered<_> =
                            some.iter().map(|set| send(driver, prepared, set)).collect();
                        let answers: Vec<_> = sent.collect().await;
                        answers.into_iter().sum::<Result<u64, _>>()
                    })
                    .await?;
            }
        }
        Ok(sum)
    }

    /// A statement that may give rows.
    async fn with_rows(
        &mut self,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Option<u64>, Failed> {
        let none = [Vec::new()];
        let sets = if statement.parameters.is_empty() { &none[..] } else { &statement.parameters };
        let mut changed = 0;
        for set in sets {
            let types = types(set);
            let mut prepared = self.prepare((meaning.text.clone(), types.clone())).await?;
            let columns = prepared.columns().iter().map(column).collect::<Vec<_>>();
            let readable: Vec<bool> =
                prepared.columns().iter().map(|column| is_readable(column.type_())).collect();
            if readable.contains(&false) {
                let text = as_texts(meaning, prepared.columns())?;
                prepared = self.prepare((text, types)).await?;
            }
            fits(&prepared, set)?;
            rows.columns(|| columns.clone());
            changed += self.stream(&prepared, set, &columns, &readable, rows).await?;
        }
        let gives_rows = rows.count() > 0 || !self.is_without_columns(meaning, sets);
        Ok(if gives_rows { Some(rows.count()) } else { meaning.counts_rows().then_some(changed) })
    }

    fn is_without_columns(&mut self, meaning: &Meaning, sets: &[Vec<Value>]) -> bool {
        let key = (meaning.text.clone(), sets.first().map(|set| types(set)).unwrap_or_default());
        self.known(&key).is_some_and(|statement| statement.columns().is_empty())
    }

    /// Executes a prepared statement and passes its rows on, while more of them come. Gives the number in its tag.
    async fn stream(
        &mut self,
        prepared: &Statement,
        set: &[Value],
        columns: &[ResultColumn],
        readable: &[bool],
        rows: &mut Rows<'_>,
    ) -> Result<u64, Failed> {
        let mut refused = None;
        let affected = self
            .run(|driver| async {
                let values: Vec<Parameter<'_>> = set.iter().map(Parameter).collect();
                let stream = driver.query_raw(prepared, values.iter()).await?;
                pin_mut!(stream);
                while let Some(next) = stream.try_next().await? {
                    let Some(values) = row(&next) else {
                        let message = "the server sent a value that its type does not have";
                        refused = Some(Stop::refused(TargetError::new(Code::Internal, message)));
                        break;
                    };
                    match rows.push(named(values, columns, readable)).await {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            refused = Some(Stop::refused(error));
                            break;
                        }
                    }
                }
                Ok(stream.rows_affected().unwrap_or_default())
            })
            .await?;
        match refused {
            Some(stop) => Err(stop.into()),
            None => Ok(affected),
        }
    }
}

/// Why a statement did not get to its end.
enum Failed {
    Said(WireError),
    Ours(Stop),
}

impl From<WireError> for Failed {
    fn from(error: WireError) -> Self {
        Failed::Said(error)
    }
}

impl From<Stop> for Failed {
    fn from(stop: Stop) -> Self {
        Failed::Ours(stop)
    }
}

async fn send(driver: &Driver, prepared: &Statement, set: &[Value]) -> Result<u64, tokio_postgres::Error> {
    let values: Vec<Parameter<'_>> = set.iter().map(Parameter).collect();
    driver.execute_raw(prepared, values.iter()).await
}

/// The server takes parameters that nobody asks for.
fn too_many(statement: &ClientStatement, meaning: &Meaning) -> Result<(), Stop> {
    let most = statement.parameters.iter().map(Vec::len).max().unwrap_or(0);
    let places = highest_place(&meaning.text);
    if most <= places {
        return Ok(());
    }
    let message = format!("the statement has {places} placeholders, and {most} parameters came");
    Err(Stop::refused(TargetError::new(Code::InvalidRequest, message)))
}

/// The highest number of a placeholder, strings and comments looked at, too: there are no more than that. Where fewer
/// parameters came, preparing the statement tells whether they are enough.
fn highest_place(text: &str) -> usize {
    let number = |(at, _): (usize, &str)| {
        let digits = &text[at + 1..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().unwrap_or(0)
    };
    text.match_indices('$').map(number).max().unwrap_or(0)
}

/// Whether there are as many parameters as placeholders.
fn fits(prepared: &Statement, set: &[Value]) -> Result<(), Stop> {
    let places = prepared.params().len();
    if places == set.len() {
        return Ok(());
    }
    let message = format!("the statement has {places} placeholders, and {} parameters came", set.len());
    Err(Stop::refused(TargetError::new(Code::InvalidRequest, message)))
}

fn types(set: &[Value]) -> Vec<Type> {
    set.iter().map(type_of).collect()
}

fn column(column: &Column) -> ResultColumn {
    let ty = column.type_();
    ResultColumn { name: column.name().to_owned(), type_name: ty.name().to_owned(), type_code: ty.oid() }
}

/// Values that came as text, because their type is none that we can read, have their type's name with them.
fn named(values: Vec<Value>, columns: &[ResultColumn], readable: &[bool]) -> Vec<Value> {
    let of = |((value, column), readable): ((Value, &ResultColumn), &bool)| match value {
        Value::Text(text) if !readable => Value::Other { text, type_name: column.type_name.clone() },
        value => value,
    };
    values.into_iter().zip(columns).zip(readable).map(of).collect()
}

/// The statement with the columns that we cannot read as text: the server's own output.
fn as_texts(meaning: &Meaning, columns: &[Column]) -> Result<String, Stop> {
    if !matches!(
        meaning.verb.as_str(),
        "SELECT" | "VALUES" | "TABLE" | "WITH" | "INSERT" | "UPDATE" | "DELETE"
    ) {
        let unreadable = columns.iter().find(|column| !is_readable(column.type_()));
        let (name, ty) = unreadable.map_or(("", ""), |column| (column.name(), column.type_().name()));
        let message =
            format!("the type {ty} of column {name} cannot be read from the result of {}", meaning.verb);
        return Err(Stop::refused(
            TargetError::new(Code::InvalidRequest, message).help("cast it to text where the rows are made"),
        ));
    }
    let names: Vec<String> = (1..=columns.len()).map(|at| format!("c{at}")).collect();
    let shown = names.iter().zip(columns).map(|(name, column)| match is_readable(column.type_()) {
        true => name.clone(),
        // The type's own output, which a cast to text is not always (inet).
        false => format!(
            "CASE pg_catalog.num_nonnulls({name}) WHEN 0 THEN NULL ELSE pg_catalog.concat({name}) END"
        ),
    });
    let shown: Vec<String> = shown.collect();
    // The line's end closes a comment that would hide the parenthesis.
    let (names, shown) = (names.join(","), shown.join(","));
    Ok(format!("WITH migrated_rows({names}) AS ({}\n) SELECT {shown} FROM migrated_rows", meaning.text))
}

#[async_trait]
impl Statements for Client<'_> {
    async fn execute(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Stop> {
        cancelled(self.session)?;
        too_many(statement, meaning)?;
        if !meaning.is_plain() {
            // A plan that was made before a definition changed may not fit any more.
            self.prepared.clear();
        }
        let outcome = match meaning.without_rows {
            true => self
                .without_rows(statement, meaning)
                .await
                .map(|count| meaning.counts_rows().then_some(count)),
            false => self.with_rows(statement, meaning, rows).await,
        };
        let e = match outcome {
            Ok(row_count) => return Ok(Done { row_count, ..Done::default() }),
            Err(Failed::Ours(stop)) => return Err(stop),
            Err(Failed::Said(e)) => e,
        };
        let sent = recorded::sent(meaning, String::new());
        let place =
            Place { path: &self.work.path, statement: &sent, text: &meaning.text, index: number, total: 0 };
        let error = error::inside(&e, &place);
        Err(Stop { retryable: error::is_retryable(&e), fatal: e.is_fatal(), ..Stop::refused(error) })
    }
}
