//! Random schemas: small, so that two of them share most names, and such that an engine would take them.

use crate::{index, key, sql};
use migrated_core::dialect::DialectName;
use migrated_core::schema::*;
use proptest::prelude::*;

/// A schema that is made from a list of choices.
pub(crate) fn schemas(dialect: DialectName) -> impl Strategy<Value = Schema> {
    proptest::collection::vec(any::<u8>(), 0..160).prop_map(move |choices| made(dialect, choices))
}

struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    /// One of `n`; the first where the choices are used up.
    fn of(&mut self, n: u8) -> u8 {
        self.0.next().unwrap_or(0) % n
    }

    fn yes(&mut self, in_n: u8) -> bool {
        self.of(in_n) == in_n - 1
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::from(self.of(u8::try_from(from.len()).expect("few")))]
    }
}

fn made(dialect: DialectName, choices: Vec<u8>) -> Schema {
    let mut c = Choices(choices.into_iter());
    let mut schema = Schema::new(dialect);
    let postgres = dialect == DialectName::Postgres;
    if postgres {
        objects(&mut schema, &mut c);
    }
    for number in 0..c.of(4) + 1 {
        if c.yes(4) {
            continue;
        }
        let table = table(dialect, &schema, number, &mut c);
        schema.tables.insert(table);
    }
    keys(&mut schema, &mut c);
    views(dialect, &mut schema, &mut c);
    schema
}

fn objects(schema: &mut Schema, c: &mut Choices) {
    let comment = |c: &mut Choices| c.yes(4).then(|| "said".to_owned());
    if c.yes(2) {
        let all = ["sad", "ok", "glad"];
        let values = all.iter().filter(|_| !c.yes(3)).map(|v| (*v).to_owned()).collect();
        let comment = comment(c);
        schema.enums.insert(Enum { name: Name::local("mood"), values, comment });
    }
    if c.yes(3) {
        let data_type = c.pick(&["integer", "text"]).to_owned();
        let checks = if c.yes(2) {
            vec![DomainCheck {
                name: Some("d_check".into()),
                expr: "VALUE IS NOT NULL".into(),
                not_valid: false,
            }]
        } else {
            Vec::new()
        };
        let not_null = c.yes(2);
        let name = Name::local("short");
        schema.domains.insert(Domain { name, data_type, checks, not_null, ..Domain::default() });
    }
    if c.yes(3) {
        let increment = c.yes(2).then_some(5);
        let options = SequenceOptions { increment, ..SequenceOptions::default() };
        let comment = comment(c);
        schema.sequences.insert(Sequence { name: Name::local("s"), options, comment, ..Sequence::default() });
    }
    if c.yes(3) {
        let returns = c.pick(&["integer", "bigint"]).to_owned();
        let body = c.pick(&["SELECT 1", "SELECT 2"]);
        let definition = format!("CREATE FUNCTION f() RETURNS {returns} LANGUAGE sql AS $$ {body} $$");
        let name = Name::local("f");
        schema.functions.insert(Function {
            name,
            returns,
            definition,
            comment: comment(c),
            ..Function::default()
        });
    }
    if c.yes(4) {
        schema.schemas.insert(Namespace { name: "side".into(), comment: comment(c) });
    }
    if c.yes(4) {
        schema.extensions.insert(Extension { name: "citext".into(), ..Extension::default() });
    }
}

fn table(dialect: DialectName, schema: &Schema, number: u8, c: &mut Choices) -> Table {
    let name = format!("t{number}");
    let mut table = crate::table(&name, &[("id", "integer")]);
    table.columns[0].nullable = false;
    let mut types = vec!["integer", "text", "character varying(20)"];
    types.extend(schema.enums.iter().map(|_| "mood"));
    types.extend(schema.domains.iter().map(|_| "short"));
    for column in ["a", "b", "c", "d"] {
        if c.yes(3) {
            continue;
        }
        let mut made = Column::new(column, c.pick(&types));
        made.nullable = !c.yes(3);
        made.default = match c.of(5) {
            0 | 1 => None,
            2 if schema.functions.len() > 0 && made.data_type == "integer" => sql("f()"),
            3 if schema.sequences.len() > 0 && made.data_type == "integer" => sql("nextval('s'::regclass)"),
            _ if made.data_type == "mood" => None,
            _ => sql("'1'"),
        };
        if dialect != DialectName::Sqlite && c.yes(5) {
            made.comment = Some("noted".into());
        }
        table.columns.push(made);
    }
    if c.yes(4) {
        table.columns.reverse();
    }
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let any = |c: &mut Choices| columns[usize::from(c.of(u8::try_from(columns.len()).expect("few")))].clone();
    let named = |c: &mut Choices, name: String| (dialect != DialectName::Sqlite || c.yes(2)).then_some(name);
    let unnamed = dialect == DialectName::Mysql;
    if !c.yes(4) {
        let columns = if c.yes(4) { vec!["id".into(), any(c)] } else { vec!["id".into()] };
        let columns: Vec<String> =
            if columns.len() > 1 && columns[0] == columns[1] { vec![columns[0].clone()] } else { columns };
        let name = named(c, format!("{name}_pkey")).filter(|_| !unnamed);
        table.columns[0].autoincrement |= unnamed && table.columns[0].name == "id" && c.yes(2);
        table.columns.iter_mut().filter(|of| columns.contains(&of.name)).for_each(|of| of.nullable = false);
        table.primary_key = Some(PrimaryKey { name, columns, ..PrimaryKey::default() });
    }
    if !unnamed && c.yes(3) {
        let label = c.pick(&["u", "v"]);
        let unique =
            Unique { name: named(c, format!("{name}_{label}")), columns: vec![any(c)], ..Unique::default() };
        table.uniques.push(unique);
    }
    if c.yes(3) {
        let expr = format!("{} IS NOT NULL", any(c));
        table.checks.push(Check { name: named(c, format!("{name}_check")), expr, ..Check::default() });
    }
    for _ in 0..c.of(3) {
        let label = c.pick(&["i", "j", "k"]);
        let column = any(c);
        let made = Index { unique: c.yes(3), ..index(&format!("{name}_{label}"), &[&column]) };
        table.indexes.insert(made);
    }
    if c.yes(4) {
        let definition = format!("CREATE TRIGGER g AFTER INSERT ON {name} {}", c.pick(&["one", "two"]));
        let name = format!("{name}_g");
        table.triggers.insert(Trigger { name, definition, ..Trigger::default() });
    }
    match dialect {
        DialectName::Postgres => {
            if c.yes(5) {
                let using = Some(format!("{} IS NOT NULL", any(c)));
                table.policies.insert(Policy {
                    name: "p".into(),
                    permissive: true,
                    command: PolicyCommand::All,
                    roles: vec!["public".into()],
                    using,
                    check: None,
                    comment: None,
                });
                table.row_security = RowSecurity::Enabled;
            }
            table.options.unlogged = c.yes(6);
        }
        DialectName::Mysql => {
            table.options.charset = Some(c.pick(&["utf8mb4", "latin1"]).into());
        }
        DialectName::Sqlite => table.options.strict = c.yes(6),
    }
    if dialect != DialectName::Sqlite && c.yes(5) {
        table.comment = Some("told".into());
    }
    table
}

/// Foreign keys in all directions, circles too.
fn keys(schema: &mut Schema, c: &mut Choices) {
    let referred: Vec<String> = schema
        .tables
        .iter()
        .filter(|table| table.primary_key.as_ref().is_some_and(|key| key.columns == ["id"]))
        .map(|table| table.name.name.clone())
        .collect();
    for table in schema.tables.iter_mut() {
        let name = table.name.name.clone();
        for to in &referred {
            let column =
                table.columns.iter().find(|column| column.data_type == "integer" && column.name != "id");
            if let Some(column) = column
                && c.yes(3)
            {
                let key = key(&format!("{name}_{to}"), &column.name, to);
                table.foreign_keys.push(key);
            }
        }
    }
}

fn views(dialect: DialectName, schema: &mut Schema, c: &mut Choices) {
    let mut below: Vec<(Name, String)> =
        schema.tables.iter().map(|table| (table.name.clone(), "id".to_owned())).collect();
    for name in ["v", "w", "x"] {
        if below.is_empty() || c.yes(2) {
            continue;
        }
        let (of, column) = below[usize::from(c.of(u8::try_from(below.len()).expect("few")))].clone();
        let columns = vec![(column.clone(), c.pick(&["integer", "bigint"]).to_owned())];
        let view = View {
            name: Name::local(name),
            query: format!("SELECT {of}.{column} FROM {of} {}", c.pick(&["", "LIMIT 1"])),
            columns: if dialect == DialectName::Postgres { columns } else { Vec::new() },
            materialized: dialect == DialectName::Postgres && c.yes(4),
            depends_on: vec![of],
            comment: (dialect == DialectName::Postgres && c.yes(4)).then(|| "seen".to_owned()),
            ..View::default()
        };
        below.push((view.name.clone(), column));
        schema.views.insert(view);
    }
}
