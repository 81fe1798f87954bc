//! Rights that work needs, as far as the catalog tells them without asking for each (rule R10).

use super::connect::Connected;
use super::error;
use super::quote::literal;
use crate::TargetError;

/// Rights that are missing, one line each. What an account has through a role is not listed for it: where a role
/// is active nothing is claimed to be missing.
pub(super) async fn missing(
    connected: &mut Connected,
    has_version_table: bool,
) -> Result<Vec<String>, TargetError> {
    let place = &connected.place;
    let (home, table) = (literal(&place.database), literal(&place.name));
    // `'user'@'host'` is how the catalog writes accounts; PUBLIC is everybody.
    let me = "(SELECT CONCAT('''',REPLACE(SUBSTRING_INDEX(CURRENT_USER(),'@',-1),'''',''''''),'''') h,\
              CONCAT('''',SUBSTRING(CURRENT_USER(),1,CHAR_LENGTH(CURRENT_USER())-\
              CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(),'@',-1))-1),'''') u)";
    let grantee = format!("(SELECT CONCAT(m.u,'@',m.h) FROM {me} m)");
    // The names of databases in grants are patterns.
    let has = |right: &str, table: Option<&str>| {
        let of_table = table.map_or(String::new(), |table| {
            format!(
                " OR EXISTS(SELECT 1 FROM information_schema.TABLE_PRIVILEGES p WHERE p.PRIVILEGE_TYPE='{right}' \
                 AND p.TABLE_SCHEMA={home} AND p.TABLE_NAME={table} AND p.GRANTEE IN ({grantee},'PUBLIC'))"
            )
        });
        let of_database = if table.is_some() { home.as_str() } else { "DATABASE()" };
        format!(
            "IF(EXISTS(SELECT 1 FROM information_schema.USER_PRIVILEGES p WHERE p.PRIVILEGE_TYPE='{right}' \
             AND p.GRANTEE IN ({grantee},'PUBLIC')) \
             OR EXISTS(SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES p WHERE p.PRIVILEGE_TYPE='{right}' \
             AND {of_database} LIKE p.TABLE_SCHEMA AND p.GRANTEE IN ({grantee},'PUBLIC')){of_table},1,0)"
        )
    };
    let on_table = if has_version_table { Some(table.as_str()) } else { None };
    let text = format!(
        "SELECT IFNULL(CURRENT_ROLE(),'NONE'),CURRENT_USER(),@@read_only,{},{},{},{},{},{}",
        has("SUPER", None),
        has("CREATE", None),
        has("SELECT", on_table),
        has("INSERT", on_table),
        has("UPDATE", on_table),
        has("DELETE", on_table),
    );
    let answers = connected.wire.query(&text).await;
    let answers = answers.map_err(|(_, e)| error::outside(&e, "reading what this user may do"))?;
    let Some(answer) = answers.last() else { return Ok(Vec::new()) };
    let (user, no_role) = (answer.first(1).unwrap_or_default(), answer.first(0) == Some("NONE"));
    let lacks = |at| no_role && answer.first(at) == Some("0");
    let mut missing = Vec::new();
    if !matches!(answer.first(2), None | Some("0" | "OFF")) && lacks(3) {
        missing.push("the server is read only: it takes no writes, as a replica does".to_owned());
    }
    if lacks(4) {
        missing.push(format!("user {user} may not create tables: CREATE on the database"));
    }
    let names = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    let rights: Vec<&str> =
        names.iter().enumerate().filter(|(at, _)| lacks(5 + at)).map(|(_, name)| *name).collect();
    if !rights.is_empty() {
        missing.push(format!("user {user} lacks {} on {}", rights.join(", "), connected.place.table()));
    }
    Ok(missing)
}
