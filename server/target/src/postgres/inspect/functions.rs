//! Functions, procedures and aggregates.

use super::comments::{Catalog, Comments};
use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Function, FunctionKind, Objects};

/// Functions that come with a type (those that construct a range) are part of it.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT p.oid,n.nspname,p.proname,p.prokind,pg_catalog.pg_get_function_identity_arguments(p.oid),\
         pg_catalog.pg_get_function_result(p.oid),pg_catalog.quote_ident(n.nspname)||'.',\
         CASE WHEN p.prokind='a' THEN {aggregate} ELSE pg_catalog.pg_get_functiondef(p.oid) END \
         FROM pg_proc p JOIN pg_namespace n ON n.oid=p.pronamespace LEFT JOIN pg_aggregate g ON g.aggfnoid=p.oid \
         WHERE {wanted} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid='pg_catalog.pg_proc'::pg_catalog.regclass \
         AND e.objid=p.oid AND e.deptype IN ('e','i'))",
        aggregate = AGGREGATE,
        wanted = scope.wanted("n"),
    )
}

/// The server has no function that prints this statement (manual, "CREATE AGGREGATE"). A function's OID prints with
/// the schema where the name alone would not find it.
const AGGREGATE: &str = "'CREATE AGGREGATE '||pg_catalog.quote_ident(n.nspname)||'.'||pg_catalog.quote_ident(p.proname)\
    ||'('||coalesce(nullif(pg_catalog.pg_get_function_arguments(p.oid),''),'*')||') ('||pg_catalog.concat_ws(', ',\
    'SFUNC = '||g.aggtransfn::pg_catalog.regproc,\
    'STYPE = '||pg_catalog.format_type(g.aggtranstype,NULL),\
    CASE WHEN g.aggtransspace<>0 THEN 'SSPACE = '||g.aggtransspace END,\
    CASE WHEN g.aggfinalfn<>0 THEN 'FINALFUNC = '||g.aggfinalfn::pg_catalog.regproc END,\
    CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,\
    CASE WHEN g.aggfinalmodify<>CASE g.aggkind WHEN 'n' THEN 'r' ELSE 's' END THEN 'FINALFUNC_MODIFY = '||\
    CASE g.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,\
    CASE WHEN g.aggcombinefn<>0 THEN 'COMBINEFUNC = '||g.aggcombinefn::pg_catalog.regproc END,\
    CASE WHEN g.aggserialfn<>0 THEN 'SERIALFUNC = '||g.aggserialfn::pg_catalog.regproc END,\
    CASE WHEN g.aggdeserialfn<>0 THEN 'DESERIALFUNC = '||g.aggdeserialfn::pg_catalog.regproc END,\
    CASE WHEN g.agginitval IS NOT NULL THEN 'INITCOND = '||pg_catalog.quote_literal(g.agginitval) END,\
    CASE WHEN g.aggmtransfn<>0 THEN 'MSFUNC = '||g.aggmtransfn::pg_catalog.regproc END,\
    CASE WHEN g.aggminvtransfn<>0 THEN 'MINVFUNC = '||g.aggminvtransfn::pg_catalog.regproc END,\
    CASE WHEN g.aggmtranstype<>0 THEN 'MSTYPE = '||pg_catalog.format_type(g.aggmtranstype,NULL) END,\
    CASE WHEN g.aggmtransspace<>0 THEN 'MSSPACE = '||g.aggmtransspace END,\
    CASE WHEN g.aggmfinalfn<>0 THEN 'MFINALFUNC = '||g.aggmfinalfn::pg_catalog.regproc END,\
    CASE WHEN g.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,\
    CASE WHEN g.aggmtransfn<>0 AND g.aggmfinalmodify<>CASE g.aggkind WHEN 'n' THEN 'r' ELSE 's' END THEN \
    'MFINALFUNC_MODIFY = '||\
    CASE g.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,\
    CASE WHEN g.aggminitval IS NOT NULL THEN 'MINITCOND = '||pg_catalog.quote_literal(g.aggminitval) END,\
    (SELECT 'SORTOP = OPERATOR('||pg_catalog.quote_ident(s.nspname)||'.'||o.oprname||')' FROM pg_operator o \
    JOIN pg_namespace s ON s.oid=o.oprnamespace WHERE o.oid=g.aggsortop),\
    CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END,\
    CASE WHEN g.aggkind='h' THEN 'HYPOTHETICAL' END)||')'";

/// Whether a function was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    row.option(7).is_none()
}

pub(super) fn read(answer: &Answer, scope: &Scope<'_>, comments: &Comments) -> Objects<Function> {
    let function = |row: Row<'_>| {
        let name = scope.name(row.text(1), row.text(2));
        let qualifier = if name.schema.is_none() { row.text(6) } else { "" };
        Function {
            kind: match row.text(3) {
                "p" => FunctionKind::Procedure,
                "a" => FunctionKind::Aggregate,
                _ => FunctionKind::Function,
            },
            arguments: row.text(4).to_owned(),
            returns: row.text(5).to_owned(),
            definition: definition(row.text(7), qualifier),
            sql_mode: None,
            comment: comments.of(Catalog::Function, row.number(0)),
            name,
        }
    };
    answer.rows.iter().map(Row).map(function).collect()
}

/// The statement without OR REPLACE, without a line end at its end, and without `qualifier` before the name: the
/// server always prints the schema there.
fn definition(printed: &str, qualifier: &str) -> String {
    let rest = printed.trim_end_matches('\n');
    let rest =
        rest.strip_prefix("CREATE OR REPLACE ").or_else(|| rest.strip_prefix("CREATE ")).unwrap_or(rest);
    let (kind, rest) = rest.split_once(' ').unwrap_or(("", rest));
    format!("CREATE {kind} {}", rest.strip_prefix(qualifier).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::definition;

    #[test]
    fn the_own_schema_is_not_named() {
        let printed = "CREATE OR REPLACE FUNCTION public.f(a integer)\n LANGUAGE sql\nAS $function$public.f$function$\n";
        let bare = "CREATE FUNCTION f(a integer)\n LANGUAGE sql\nAS $function$public.f$function$";
        assert_eq!(definition(printed, "public."), bare);
        assert_eq!(
            definition("CREATE AGGREGATE public.s(integer) (SFUNC = x)", ""),
            "CREATE AGGREGATE public.s(integer) (SFUNC = x)"
        );
    }
}
