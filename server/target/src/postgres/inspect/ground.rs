//! What a scratch database stands on.

use super::scratch_database;
use crate::TargetError;
use crate::postgres::PostgresTarget;
use crate::postgres::connect::{Connected, Settings};
use crate::postgres::error;
use crate::postgres::wire::Answer;

/// Settings that tell one session or moment from another, and nothing of what a script makes. The values of all others
/// count, whether or not one can see how: a question too many is cheaper than a wrong answer.
const OF_THE_MOMENT: &str = "'application_name','transaction_isolation','transaction_read_only','transaction_deferrable','in_hot_standby'";

/// All that decides what a script makes in a scratch database of this target: see [`crate::Target::ground`].
pub(in crate::postgres) async fn ground(target: &PostgresTarget) -> Result<String, TargetError> {
    let Connected { mut wire, version, .. } = target.connected("", Settings::Work).await?;
    // Names of roles and tablespaces may stand in scripts; extensions are made at the version that is the default.
    let text = format!(
        "SELECT pg_catalog.version(),current_user,pg_catalog.current_schema(),\
         pg_catalog.array_to_string(pg_catalog.current_schemas(true),',');{};\
         SELECT s.name,s.setting FROM pg_catalog.pg_settings s WHERE s.name NOT IN ({OF_THE_MOMENT}) ORDER BY 1;\
         SELECT r.rolname,r.rolsuper FROM pg_catalog.pg_roles r ORDER BY 1;\
         SELECT t.spcname FROM pg_catalog.pg_tablespace t ORDER BY 1;\
         SELECT e.name,e.default_version FROM pg_catalog.pg_available_extensions e ORDER BY 1;\
         SELECT pg_catalog.obj_description(n.oid,'pg_namespace') FROM pg_catalog.pg_namespace n WHERE n.nspname='public'",
        scratch_database::traits_sql(&version)
    );
    let answers = wire.query(&text, &mut |_| {}).await;
    wire.close().await;
    let answers =
        answers.map_err(|(_, e)| error::outside(&e, "reading what a scratch database stands on"))?;
    Ok(answers.iter().map(told).collect())
}

/// An answer as text, in which no cell can pass for two.
fn told(answer: &Answer) -> String {
    let mut out = String::new();
    for row in &answer.rows {
        let cells: Vec<Option<&str>> = (0..row.len()).map(|at| row.get(at)).collect();
        out.push_str(&format!("{cells:?}\n"));
    }
    out + ";\n"
}
