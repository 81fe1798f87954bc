//! Scratch databases. Each is guarded by a user lock of its name, held on the connection that made it for as long as
//! it is in use: one whose lock nobody holds is a leftover.

use super::super::connect::Purpose;
use super::super::error::{self, At};
use super::super::quote::{literal, name};
use super::super::wire::Wire;
use super::super::{MysqlTarget, engine};
use super::text::names_database;
use crate::{InspectOptions, Inspected, Scratch, ScratchOptions, ScriptStatement, TargetError, Treatment};
use async_trait::async_trait;
use migrated_core::dialect::{ObjectKind, Statement, classify, objects, split};
use migrated_core::event::SqlFault;
use migrated_core::{Code, DialectName};

/// How the names of scratch databases begin.
const PREFIX: &str = "migrated_scratch_";

struct MysqlScratch {
    /// The connection that executes, and holds the lock.
    wire: Wire,
    /// The scratch database as a target.
    target: MysqlTarget,
    /// The database that it stands in for.
    original: String,
    folds_names: bool,
}

pub(crate) async fn scratch(
    target: &MysqlTarget,
    _options: &ScratchOptions,
) -> Result<Box<dyn Scratch>, TargetError> {
    let mut connected = target.connected(Purpose::Work).await?;
    match make(&mut connected.wire, &target.database).await {
        Ok(database) => Ok(Box::new(MysqlScratch {
            wire: connected.wire,
            target: of(target, &database),
            original: target.database.clone(),
            folds_names: connected.server.folds_names,
        })),
        Err(error) => {
            connected.wire.close().await;
            Err(error)
        }
    }
}

/// The target with another database, its version table by name where it is.
pub(in crate::mysql) fn of(target: &MysqlTarget, database: &str) -> MysqlTarget {
    let mut scratch = target.clone();
    database.clone_into(&mut scratch.database);
    scratch.url.database = Some(database.to_owned());
    scratch.spec.schema = Some(database.to_owned());
    scratch
}

/// Makes an empty database like `original` and goes there.
pub(in crate::mysql) async fn make(wire: &mut Wire, original: &str) -> Result<String, TargetError> {
    let doing = "making a scratch database";
    let outside = |(_, e): (_, sqlx::Error)| error::outside(&e, doing);
    let (own, left) = theirs(wire).await?;
    for leftover in left {
        drop_unused(wire, &leftover).await;
    }
    let text = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME,DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA \
         WHERE SCHEMA_NAME={}",
        literal(original)
    );
    let answers = wire.query(&text).await.map_err(outside)?;
    let cell = |column: usize| answers.last().and_then(|a| a.first(column)).unwrap_or_default();
    let database = format!("{own}{:016x}", rand::random::<u64>());
    // The lock comes first: there is never a database in use without one.
    let held = wire.query(&format!("SELECT GET_LOCK({},0)", literal(&database))).await.map_err(outside)?;
    if held.first().and_then(|answer| answer.first(0)) != Some("1") {
        return Err(TargetError::new(Code::TargetRefused, format!("{doing}: its lock is taken")));
    }
    let text = format!(
        "CREATE DATABASE {0} CHARACTER SET {1} COLLATE {2};USE {0}",
        name(&database),
        cell(0),
        cell(1)
    );
    match wire.query(&text).await {
        Ok(_) => Ok(database),
        Err((_, e)) => {
            let error = error::outside(&e, doing);
            if error.code != Code::TargetPermission {
                return Err(error);
            }
            let pattern = name(&format!("{}%", PREFIX.replace('_', "\\_")));
            let help = format!(
                "GRANT ALL ON {pattern}.* to this user, or set scratch.mysql to the URL of a server where it may \
                 make databases"
            );
            let sql = error.sql.map(|sql| *sql).unwrap_or_default();
            Err(TargetError::new(Code::ScratchRequired, error.message).help(help).sql(sql))
        }
    }
}

/// The scratch databases of this server, in use or not.
pub(in crate::mysql) async fn leftovers(wire: &mut Wire) -> Result<Vec<String>, TargetError> {
    theirs(wire).await.map(|(_, found)| found)
}

/// How the names of this server's scratch databases begin, and those that there are. User locks are known to one server
/// only, so its name is part of theirs.
async fn theirs(wire: &mut Wire) -> Result<(String, Vec<String>), TargetError> {
    let like = format!("'{}%'", PREFIX.replace('_', "\\_"));
    let text = format!(
        "SELECT LOWER(HEX(CRC32(CONCAT(@@hostname,':',@@port))));\
         SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE {like}"
    );
    let answers = wire.query(&text).await;
    let answers = answers.map_err(|(_, e)| error::outside(&e, "looking for scratch databases"))?;
    let own = format!("{PREFIX}{}_", answers.first().and_then(|a| a.first(0)).unwrap_or_default());
    let mut found = answers.last().map(super::super::wire::Answer::column).unwrap_or_default();
    found.retain(|name| name.starts_with(&own));
    Ok((own, found))
}

/// Drops a leftover. That it cannot be dropped, or somebody else was faster, keeps nobody from working.
pub(in crate::mysql) async fn drop_unused(wire: &mut Wire, database: &str) {
    let lock = literal(database);
    let held = match wire.query(&format!("SELECT GET_LOCK({lock},0)")).await {
        Ok(answers) => answers.first().and_then(|answer| answer.first(0)) == Some("1"),
        Err(_) => false,
    };
    if !held {
        return;
    }
    let text = format!("DROP DATABASE IF EXISTS {}", name(database));
    if let Err((_, error)) = wire.query(&text).await {
        tracing::warn!(%error, database, "a scratch database that nobody uses was not dropped");
    }
    if let Err((_, error)) = wire.query(&format!("DO RELEASE_LOCK({lock})")).await {
        tracing::debug!(%error, database, "releasing the lock of a scratch database");
    }
}

#[async_trait]
impl Scratch for MysqlScratch {
    async fn execute(&mut self, path: &str, text: &str) -> Result<(), TargetError> {
        let statements = split(DialectName::Mysql, text, 1).map_err(|e| {
            let sql = SqlFault {
                path: path.to_owned(),
                line: e.line,
                column_number: e.column,
                ..SqlFault::default()
            };
            TargetError::new(e.code, e.message).help(e.help).sql(sql)
        })?;
        let total = u32::try_from(statements.len()).unwrap_or(u32::MAX);
        for (index, statement) in (1..).zip(&statements) {
            let script = placed(statement);
            let at = At { path, statement: &script, text: statement.text, index, total };
            match self.reach(statement.text) {
                Reach::Here => {}
                Reach::Skip => continue,
                Reach::Elsewhere(why) => {
                    let error = TargetError::new(Code::StatementFailed, why);
                    let help = "a scratch database stands in for the target: leave the database's name out";
                    return Err(error.help(help).sql(at.fault()));
                }
            }
            self.wire.execute(statement.text).await.map_err(|e| error::inside(&e, &at))?;
        }
        Ok(())
    }

    async fn inspect(&mut self, options: &InspectOptions) -> Result<Inspected, TargetError> {
        super::inspect(&self.target, options).await
    }

    async fn discard(mut self: Box<Self>) -> Result<(), TargetError> {
        let database = name(&self.target.database);
        // A revision may have turned on what keeps tables from being dropped.
        let dropped = self
            .wire
            .query(&format!("SET SESSION foreign_key_checks=0;DROP DATABASE IF EXISTS {database}"))
            .await;
        // The lock goes with the connection.
        self.wire.close().await;
        match dropped {
            Ok(_) => Ok(()),
            Err((_, e)) => Err(error::outside(&e, &format!("dropping {database}"))),
        }
    }
}

/// Where a statement reaches.
enum Reach {
    /// Into the scratch database.
    Here,
    /// To where we are already.
    Skip,
    /// Out of it; why it is refused.
    Elsewhere(String),
}

impl MysqlScratch {
    /// A script written for the target must not reach the target from here, nor anything else on the server.
    fn reach(&self, statement: &str) -> Reach {
        let mut words =
            statement.split(|c: char| c.is_whitespace() || c == ';').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or_default().to_ascii_uppercase();
        if first == "USE" {
            let named = words.next().unwrap_or_default().trim_matches('`');
            return match self.is_original(named) {
                true => Reach::Skip,
                false => Reach::Elsewhere(format!("USE {named} leads out of the scratch database")),
            };
        }
        let account =
            words.next().is_some_and(|w| w.eq_ignore_ascii_case("USER") || w.eq_ignore_ascii_case("ROLE"));
        let named = objects(DialectName::Mysql, statement);
        if let Some(database) = named.iter().find(|object| object.kind == ObjectKind::Database) {
            let made = first == "CREATE" && self.is_original(&database.name);
            return match made {
                true => Reach::Skip,
                false => Reach::Elsewhere(format!("{first} DATABASE is not part of a schema")),
            };
        }
        if matches!(
            first.as_str(),
            "GRANT" | "REVOKE" | "SHUTDOWN" | "KILL" | "FLUSH" | "RESET" | "INSTALL" | "UNINSTALL"
        ) || account
            || classify(DialectName::Mysql, statement).affects_new_sessions
        {
            return Reach::Elsewhere(format!("{first} changes the server, not a schema"));
        }
        let other = named
            .iter()
            .filter(|object| object.kind != ObjectKind::Index)
            .find_map(|object| object.schema.clone());
        let other = other.or_else(|| engine::changed_table(statement).and_then(|(database, _)| database));
        match other {
            Some(database) if database != self.target.database => {
                Reach::Elsewhere(format!("the statement changes something in database {database}"))
            }
            _ if names_database(statement, &self.original, self.folds_names) => {
                Reach::Elsewhere(format!("the statement names the target's database, {}", self.original))
            }
            _ => Reach::Here,
        }
    }

    fn is_original(&self, name: &str) -> bool {
        name == self.original || self.folds_names && name.to_lowercase() == self.original.to_lowercase()
    }
}

/// Where a statement stands, for its errors.
fn placed(statement: &Statement<'_>) -> ScriptStatement {
    ScriptStatement {
        range: statement.range(),
        line: statement.line,
        column: statement.column,
        copy_data: None,
        hash: String::new(),
        summary: String::new(),
        treatment: Treatment::Transactional,
    }
}
