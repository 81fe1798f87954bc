//! What a scratch database stands on.

use super::super::connect::{Connected, Purpose};
use super::super::quote::literal;
use super::super::{MysqlTarget, error};
use crate::TargetError;

/// Variables that tell one session or moment from another, and nothing of what a script makes. The values of all others
/// count, whether or not one can see how: a question too many is cheaper than a wrong answer.
const OF_THE_MOMENT: &[&str] = &[
    "error_count",
    "external_user",
    "identity",
    "in_transaction",
    "insert_id",
    "last_gtid",
    "last_insert_id",
    "pseudo_thread_id",
    "rand_seed1",
    "rand_seed2",
    "statement_id",
    "timestamp",
    "warning_count",
];

/// All that decides what a script makes in a scratch database of this target: see [`crate::Target::ground`].
pub(in crate::mysql) async fn ground(target: &MysqlTarget) -> Result<String, TargetError> {
    let Connected { mut wire, .. } = target.connected(Purpose::Work).await?;
    let text = format!(
        "SELECT VERSION(),CURRENT_USER();SELECT DEFAULT_CHARACTER_SET_NAME,DEFAULT_COLLATION_NAME \
         FROM information_schema.SCHEMATA WHERE SCHEMA_NAME={};SHOW VARIABLES",
        literal(&target.database)
    );
    let answers = wire.query(&text).await;
    wire.close().await;
    let answers =
        answers.map_err(|(_, e)| error::outside(&e, "reading what a scratch database stands on"))?;
    let mut out = String::new();
    for row in answers.iter().flat_map(|answer| &answer.rows) {
        let name = row.first().and_then(Option::as_deref).unwrap_or_default();
        // What is counted of binary logs grows with every statement of anybody.
        if !OF_THE_MOMENT.contains(&name) && !name.starts_with("gtid_") {
            out.push_str(&format!("{row:?}\n"));
        }
    }
    Ok(out)
}
