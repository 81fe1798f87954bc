//! One connection, driven by whoever uses it.
//!
//! tokio-postgres splits a connection into a client and a future that moves the bytes. Most programs spawn that
//! future; here it is polled together with each request, which saves two task switches a round trip and hands
//! every notice to the request it belongs to, in the order in which the server sent it.

use futures_util::TryStreamExt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use tokio_postgres::error::DbError;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, SimpleQueryMessage, SimpleQueryRow, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// What one statement of a simple query gave.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<SimpleQueryRow>,
    /// The number in the command tag, 0 where it has none.
    pub(super) affected: u64,
}

impl Answer {
    /// Column `index` of the first row.
    pub(super) fn first(&self, index: usize) -> Option<&str> {
        self.rows.first().and_then(|row| row.get(index))
    }

    /// Column 0 of every row.
    pub(super) fn column(&self) -> Vec<String> {
        self.rows.iter().filter_map(|row| row.get(0)).map(str::to_owned).collect()
    }
}

/// Why a request failed.
#[derive(Debug)]
pub(super) enum WireError {
    /// The server refused it, or the driver failed.
    Postgres(Error),
    /// The connection ended without a word.
    Closed,
}

impl WireError {
    /// What the server said.
    pub(super) fn db(&self) -> Option<&DbError> {
        match self {
            WireError::Postgres(error) => error.as_db_error(),
            WireError::Closed => None,
        }
    }

    /// Whether the connection cannot be used any more: it broke, the server ended it (severity FATAL or PANIC),
    /// or the driver lost its place in the protocol.
    pub(super) fn is_fatal(&self) -> bool {
        use tokio_postgres::error::Severity;
        self.db().is_none_or(|e| matches!(e.parsed_severity(), Some(Severity::Fatal | Severity::Panic)))
    }
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        if error.is_closed() { WireError::Closed } else { WireError::Postgres(error) }
    }
}

/// A connection and the future that moves its bytes.
pub(super) struct Wire {
    client: Client,
    connection: Connection<Socket, TlsStream>,
    /// Set by an error that [`WireError::is_fatal`]: the server may wait for what will never come.
    broken: bool,
}

impl Wire {
    pub(super) fn new(client: Client, connection: Connection<Socket, TlsStream>) -> Wire {
        Wire { client, connection, broken: false }
    }

    /// For requests other than simple queries, and for cancelling.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// A parameter that the server reported at start-up, as `server_version`.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.connection.parameter(name)
    }

    /// Sends one text in the simple protocol, one round trip, and gives an answer for each of its statements.
    /// An error comes with the answers of the statements before it.
    pub(super) async fn query(
        &mut self,
        text: &str,
        notice: &mut (dyn FnMut(DbError) + Send),
    ) -> Result<Vec<Answer>, (Vec<Answer>, WireError)> {
        let Wire { client, connection, broken } = self;
        let mut answers = Vec::new();
        let request = async {
            let mut messages = pin!(client.simple_query_raw(text).await?);
            let mut answer = Answer::default();
            while let Some(message) = messages.try_next().await? {
                match message {
                    SimpleQueryMessage::Row(row) => answer.rows.push(row),
                    SimpleQueryMessage::CommandComplete(affected) => {
                        answers.push(Answer { affected, ..std::mem::take(&mut answer) });
                    }
                    _ => {}
                }
            }
            Ok(())
        };
        match drive(connection, broken, request, notice).await {
            Ok(()) => Ok(answers),
            Err(error) => Err((answers, error)),
        }
    }

    /// Sends `first` and `then` without waiting in between; gives the answers of `then`.
    pub(super) async fn query_after(&mut self, first: &str, then: &str) -> Result<Vec<Answer>, WireError> {
        let Wire { client, connection, broken } = self;
        let request = async {
            let (_, messages) =
                futures_util::future::try_join(client.batch_execute(first), client.simple_query(then))
                    .await?;
            Ok(messages)
        };
        let mut answers = Vec::new();
        let mut answer = Answer::default();
        for message in drive(connection, broken, request, &mut |_| {}).await? {
            match message {
                SimpleQueryMessage::Row(row) => answer.rows.push(row),
                SimpleQueryMessage::CommandComplete(affected) => {
                    answers.push(Answer { affected, ..std::mem::take(&mut answer) });
                }
                _ => {}
            }
        }
        Ok(answers)
    }

    /// Sends one text in the simple protocol and drops its rows; gives the last command tag's number.
    pub(super) async fn execute(
        &mut self,
        text: &str,
        notice: &mut (dyn FnMut(DbError) + Send),
    ) -> Result<u64, WireError> {
        let Wire { client, connection, broken } = self;
        let request = async {
            let mut messages = pin!(client.simple_query_raw(text).await?);
            let mut affected = 0;
            while let Some(message) = messages.try_next().await? {
                if let SimpleQueryMessage::CommandComplete(count) = message {
                    affected = count;
                }
            }
            Ok(affected)
        };
        drive(connection, broken, request, notice).await
    }

    /// Runs any request of the client.
    pub(super) async fn run<'c, T, F>(
        &'c mut self,
        request: impl FnOnce(&'c Client) -> F,
        notice: &mut (dyn FnMut(DbError) + Send),
    ) -> Result<T, WireError>
    where
        F: Future<Output = Result<T, Error>> + 'c,
    {
        let Wire { client, connection, broken } = self;
        drive(connection, broken, request(client), notice).await
    }

    /// Says goodbye, so that the server sees an end and not a broken connection.
    pub(super) async fn close(self) {
        let Wire { client, connection, broken } = self;
        drop(client);
        if !broken {
            // A server that is gone needs no goodbye.
            let _ = connection.await;
        }
    }
}

/// Polls a request and the connection in one task.
async fn drive<T>(
    connection: &mut Connection<Socket, TlsStream>,
    broken: &mut bool,
    request: impl Future<Output = Result<T, Error>>,
    notice: &mut (dyn FnMut(DbError) + Send),
) -> Result<T, WireError> {
    let mut request = pin!(request);
    let outcome = poll_fn(|cx| {
        loop {
            if let Poll::Ready(outcome) = request.as_mut().poll(cx) {
                return Poll::Ready(outcome.map_err(WireError::from));
            }
            let end = match connection.poll_message(cx) {
                Poll::Ready(Some(Ok(AsyncMessage::Notice(message)))) => {
                    notice(message);
                    continue;
                }
                Poll::Ready(Some(Ok(_))) => continue,
                Poll::Ready(Some(Err(error))) => WireError::from(error),
                Poll::Ready(None) => WireError::Closed,
                Poll::Pending => {
                    // What was read just now may be what the request waits for.
                    return request.as_mut().poll(cx).map(|outcome| outcome.map_err(WireError::from));
                }
            };
            // The last words of the server may have been the answer. Where they were not, nothing will come:
            // the connection still holds the other end of the request's channel, so it would wait for ever.
            return match request.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(outcome.map_err(WireError::from)),
                Poll::Pending => Poll::Ready(Err(end)),
            };
        }
    })
    .await;
    *broken |= outcome.as_ref().is_err_and(WireError::is_fatal);
    outcome
}
