//! Making and dropping the databases themselves.
//!
//! A scratch database is known by its name and by its comment, which says when it was made. Both must be there
//! before anything is dropped that this process did not make.

use crate::TargetError;
use crate::postgres::connect::ServerVersion;
use crate::postgres::error;
use crate::postgres::quote::{identifier, literal};
use crate::postgres::wire::{Answer, Wire, WireError};
use migrated_core::Code;

const PREFIX: &str = "migrated_scratch_";

/// How old one without connections must be before it counts as left behind.
const LEFT_BEHIND_SECONDS: u32 = 3_600;

/// A name that nobody has.
pub(super) fn name() -> String {
    format!("{PREFIX}{:024x}", rand::random::<u128>() >> 32)
}

/// Makes an empty database with the encoding, locale and tablespace of the one that `wire` is connected to: they
/// decide about the collations that are defaults, and a table in its database's tablespace is in none of its own.
///
/// # Errors
/// [`Code::ScratchRequired`] where the server does not let this role make one.
pub(super) async fn create(wire: &mut Wire, version: &ServerVersion, name: &str) -> Result<(), TargetError> {
    let answers = wire.query(&traits_sql(version), &mut |_| {}).await;
    let answers = answers.map_err(|(_, e)| error::outside(&e, "reading the database's locale"))?;
    let text = create_sql(name, &answers.into_iter().next_back().unwrap_or_default());
    wire.execute(&text, &mut |_| {}).await.map_err(|e| refused(&e, "making a scratch database"))?;
    let comment = format!(
        "DO $do$BEGIN EXECUTE pg_catalog.format('COMMENT ON DATABASE %I IS %L',{name},'scratch database of migrated, \
         made '||pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC','YYYY-MM-DD HH24:MI:SS')||' UTC; epoch '\
         ||pg_catalog.floor(pg_catalog.date_part('epoch',pg_catalog.now()))::bigint);END$do$",
        name = literal(name)
    );
    match wire.execute(&comment, &mut |_| {}).await {
        Ok(_) => Ok(()),
        Err(e) => {
            let failed = error::outside(&e, "marking a scratch database");
            drop(wire, name).await?;
            Err(failed)
        }
    }
}

/// What of a refusal is a matter of rights or of the server, and not of this statement.
pub(super) fn refused(error: &WireError, doing: &str) -> TargetError {
    let failed = error::outside(error, doing);
    // Insufficient privilege; read-only, as a standby is; a feature that a hosted service has taken out.
    if !error.db().is_some_and(|db| matches!(db.code().code(), "42501" | "25006" | "0A000")) {
        return failed;
    }
    let help = "set scratch.postgresql in migrated.toml to the URL of a server where scratch databases may be made, \
                or give this role CREATEDB";
    TargetError { code: Code::ScratchRequired, help: help.into(), ..failed }
}

/// The encoding, locale and tablespace of the database.
pub(super) fn traits_sql(version: &ServerVersion) -> String {
    let provider = if version.major >= 15 { "d.datlocprovider" } else { "'c'" };
    let locale = match version.major {
        17.. => "d.datlocale",
        15.. => "d.daticulocale",
        _ => "NULL",
    };
    let rules = if version.major >= 16 { "d.daticurules" } else { "NULL" };
    format!(
        "SELECT pg_catalog.pg_encoding_to_char(d.encoding),d.datcollate,d.datctype,s.spcname,{provider},{locale},{rules} \
         FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace s ON s.oid=d.dattablespace \
         WHERE d.datname=pg_catalog.current_database()"
    )
}

fn create_sql(name: &str, traits: &Answer) -> String {
    let cell = |index| traits.first(index);
    let quoted = |index| literal(cell(index).unwrap_or_default());
    let mut text = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}",
        identifier(name),
        quoted(0),
        quoted(1),
        quoted(2)
    );
    if let Some(tablespace) = cell(3).filter(|tablespace| *tablespace != "pg_default") {
        text.push_str(&format!(" TABLESPACE {}", identifier(tablespace)));
    }
    match cell(4) {
        Some("i") => text.push_str(&format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", quoted(5))),
        Some("b") => text.push_str(&format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", quoted(5))),
        _ => {}
    }
    if cell(6).is_some() {
        text.push_str(&format!(" ICU_RULES {}", quoted(6)));
    }
    text
}

/// Drops a database of ours, with whoever is still connected to it.
pub(super) async fn drop(wire: &mut Wire, name: &str) -> Result<(), TargetError> {
    let text = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
    let dropped = wire.execute(&text, &mut |_| {}).await;
    dropped
        .map(std::mem::drop)
        .map_err(|e| error::outside(&e, &format!("dropping the scratch database {name}")))
}

/// Drops what a crash left behind. Somebody else may be doing the same, and what cannot be dropped now is dropped by
/// the next one: failures do not matter.
pub(super) async fn drop_left_behind(wire: &mut Wire) {
    let text = format!(
        "SELECT d.datname FROM pg_catalog.pg_database d \
         CROSS JOIN LATERAL pg_catalog.shobj_description(d.oid,'pg_database') c(comment) \
         WHERE d.datname ~ '^{PREFIX}[0-9a-f]{{24}}$' \
         AND pg_catalog.substring(c.comment,'^scratch database of migrated, .*; epoch ([0-9]{{1,12}})$')::bigint \
         <pg_catalog.date_part('epoch',pg_catalog.now())-{LEFT_BEHIND_SECONDS} \
         AND pg_catalog.pg_has_role(d.datdba,'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid=d.oid)"
    );
    let Ok(answers) = wire.query(&text, &mut |_| {}).await else { return };
    for name in answers.iter().flat_map(Answer::column) {
        // Without FORCE: who connected just now keeps it.
        let text = format!("DROP DATABASE IF EXISTS {}", identifier(&name));
        if let Err(e) = wire.execute(&text, &mut |_| {}).await {
            tracing::debug!(database = %name, error = ?e, "a scratch database that was left behind stays");
        }
    }
}
