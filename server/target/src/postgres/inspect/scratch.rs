//! A scratch database: what a script makes of it is what it would make of an empty target.

use super::read;
use super::{scratch_database, script};
use crate::postgres::PostgresTarget;
use crate::postgres::connect::{Connected, ServerVersion, Settings, VersionPlace};
use crate::postgres::error;
use crate::postgres::quote::{identifier, literal};
use crate::postgres::wire::{Answer, Wire, WireError};
use crate::{InspectOptions, Inspected, Scratch, ScratchOptions, TargetError};
use async_trait::async_trait;
use migrated_core::dialect::Statement;
use migrated_core::schema::Extension;
use tokio_postgres::error::DbError;

struct PostgresScratch {
    target: PostgresTarget,
    /// To the target's database; kept, so that it can drop the other one.
    home: Wire,
    wire: Wire,
    name: String,
    version: ServerVersion,
    place: VersionPlace,
    own: String,
    /// Schemas and extensions that were there before the first script, which may want to make them too.
    made: Vec<String>,
}

/// Makes one.
pub(in crate::postgres) async fn scratch(
    target: &PostgresTarget,
    options: &ScratchOptions,
) -> Result<Box<dyn Scratch>, TargetError> {
    let Connected { wire: mut home, version, place, .. } = target.connected("", Settings::Work).await?;
    scratch_database::drop_left_behind(&mut home).await;
    let own = match &target.spec.schema {
        Some(schema) => schema.clone(),
        None => read::own_schema(&mut home).await?,
    };
    let name = scratch_database::name();
    scratch_database::create(&mut home, &version, &name).await?;
    match furnished(target, &mut home, &version, &name, &own, options).await {
        Ok((wire, made)) => Ok(Box::new(PostgresScratch {
            target: target.clone(),
            home,
            wire,
            name,
            version,
            place,
            own,
            made,
        })),
        Err(e) => {
            // Why it failed is of more use than that the database could not be dropped, which the next one does.
            let _ = scratch_database::drop(&mut home, &name).await;
            home.close().await;
            Err(e)
        }
    }
}

/// Connects to a new scratch database and makes in it what a script may count on.
async fn furnished(
    target: &PostgresTarget,
    home: &mut Wire,
    version: &ServerVersion,
    name: &str,
    own: &str,
    options: &ScratchOptions,
) -> Result<(Wire, Vec<String>), TargetError> {
    let mut setup = target.settings(version, Settings::Work);
    setup.push_str(&settings_of_database(home).await?);
    // Nothing in it has to survive a crash.
    setup.push_str("SET synchronous_commit TO off;");
    let mut made = Vec::new();
    let schemas = options.extensions.iter().filter_map(|extension| extension.schema.as_deref());
    for schema in std::iter::once(own).chain(schemas) {
        if !schema.is_empty()
            && schema != "public"
            && !schema.starts_with("pg_")
            && !made.iter().any(|m| m == schema)
        {
            setup.push_str(&format!("CREATE SCHEMA IF NOT EXISTS {};", identifier(schema)));
            made.push(schema.to_owned());
        }
    }
    let mut url = target.url.clone();
    url.database = name.to_owned();
    let there = PostgresTarget { display: url.display(), url, ..target.clone() };
    let mut wire = there.open("").await?;
    let furnished = async {
        let ready = wire.execute(&setup, &mut |_| {}).await;
        ready.map_err(|e| error::outside(&e, "setting up a scratch database"))?;
        public_schema(home, &mut wire).await?;
        make_extensions(&mut wire, own, &options.extensions).await
    }
    .await;
    match furnished {
        Ok(()) => {
            made.extend(options.extensions.iter().map(|extension| extension.name.clone()));
            Ok((wire, made))
        }
        Err(e) => {
            wire.close().await;
            Err(e)
        }
    }
}

/// What is set for the target's database, as statements; then its search path. What is set for the role, or by the
/// URL, a new session gets by itself.
async fn settings_of_database(home: &mut Wire) -> Result<String, TargetError> {
    let text = "SELECT s.name,pg_catalog.current_setting(s.name) FROM pg_catalog.pg_settings s \
                WHERE s.source IN ('database','database user') AND (s.context='user' OR s.context='superuser' \
                AND pg_catalog.current_setting('is_superuser')='on') \
                AND s.name NOT IN ('search_path','default_transaction_read_only') \
                UNION ALL SELECT 'search_path',pg_catalog.current_setting('search_path')";
    let answers = home.query(text, &mut |_| {}).await;
    let answers = answers.map_err(|(_, e)| error::outside(&e, "reading the database's settings"))?;
    let rows = answers.iter().flat_map(|answer: &Answer| &answer.rows);
    let set = |name: &str, value: &str| {
        format!("SELECT pg_catalog.set_config({},{},false);", literal(name), literal(value))
    };
    Ok(rows.filter_map(|row| Some(set(row.get(0)?, row.get(1)?))).collect())
}

/// A new database has a schema `public`, with the comment that every new one has. That the target has another, or
/// none, is nothing that a script would say, and so no difference. Only on 15 and later may any owner of a database
/// change it; elsewhere it stays as it is.
async fn public_schema(home: &mut Wire, wire: &mut Wire) -> Result<(), TargetError> {
    let doing = "looking at the schema public";
    let text = "SELECT pg_catalog.obj_description(oid,'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname='public'";
    let answers = home.query(text, &mut |_| {}).await.map_err(|(_, e)| error::outside(&e, doing))?;
    let text = match answers.first().and_then(|answer| answer.rows.first()) {
        Some(row) => format!("COMMENT ON SCHEMA public IS {}", row.get(0).map_or("NULL".into(), literal)),
        None => "DROP SCHEMA public".into(),
    };
    match wire.execute(&text, &mut |_| {}).await {
        Err(e) if e.db().is_none_or(|db| db.code().code() != "42501") => Err(error::outside(&e, doing)),
        _ => Ok(()),
    }
}

/// Makes extensions. One that needs another is tried again after it, so that their order does not matter.
async fn make_extensions(wire: &mut Wire, own: &str, extensions: &[Extension]) -> Result<(), TargetError> {
    let mut missing: Vec<&Extension> = extensions.iter().collect();
    while !missing.is_empty() {
        let before = missing.len();
        let mut last: Option<(WireError, &str)> = None;
        let mut later = Vec::new();
        for extension in missing {
            match make_extension(wire, own, extension).await {
                Ok(()) => {}
                Err(e) if e.db().is_some_and(|db| db.code().code() == "42704") => {
                    last = Some((e, &extension.name));
                    later.push(extension);
                }
                Err(e) => return Err(scratch_database::refused(&e, &making(&extension.name))),
            }
        }
        if let Some((e, name)) = last.filter(|_| later.len() == before) {
            return Err(scratch_database::refused(&e, &making(name)));
        }
        missing = later;
    }
    Ok(())
}

fn making(extension: &str) -> String {
    format!("making the extension {extension} in a scratch database")
}

/// The target's version, where the server still has what it takes to make it, else its default.
async fn make_extension(wire: &mut Wire, own: &str, extension: &Extension) -> Result<(), WireError> {
    let schema = extension.schema.as_deref().unwrap_or(own);
    let text = format!(
        "CREATE EXTENSION IF NOT EXISTS {}{}",
        identifier(&extension.name),
        if schema.is_empty() { String::new() } else { format!(" SCHEMA {}", identifier(schema)) }
    );
    if let Some(version) = &extension.version {
        let exact = format!("{text} VERSION {}", literal(version));
        match wire.execute(&exact, &mut |_| {}).await {
            Ok(_) => return Ok(()),
            Err(e) if e.db().is_some_and(|db| db.code().code() == "22023") => {}
            Err(e) => return Err(e),
        }
    }
    wire.execute(&text, &mut |_| {}).await.map(drop)
}

/// A CREATE SCHEMA or CREATE EXTENSION of what is there already, and nothing else: a schema's may hold more.
fn made_before(made: &[String], statement: &Statement<'_>, error: &DbError) -> bool {
    let mut words = statement.text.split_whitespace().map(str::to_ascii_uppercase);
    let kind = (words.next(), words.next());
    let is = |what: &str| kind.0.as_deref() == Some("CREATE") && kind.1.as_deref() == Some(what);
    let short = match error.code().code() {
        "42P06" => is("SCHEMA") && words.count() <= 3,
        "42710" => is("EXTENSION"),
        _ => false,
    };
    short && made.iter().any(|name| error.message().contains(&format!("\"{name}\"")))
}

#[async_trait]
impl Scratch for PostgresScratch {
    async fn execute(&mut self, path: &str, text: &str) -> Result<(), TargetError> {
        let made = &self.made;
        script::execute(&mut self.wire, path, text, |statement, error| made_before(made, statement, error))
            .await
    }

    async fn inspect(&mut self, options: &InspectOptions) -> Result<Inspected, TargetError> {
        read::read(&mut self.wire, &self.version, &self.place, Some(&self.own), options).await
    }

    async fn discard(self: Box<Self>) -> Result<(), TargetError> {
        let PostgresScratch { target, mut home, wire, name, .. } = *self;
        wire.close().await;
        let dropped = match scratch_database::drop(&mut home, &name).await {
            Err(e) if e.code == migrated_core::Code::ConnectionLost => {
                let Connected { wire: mut again, .. } = target.connected("", Settings::None).await?;
                let dropped = scratch_database::drop(&mut again, &name).await;
                again.close().await;
                dropped
            }
            dropped => dropped,
        };
        home.close().await;
        dropped
    }
}
