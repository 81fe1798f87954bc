//! A copy of the schema in a scratch database on the same server. Every DDL statement commits by itself here, so that this
//! is how a run can be tried: the statements are executed in the copy, by the code that executes them in the target.

mod confines;
mod definitions;
mod fill;
mod lex;

pub(super) use confines::Confines;

use super::connect::{Connected, Place, Purpose};
use super::inspect::scratch::{drop_unused, leftovers, make, of};
use super::quote::name;
use super::wire::Wire;
use super::{MysqlTarget, error};
use crate::{SchemaCopy, Script, Target, TargetError};
use async_trait::async_trait;
use definitions::Definition;
use migrated_core::Code;
use std::sync::Arc;

/// A copy in use.
struct MysqlCopy {
    /// The connection that holds the lock of the copy's name.
    wire: Wire,
    /// The copy as a target.
    copy: MysqlTarget,
    confines: Arc<Confines>,
    /// What it was copied from.
    original: MysqlTarget,
    /// Where the version table of the original stands.
    place: Place,
    /// What was read of the original.
    definitions: Vec<Definition>,
}

/// Makes an empty one.
pub(super) async fn copy(original: &MysqlTarget) -> Result<Box<dyn SchemaCopy>, TargetError> {
    let Connected { mut wire, place, .. } = original.connected(Purpose::Work).await?;
    let made = async {
        let databases = wire.query("SHOW DATABASES").await;
        let databases =
            databases.map_err(|(_, e)| error::outside(&e, "reading which databases there are"))?;
        let databases = databases.last().map(super::wire::Answer::column).unwrap_or_default();
        Ok((make(&mut wire, &original.database).await?, databases))
    };
    let (database, databases) = match made.await {
        Ok(made) => made,
        Err(error) => {
            wire.close().await;
            return Err(in_words(error));
        }
    };
    let confines = Arc::new(Confines::new(&original.database, &database, databases));
    let mut copy = of(original, &database);
    // Wherever the target's version table stands, that of the copy is in the copy.
    copy.spec.version_table.schema = None;
    copy.key = format!("{}&copy={database}", original.key);
    copy.confines = Some(confines.clone());
    let original = original.clone();
    Ok(Box::new(MysqlCopy { wire, copy, confines, original, place, definitions: Vec::new() }))
}

/// A scratch database that cannot be made, told to who asked for a rehearsal.
fn in_words(error: TargetError) -> TargetError {
    if error.code != Code::ScratchRequired {
        return error;
    }
    let message = format!("a rehearsal needs a copy of the schema on the same server: {}", error.message);
    let grant = error.help.split(", or set ").next().unwrap_or_default();
    let help = format!("{grant}, or rehearse on a copy of the database with `--database-url URL`");
    TargetError { message, help, ..error }
}

/// Drops the scratch databases of this server that nobody uses any more.
pub(super) async fn sweep(target: &MysqlTarget) -> Result<(), TargetError> {
    let Connected { mut wire, .. } = target.connected(Purpose::Ours).await?;
    let found = leftovers(&mut wire).await;
    for leftover in found.iter().flatten() {
        drop_unused(&mut wire, leftover).await;
    }
    wire.close().await;
    found.map(drop)
}

#[async_trait]
impl SchemaCopy for MysqlCopy {
    async fn fill(&mut self) -> Result<Vec<String>, TargetError> {
        let mut reader = self.original.connected(Purpose::Ours).await?;
        let read = definitions::read(&mut reader, &self.original.database).await;
        reader.wire.close().await;
        let (definitions, mut notes) = read?;
        let filled =
            fill::fill(&mut self.wire, &self.original.database, &self.place, &definitions, &self.confines);
        notes.extend(filled.await?);
        self.definitions = definitions;
        Ok(notes)
    }

    fn target(&self) -> Arc<dyn Target> {
        Arc::new(self.copy.clone())
    }

    fn left_out(&self, script: &Script) -> Vec<Option<String>> {
        self.confines.left_out(script)
    }

    async fn changed(&mut self) -> Result<Vec<String>, TargetError> {
        let mut reader = self.original.connected(Purpose::Ours).await?;
        let read = definitions::read(&mut reader, &self.original.database).await;
        reader.wire.close().await;
        Ok(definitions::differences(&self.definitions, &read?.0))
    }

    async fn discard(self: Box<Self>) -> Result<(), TargetError> {
        let database = name(&self.copy.database);
        let doing = format!("dropping {database}");
        // Not on the connection that filled it: that may have been left in the middle of a statement.
        let Connected { mut wire, .. } = self.original.connected(Purpose::Ours).await?;
        let text = format!("SET SESSION foreign_key_checks=0;DROP DATABASE IF EXISTS {database}");
        let dropped = wire.query(&text).await;
        wire.close().await;
        // The lock goes with the connection.
        self.wire.close().await;
        dropped.map(drop).map_err(|(_, e)| error::outside(&e, &doing))
    }
}
