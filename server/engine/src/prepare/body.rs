//! A revision's body in one direction: loaded, split, and understood.

use crate::graph::LoadedGraph;
use crate::schema::script;
use crate::{Engine, EngineError, Result};
use migrated_core::dialect::{Classification, StatementKind, classify, split, statement_hash, summary};
use migrated_core::event::{Direction, SqlFault};
use migrated_core::operation::Server;
use migrated_core::{Code, DialectName, file};
use migrated_store::Hash;
use migrated_target::{Script, ScriptStatement, Treatment, no_journal_of_clients};
use std::sync::Arc;

/// A body, ready to be executed or shown.
pub(crate) struct LoadedBody {
    pub(crate) script: Arc<Script>,
    pub(crate) body_hash: Hash,
    pub(crate) token_hash: Hash,
    pub(crate) path: String,
    /// It runs in one transaction.
    pub(crate) transactional: bool,
    /// It changes what a new session starts with.
    pub(crate) spoils_sessions: bool,
    /// What was noticed about it.
    pub(crate) warnings: Vec<String>,
    /// The statements were rendered from operations: their lines are those of the operations.
    pub(crate) rendered: bool,
    /// A client executes it: its statements are known when they come.
    pub(crate) client: Option<ClientBody>,
}

/// A body that a client executes.
#[derive(Clone)]
pub(crate) struct ClientBody {
    /// Its language.
    pub(crate) language: &'static str,
    /// The file.
    pub(crate) source: Vec<u8>,
}

impl LoadedBody {
    /// The same where its SQL is needed without executing it.
    ///
    /// # Errors
    /// [`Code::NeedsExecutor`].
    pub(crate) fn with_sql(self, revision: &str) -> Result<LoadedBody> {
        let Some(client) = &self.client else { return Ok(self) };
        let language = client.language;
        Err(EngineError::new(
            Code::NeedsExecutor,
            format!("{revision} is executed by its {language} client, and its SQL is known only when that runs"),
        )
        .revision(revision)
        .with("path", &self.path)
        .with("language", language)
        .next(format!(
            "let the {language} client do this, or write {} in SQL or as operations; an upgrade needs neither",
            self.path
        )))
    }

    /// The section as text, with the lines before it left empty, so that lines are counted as in the file. Of
    /// operations, the SQL that they are rendered as.
    pub(crate) fn text(&self) -> String {
        if self.rendered {
            return self.script.text.to_string();
        }
        let statements = &self.script.statements;
        let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return String::new() };
        let end = last.copy_data.as_ref().map_or(last.range.end, |data| data.end);
        let before = "\n".repeat(first.line.saturating_sub(1) as usize);
        format!("{before}{};\n", &self.script.text[first.range.start..end])
    }

    /// The statements as text.
    pub(crate) fn statements(&self) -> Vec<String> {
        self.script.statements.iter().map(|s| self.script.text[s.range.clone()].to_owned()).collect()
    }
}

impl Engine {
    /// Loads and splits the body of a revision. Operations become the statements of `server`.
    pub(crate) async fn load_body(
        &self,
        graph: &Arc<LoadedGraph>,
        revision: &str,
        direction: Direction,
        server: &Server,
    ) -> Result<LoadedBody> {
        let known = graph.revision(revision).ok_or_else(|| {
            EngineError::new(Code::StoreCorrupt, format!("no body of {revision} is known")).revision(revision)
        })?;
        let bytes = self.body(&known.hash).await?;
        let (path, body_hash, token_hash) = (known.path.clone(), known.hash, known.header.token_hash);
        let id = revision.to_owned();
        // Splitting a large body takes a while: not on a thread that serves others.
        let large = bytes.len() > 64 << 10;
        let server = server.clone();
        let work = move || understand(&path, &bytes, &id, direction, &server, (body_hash, token_hash));
        if large {
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(|e| EngineError::new(Code::Internal, e.to_string()))?
        } else {
            work()
        }
    }
}

pub(crate) fn understand(
    path: &str,
    bytes: &[u8],
    revision: &str,
    direction: Direction,
    server: &Server,
    (body_hash, token_hash): (Hash, Hash),
) -> Result<LoadedBody> {
    let parsed = file::parse(path, bytes)?;
    let dialect = server.dialect;
    if let Some(client) = &parsed.client {
        if dialect == DialectName::Sqlite && client.transactional == Some(false) {
            let error: EngineError = no_journal_of_clients().into();
            return Err(error.revision(revision).with("path", path));
        }
        return Ok(of_client(path, bytes, client, dialect, (body_hash, token_hash)));
    }
    let rendered = parsed.operations.is_some();
    let source = match &parsed.operations {
        Some(operations) => {
            let Some(pieces) = operations.render(path, direction, server)? else {
                return Err(no_section(&parsed, path, revision, direction, dialect));
            };
            rendered_source(
                &Place { path, revision, first_line: 1 },
                dialect,
                &pieces,
                operations.transactional,
            )?
        }
        None => {
            let Some(section) = parsed.section(direction, dialect) else {
                return Err(no_section(&parsed, path, revision, direction, dialect));
            };
            let place = Place { path, revision, first_line: section.body_line };
            // The ranges point into the file's own text: a body of 100 MB is held once.
            let mut source =
                Source { text: parsed.text.clone(), asked: section.transactional, ..Source::default() };
            let body = parsed.body(section);
            source.add(&place, dialect, body, section.body.start, section.body_line, None)?;
            source
        }
    };
    let place = Place { path, revision, first_line: 1 };
    let Source { text, asked, mut statements, classes, foreign_keys } = source;
    let transactional = decide_transaction(&place, &text, dialect, asked, &statements, &classes)?;
    let mut warnings = Vec::new();
    for (statement, class) in statements.iter_mut().zip(&classes) {
        statement.treatment = treatment(class, transactional);
        if class.kind == StatementKind::RefusesTransaction && asked.is_none() {
            warnings.push(format!(
                "{} runs outside of a transaction: if it is cut off, the next run looks at what it left",
                class.label
            ));
        }
    }
    let spoils_sessions = classes.iter().any(|c| c.affects_new_sessions);
    let script = Arc::new(Script { text, statements, foreign_keys });
    Ok(LoadedBody {
        script,
        body_hash,
        token_hash,
        path: path.to_owned(),
        transactional,
        spoils_sessions,
        warnings,
        rendered,
        client: None,
    })
}

/// A body that a client executes has no statements yet.
fn of_client(
    path: &str,
    bytes: &[u8],
    client: &file::ClientForm,
    dialect: DialectName,
    (body_hash, token_hash): (Hash, Hash),
) -> LoadedBody {
    LoadedBody {
        script: Arc::new(Script { text: Arc::from(""), statements: Vec::new(), foreign_keys: None }),
        body_hash,
        token_hash,
        path: path.to_owned(),
        transactional: dialect != DialectName::Mysql && client.transactional != Some(false),
        spoils_sessions: false,
        warnings: Vec::new(),
        rendered: false,
        client: Some(ClientBody { language: client.language, source: bytes.to_vec() }),
    }
}

/// A body's statements, before it is known how they run.
#[derive(Default)]
struct Source {
    text: Arc<str>,
    /// Whether it runs in a transaction, where that is written.
    asked: Option<bool>,
    statements: Vec<ScriptStatement>,
    classes: Vec<Classification>,
    foreign_keys: Option<bool>,
}

impl Source {
    /// Adds the statements of `body`, which begins at byte `start` of the text and stands at `line` of the file; `at`
    /// is the place that all of them have.
    fn add(
        &mut self,
        place: &Place<'_>,
        dialect: DialectName,
        body: &str,
        start: usize,
        line: u32,
        at: Option<(u32, u32)>,
    ) -> Result<()> {
        for statement in split(dialect, body, line).map_err(|e| {
            let (line, column) = at.unwrap_or((e.line, e.column));
            place.error(e.code, e.message, line, column, "").next(e.help)
        })? {
            let class = classify(dialect, statement.text);
            if let StatementKind::ForeignKeys(on) = class.kind {
                self.foreign_keys = Some(self.foreign_keys.unwrap_or(on) && on);
            }
            let (line, column) = at.unwrap_or((statement.line, statement.column));
            self.statements.push(ScriptStatement {
                range: shifted(statement.range(), start),
                line,
                column,
                copy_data: statement.copy_data.clone().map(|data| shifted(data, start)),
                hash: hex::encode(statement_hash(dialect, &statement, body)),
                summary: summary(dialect, statement.text),
                treatment: Treatment::Transactional,
            });
            self.classes.push(class);
        }
        Ok(())
    }
}

/// The statements of operations: each has the place of its operation.
fn rendered_source(
    place: &Place<'_>,
    dialect: DialectName,
    pieces: &[file::RenderedOperation],
    asked: Option<bool>,
) -> Result<Source> {
    let mut source = Source { asked, ..Source::default() };
    let mut text = String::new();
    for piece in pieces {
        let body =
            if piece.verbatim { piece.statements.join("\n") } else { script(dialect, &piece.statements) };
        source.add(place, dialect, &body, text.len(), piece.line, Some((piece.line, piece.column)))?;
        text.push_str(&body);
        if piece.verbatim {
            // Ends what was not ended; after what was, it is an empty statement, which is none.
            text.push_str("\n;\n");
        }
    }
    source.text = text.into();
    Ok(source)
}

/// Whether the body runs in one transaction (rule R11), or why it cannot run at all.
fn decide_transaction(
    place: &Place<'_>,
    text: &str,
    dialect: DialectName,
    asked: Option<bool>,
    statements: &[ScriptStatement],
    classes: &[Classification],
) -> Result<bool> {
    let find = |f: &dyn Fn(&Classification) -> bool| {
        classes.iter().zip(statements).find(|(c, _)| f(c)).map(|(c, s)| (c, s, &text[s.range.clone()]))
    };
    if let Some((_, s, sql)) = find(&|c| c.kind == StatementKind::TransactionControl) {
        return Err(place
            .error(
                Code::TransactionControl,
                format!("{} would end or begin a transaction, which is migrated's to do", s.summary),
                s.line,
                s.column,
                sql,
            )
            .next(
                "take the statement out; `-- migrate:up transaction:false` runs each statement by itself",
            ));
    }
    // MySQL and MariaDB commit with every DDL statement: there a revision is journalled, statement by statement.
    if dialect == DialectName::Mysql {
        return Ok(false);
    }
    let outside = |c: &Classification| {
        matches!(c.kind, StatementKind::RefusesTransaction | StatementKind::PragmaOutsideTransaction)
    };
    let plain = |c: &Classification| matches!(c.kind, StatementKind::Transactional);
    match (asked, find(&outside)) {
        (Some(false), _) => Ok(false),
        (_, None) => Ok(true),
        (_, Some((c, s, sql))) if c.kind == StatementKind::PragmaOutsideTransaction => Err(place
            .error(
                Code::PragmaInTransaction,
                format!("{} does nothing inside of a transaction", s.summary),
                s.line,
                s.column,
                sql,
            )
            .next("take it out, or mark the section `transaction:false`")),
        (Some(true), Some((c, s, sql))) => Err(place
            .error(
                Code::MixedTransaction,
                format!("{} cannot run in a transaction", c.label),
                s.line,
                s.column,
                sql,
            )
            .next("take `transaction:true` off the section")),
        (None, Some((c, s, sql))) if classes.iter().any(plain) => Err(place
            .error(
                Code::MixedTransaction,
                format!(
                    "{} cannot run in a transaction, and other statements of the revision want one",
                    c.label
                ),
                s.line,
                s.column,
                sql,
            )
            .next("give it a revision of its own, or mark the section `-- migrate:up transaction:false`")),
        (None, Some(_)) => Ok(false),
    }
}

fn treatment(class: &Classification, transactional: bool) -> Treatment {
    match class.kind {
        StatementKind::ForeignKeys(_) if transactional => Treatment::Hoisted,
        StatementKind::ForeignKeys(_) | StatementKind::PragmaOutsideTransaction => Treatment::SessionOnly,
        StatementKind::SessionOnly if transactional => Treatment::Transactional,
        StatementKind::SessionOnly => Treatment::SessionOnly,
        StatementKind::Transactional | StatementKind::TransactionControl => Treatment::Transactional,
        StatementKind::RefusesTransaction | StatementKind::ImplicitCommit | StatementKind::TableLock => {
            match &class.concurrent_index {
                Some(concurrent) if concurrent.index.is_some() => Treatment::ConcurrentIndex {
                    index: concurrent.index.clone().unwrap_or_else(|| concurrent.table.clone()),
                    table: concurrent.table.clone(),
                },
                _ => Treatment::Alone { objects: class.objects.clone() },
            }
        }
    }
}

fn shifted(range: std::ops::Range<usize>, by: usize) -> std::ops::Range<usize> {
    range.start + by..range.end + by
}

struct Place<'a> {
    path: &'a str,
    revision: &'a str,
    first_line: u32,
}

impl Place<'_> {
    fn error(
        &self,
        code: Code,
        message: impl Into<String>,
        line: u32,
        column: u32,
        sql: &str,
    ) -> EngineError {
        let mut error = EngineError::new(code, message).revision(self.revision).with("path", self.path);
        error.sql = Some(Box::new(SqlFault {
            path: self.path.to_owned(),
            line: line.max(self.first_line),
            column_number: column,
            statement: sql.chars().take(400).collect(),
            ..SqlFault::default()
        }));
        error
    }
}

fn no_section(
    parsed: &file::RevisionFile,
    path: &str,
    revision: &str,
    direction: Direction,
    dialect: DialectName,
) -> EngineError {
    let way = match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let elsewhere = parsed.sections.iter().any(|s| s.direction == direction);
    if parsed.operations.is_some() {
        return EngineError::new(Code::NoBody, format!("{revision} has no `{way}` operations"))
            .revision(revision)
            .with("path", path)
            .with("dialect", dialect.as_str())
            .next(format!("write them under `{way}:` in {path} (`{way}: []` where there is nothing to do)"));
    }
    let message = if elsewhere {
        format!("{revision} has no `migrate:{way}` section for {dialect}")
    } else {
        format!("{revision} has no `migrate:{way}` section")
    };
    let next = match direction {
        Direction::Up => format!("add a `-- migrate:up dialect:{dialect}` section to {path}"),
        Direction::Down => {
            format!(
                "add a `-- migrate:down` section to {path} (a comment in it will do where nothing is to be undone)"
            )
        }
    };
    EngineError::new(Code::NoBody, message)
        .revision(revision)
        .with("path", path)
        .with("dialect", dialect.as_str())
        .next(next)
}
