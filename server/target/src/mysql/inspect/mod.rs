//! Reading the schema, and scratch databases.
//!
//! Everything is asked in two texts: the catalog as a whole; then SHOW CREATE for what stands nowhere else, and the
//! catalog again. There is no snapshot of a catalog here: only where both readings agree is it what it was all the time.

mod catalog;
mod column;
mod constraint;
pub(super) mod definition;
mod ground;
mod index;
mod read;
mod routine;
pub(super) mod scratch;
mod sequence;
mod table;
pub(super) mod text;
mod trigger;
mod view;

pub(super) use ground::ground;
pub(super) use scratch::scratch;

use super::connect::{Connected, Purpose};
use super::{MysqlTarget, error};
use crate::{InspectOptions, Inspected, TargetError};
use migrated_core::Code;
use migrated_core::operation::Server;

/// How often a schema that moves is read.
const TRIES: usize = 3;

pub(super) async fn inspect(
    target: &MysqlTarget,
    _options: &InspectOptions,
) -> Result<Inspected, TargetError> {
    let mut connected = target.connected(Purpose::Ours).await?;
    let inspected = still(&mut connected, &target.database).await;
    connected.wire.close().await;
    inspected
}

async fn still(connected: &mut Connected, database: &str) -> Result<Inspected, TargetError> {
    // Quoted names and backslashes are to be printed in one way, whatever the server's sql_mode is.
    let settings = "SET SESSION sql_mode='',SESSION sql_quote_show_create=1";
    if let Err((_, e)) = connected.wire.query(settings).await {
        return Err(error::outside(&e, "setting up the session"));
    }
    for _ in 0..TRIES {
        if let Some(inspected) = read::read(connected, database).await? {
            return Ok(inspected);
        }
    }
    Err(TargetError::new(Code::SchemaMoved, format!("the schema of {database} changed while it was read"))
        .help("wait until whoever changes it is done, and try again"))
}

/// The server, as rendering wants to know it.
fn server(connected: &Connected) -> Server {
    let mut numbers = connected.server.name.rsplit(' ').next().unwrap_or_default().split('.');
    let mut number = || numbers.next().and_then(|n| n.parse().ok()).unwrap_or_default();
    Server {
        dialect: migrated_core::DialectName::Mysql,
        version: (number(), number(), number()),
        mariadb: connected.server.is_mariadb,
    }
}
