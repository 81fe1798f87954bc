//! A revision's body in one direction: loaded, split, and understood.

use super::refusal::{Place, no_section};
use super::source::{Source, rendered_source};
use super::transaction::{decide_transaction, treatment};
use crate::graph::LoadedGraph;
use crate::{Engine, EngineError, Result};
use migrated_core::dialect::StatementKind;
use migrated_core::event::Direction;
use migrated_core::operation::Server;
use migrated_core::{Code, DialectName, file};
use migrated_store::Hash;
use migrated_target::{Script, no_journal_of_clients};
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
