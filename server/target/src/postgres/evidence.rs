//! What the catalog says about the objects that a statement names: a hash of each one's definition, recorded
//! before a statement that commits by itself, and compared after a crash (rule R12).

use super::quote::literal;
use super::session::PostgresSession;
use super::{error, leftover};
use crate::journal::progress::Effect;
use crate::{ObjectRef, TargetError};
use migrated_core::DialectName;
use migrated_core::dialect::classify;

/// What stands for the definition of an object that is not there.
pub(super) const ABSENT: &str = "absent";

/// Reads the definitions as they are now, one line an object that the statement names: `kind name = hash`. Behind them
/// stand its marks.
pub(super) async fn definitions(
    session: &mut PostgresSession,
    statement: &str,
    objects: &[ObjectRef],
) -> Result<String, TargetError> {
    let mut names: Vec<(String, String)> =
        objects.iter().map(|o| (o.kind.as_str().to_owned(), quoted(o))).collect();
    names.extend(leftover::marks(statement, objects));
    read(session, &names).await
}

/// Reads the definitions of the objects that recorded lines name.
pub(super) async fn same_objects(
    session: &mut PostgresSession,
    recorded: &str,
) -> Result<String, TargetError> {
    let name = |line: &str| {
        let (named, _) = line.rsplit_once(" = ")?;
        named.split_once(' ').map(|(kind, name)| (kind.to_owned(), name.to_owned()))
    };
    let names: Vec<_> = recorded.lines().filter_map(name).collect();
    read(session, &names).await
}

async fn read(session: &mut PostgresSession, names: &[(String, String)]) -> Result<String, TargetError> {
    if names.is_empty() {
        return Ok(String::new());
    }
    let cells: Vec<String> = names.iter().map(|(kind, name)| definition(kind, name)).collect();
    let text = format!("SELECT {}", cells.join(","));
    let answers = match session.wire.query(&text, &mut |_| {}).await {
        Ok(answers) => answers,
        Err((_, e)) => return Err(error::outside(&e, "reading the catalog")),
    };
    let cell = |index| answers.last().and_then(|a| a.first(index)).unwrap_or(ABSENT);
    let lines: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, (kind, name))| format!("{kind} {name} = {}", cell(index)))
        .collect();
    Ok(lines.join("\n"))
}

/// The name with quotes around every part, so that recorded lines can be read back whatever it contains.
pub(super) fn quoted(object: &ObjectRef) -> String {
    let part = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    match &object.schema {
        Some(schema) => format!("{}.{}", part(schema), part(&object.name)),
        None => part(&object.name),
    }
}

/// A SQL expression for the hash of an object's definition; null where it is absent. The file number is part of
/// it: CLUSTER, REINDEX and TRUNCATE change nothing else.
fn definition(kind: &str, name: &str) -> String {
    if let Some(mark) = leftover::mark(kind, name) {
        return mark;
    }
    let name = literal(name);
    let description = match kind {
        "table" | "index" | "view" | "sequence" => format!(
            "SELECT pg_catalog.concat_ws('|',c.relkind,pg_catalog.pg_relation_filenode(c.oid),\
             c.reloptions::text,c.reltablespace,c.relowner,\
             (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ',a.attname,\
             pg_catalog.format_type(a.atttypid,a.atttypmod),a.attnotnull,a.attidentity,a.attgenerated,\
             pg_catalog.pg_get_expr(d.adbin,d.adrelid)),',' ORDER BY a.attnum) \
             FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d \
             ON d.adrelid=a.attrelid AND d.adnum=a.attnum \
             WHERE a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped),\
             (SELECT pg_catalog.string_agg(k.conname||pg_catalog.pg_get_constraintdef(k.oid),',' \
             ORDER BY k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid=c.oid),\
             (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ',h.inhparent,h.inhrelid,\
             pg_catalog.to_jsonb(h)->>'inhdetachpending'),',' ORDER BY h.inhparent,h.inhrelid) \
             FROM pg_catalog.pg_inherits h WHERE h.inhrelid=c.oid OR h.inhparent=c.oid),\
             pg_catalog.pg_get_indexdef(c.oid),\
             (SELECT pg_catalog.concat(i.indisvalid,i.indisready) FROM pg_catalog.pg_index i \
             WHERE i.indexrelid=c.oid),\
             CASE WHEN c.relkind IN ('v','m') THEN pg_catalog.pg_get_viewdef(c.oid) END) \
             FROM pg_catalog.pg_class c WHERE c.oid=pg_catalog.to_regclass({name})"
        ),
        "function" | "procedure" => format!(
            "SELECT pg_catalog.string_agg(pg_catalog.concat_ws('|',p.oid,p.prosrc,p.prokind,p.proconfig::text),\
             ',' ORDER BY p.oid) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n \
             ON n.oid=p.pronamespace WHERE {name} IN (pg_catalog.format('%s',{}),{})",
            always_quoted("p.proname"),
            format_args!("{}||'.'||{}", always_quoted("n.nspname"), always_quoted("p.proname")),
        ),
        "trigger" => format!(
            "SELECT pg_catalog.string_agg(pg_catalog.pg_get_triggerdef(t.oid)||t.tgenabled::text,',' \
             ORDER BY t.oid) FROM pg_catalog.pg_trigger t WHERE {}={name}",
            always_quoted("t.tgname")
        ),
        "database" => format!(
            "SELECT pg_catalog.concat_ws('|',d.datdba,d.encoding,d.dattablespace,d.datconnlimit,d.datallowconn) \
             FROM pg_catalog.pg_database d WHERE {}={name}",
            always_quoted("d.datname")
        ),
        "schema" => format!(
            "SELECT n.nspowner::text FROM pg_catalog.pg_namespace n WHERE {}={name}",
            always_quoted("n.nspname")
        ),
        _ => "SELECT 'unknown'".to_owned(),
    };
    format!(
        "(SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(x.d,'UTF8')),'hex') \
         FROM ({description}) x(d))"
    )
}

pub(super) fn always_quoted(column: &str) -> String {
    format!("'\"'||pg_catalog.replace({column},'\"','\"\"')||'\"'")
}

/// Whether the object that a statement names first is not there.
pub(super) fn is_absent(lines: &str) -> bool {
    lines.lines().next().is_some_and(|line| line.ends_with(&format!(" = {ABSENT}")))
}

/// Decides from the definitions before and now. `same_text` says whether the statement is the one that was sent:
/// of an edited one only the definitions count.
pub(super) fn decide(statement: &str, same_text: bool, before: &str, now: &str) -> Effect {
    let label = classify(DialectName::Postgres, statement).label;
    let first = |lines: &str| lines.lines().next().map(|line| line.ends_with(&format!(" = {ABSENT}")));
    if same_text && is_harmless_again(label) {
        return Effect::None(format!("{label} may run twice"));
    }
    if before.is_empty() {
        return Effect::Undecided("it names no object whose definition could tell".into());
    }
    let object = now.lines().next().and_then(|line| line.rsplit_once(" = ")).map_or("", |(name, _)| name);
    if same_text && label.starts_with("DROP") {
        return match first(now) {
            Some(true) => Effect::Done(format!("{object} is gone")),
            _ => Effect::None(format!("{object} is still there")),
        };
    }
    if same_text && label.starts_with("CREATE") {
        return match (first(before), first(now)) {
            (Some(true), Some(false)) => Effect::Done(format!("{object} was made")),
            (_, Some(true)) => Effect::None(format!("{object} was not made")),
            _ => Effect::Undecided(format!("{object} was there before")),
        };
    }
    match before == now {
        true if before.contains(" = unknown") => {
            Effect::Undecided("its objects have no definition to compare".into())
        }
        true => Effect::None(format!("the definition of {object} has not changed")),
        false
            if same_text
                && label.contains("DETACH PARTITION")
                && now.lines().count() == before.lines().count() =>
        {
            Effect::Undecided(format!(
                "the definition of {object} changed; a pending detach is ended with DETACH PARTITION … FINALIZE"
            ))
        }
        false => Effect::Done(format!("the definition of {object} changed")),
    }
}

/// Statements outside of transactions that only rewrite what is there.
fn is_harmless_again(label: &str) -> bool {
    ["VACUUM", "REINDEX", "CLUSTER", "ALTER SYSTEM", "DISCARD"].iter().any(|verb| label.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::{Effect, decide};

    fn kind(effect: &Effect) -> char {
        match effect {
            Effect::Done(_) => 'd',
            Effect::None(_) => 'n',
            Effect::Undecided(_) => '?',
        }
    }

    #[test]
    fn statements_are_decided_by_what_they_do() {
        let (absent, one, two) = ("index \"i\" = absent", "index \"i\" = 1", "index \"i\" = 2");
        let cases = [
            ("DROP INDEX CONCURRENTLY i", one, absent, 'd'),
            // An interrupted drop leaves an invalid index: changed, and to be dropped again.
            ("DROP INDEX CONCURRENTLY i", one, two, 'n'),
            ("REINDEX INDEX CONCURRENTLY i", one, two, 'n'),
            ("VACUUM", "", "", 'n'),
            ("CALL tidy()", "", "", '?'),
            ("CREATE DATABASE d", "database \"d\" = absent", "database \"d\" = 1", 'd'),
            ("CREATE DATABASE d", "database \"d\" = absent", "database \"d\" = absent", 'n'),
            ("CREATE DATABASE d", "database \"d\" = 1", "database \"d\" = 1", '?'),
            ("ALTER DATABASE d SET TABLESPACE t", "database \"d\" = 1", "database \"d\" = 2", 'd'),
            ("ALTER DATABASE d SET TABLESPACE t", "database \"d\" = 1", "database \"d\" = 1", 'n'),
        ];
        for (statement, before, now, expected) in cases {
            let effect = decide(statement, true, before, now);
            assert_eq!(kind(&effect), expected, "{statement}: {effect:?}");
        }
    }

    #[test]
    fn an_edited_statement_is_decided_by_definitions_alone() {
        assert_eq!(kind(&decide("VACUUM", false, "", "")), '?');
        assert_eq!(
            kind(&decide("DROP INDEX CONCURRENTLY j", false, "index \"i\" = 1", "index \"i\" = 1")),
            'n'
        );
    }
}
