//! The desired schema without SQL: the corpus' neutral form as a schema file.

use super::corpus::Row;
use crate::harness::Engine;
use migrated_core::schema::{
    Check, Column, Computed, ComputedKind, DefaultValue, Enum, Extension, ForeignKey, Identity, Index,
    IndexItem, LiteralValue, Name, Namespace, Nulls, PrimaryKey, Schema, Sequence, SequenceOptions, Table,
    Unique, text,
};
use serde_json::Value;

/// The desired schema as JSON, in the form that `inspect --format json` writes; `None` where only SQL can say it.
pub(super) fn message(row: &Row) -> Option<String> {
    let target = &row.target;
    if !list(&target["extra_sql"]).is_empty() {
        return None;
    }
    let mut schema = Schema::default();
    for name in list(&target["schemas"]) {
        schema.schemas.insert(Namespace { name: string(name), comment: None });
    }
    for sql in list(&target["pre_sql"]) {
        let name = string(sql).strip_prefix("CREATE EXTENSION ")?.to_owned();
        schema.extensions.insert(Extension { name, ..Extension::default() });
    }
    for one in list(&target["sequences"]) {
        let options = SequenceOptions { start: one["start"].as_i64(), ..SequenceOptions::default() };
        let name = Name::local(string(&one["name"]));
        schema.sequences.insert(Sequence { name, options, ..Sequence::default() });
    }
    for one in list(&target["tables"]) {
        let table = table(row.engine, one, &target["naming_convention"], &mut schema);
        assert!(schema.tables.insert(table).is_none(), "{}: two tables of one name", row.id);
    }
    Some(text::write_json(&schema))
}

fn table(engine: Engine, told: &Value, convention: &Value, schema: &mut Schema) -> Table {
    let own = string(&told["name"]);
    let named = |kind: &str, given: &Value, first: &str, referred: &str| {
        let (given, rule) = (given.as_str(), convention[kind].as_str());
        // A convention names what has no name, and puts a given name of a check into its own.
        let rule = rule.filter(|rule| given.is_none() || rule.contains("constraint_name"));
        let Some(rule) = rule else { return given.map(str::to_owned) };
        let parts = [
            ("%(column_0_label)s", format!("{own}_{first}")),
            ("%(table_name)s", own.clone()),
            ("%(column_0_name)s", first.to_owned()),
            ("%(constraint_name)s", given.unwrap_or_default().to_owned()),
            ("%(referred_table_name)s", referred.to_owned()),
        ];
        Some(parts.iter().fold(rule.to_owned(), |name, (part, with)| name.replace(part, with)))
    };
    let mut table = Table { name: name(told, "schema", "name"), ..Table::default() };
    let comment = told["comment"].as_str().filter(|_| engine != Engine::Sqlite);
    table.comment = comment.map(str::to_owned);
    let key = strings(&told["primary_key"]["columns"]);
    for one in list(&told["columns"]) {
        let alone = key.len() == 1 && one["name"] == key[0].as_str();
        table.columns.push(column(engine, one, alone, schema));
        if one["type"]["create_constraint"] == true {
            let values: Vec<String> = list(&one["type"]["values"]).iter().map(quoted).collect();
            let expr = format!("{} IN ({})", string(&one["name"]), values.join(", "));
            let name = one["type"]["name"].as_str().map(str::to_owned);
            table.checks.push(Check { name, expr, ..Check::default() });
        }
    }
    if !key.is_empty() {
        let name = named("pk", &told["primary_key"]["name"], &key[0], "");
        // The primary key of MariaDB has one name, which nobody gives it.
        let name = name.filter(|_| engine != Engine::Mariadb);
        table.primary_key = Some(PrimaryKey { name, columns: key, ..PrimaryKey::default() });
    }
    for one in list(&told["uniques"]) {
        let columns = strings(&one["columns"]);
        let name = named("uq", &one["name"], &columns[0], "");
        table.uniques.push(Unique { name, columns, ..Unique::default() });
    }
    for one in list(&told["checks"]) {
        let name = named("ck", &one["name"], "", "");
        table.checks.push(Check { name, expr: string(&one["expr"]), ..Check::default() });
    }
    for one in list(&told["foreign_keys"]) {
        let columns = strings(&one["columns"]);
        let Name { schema: ref_schema, name: ref_table } = name(one, "ref_schema", "ref_table");
        let name = named("fk", &one["name"], &columns[0], &ref_table);
        let ref_columns = strings(&one["ref_columns"]);
        let key = ForeignKey { name, columns, ref_schema, ref_table, ref_columns, ..ForeignKey::default() };
        table.foreign_keys.push(key);
    }
    for one in list(&told["indexes"]) {
        let first = one["items"][0]["column"].as_str().unwrap_or_default();
        let name = named("ix", &one["name"], first, "").expect("an index has a name");
        table.indexes.insert(index(name, one));
    }
    table
}

fn index(name: String, told: &Value) -> Index {
    let items = list(&told["items"]).iter().map(|item| IndexItem {
        column: item["column"].as_str().map(str::to_owned),
        expr: item["expr"].as_str().map(str::to_owned),
        opclass: item["opclass"].as_str().map(str::to_owned),
        desc: item["desc"] == true,
        nulls: item["nulls"].as_str().map(|place| match place {
            "first" => Nulls::First,
            "last" => Nulls::Last,
            other => panic!("NULLS {other}"),
        }),
        ..IndexItem::default()
    });
    let with = told["with"].as_object().into_iter().flatten();
    Index {
        name,
        items: items.collect(),
        unique: told["unique"] == true,
        method: told["method"].as_str().map(str::to_owned),
        predicate: told["where"].as_str().map(str::to_owned),
        include: strings(&told["include"]),
        with: with.map(|(name, value)| (name.clone(), value.to_string())).collect(),
        ..Index::default()
    }
}

fn column(engine: Engine, told: &Value, alone: bool, schema: &mut Schema) -> Column {
    let counts = alone
        && matches!(told["type"]["kind"].as_str(), Some("integer" | "bigint"))
        && told["autoincrement"] != false
        && told["identity"].is_null()
        && told["default"].is_null();
    let data_type = match told["type"]["kind"].as_str() {
        Some("integer") if counts && engine == Engine::Postgres => "SERIAL".to_owned(),
        Some("bigint") if counts && engine == Engine::Postgres => "BIGSERIAL".to_owned(),
        _ => data_type(engine, &told["type"], schema),
    };
    let mut column = Column::new(string(&told["name"]), data_type);
    column.nullable = told["nullable"].as_bool().expect("it says whether it may be NULL");
    column.autoincrement = counts && engine == Engine::Mariadb;
    column.default = match (told["default"]["literal"].as_str(), told["default"]["expr"].as_str()) {
        (Some(value), _) => Some(DefaultValue::Literal { literal: LiteralValue::Text(value.to_owned()) }),
        (None, Some(sql)) => Some(DefaultValue::Sql(sql.to_owned())),
        (None, None) => None,
    };
    column.identity = told["identity"].as_object().map(|identity| {
        let of = |field: &str| identity.get(field).and_then(Value::as_i64);
        let options =
            SequenceOptions { start: of("start"), increment: of("increment"), ..SequenceOptions::default() };
        Identity { always: identity.get("always").is_some_and(|always| always == true), options }
    });
    column.computed = told["computed"]["expr"].as_str().map(|expr| Computed {
        expr: expr.to_owned(),
        kind: match told["computed"]["persisted"] == false {
            true => ComputedKind::Virtual,
            false => ComputedKind::Stored,
        },
    });
    column.comment = told["comment"].as_str().filter(|_| engine != Engine::Sqlite).map(str::to_owned);
    column
}

/// The type's name on an engine, as Alembic's users get it. An enum of PostgreSQL goes into the schema too.
fn data_type(engine: Engine, told: &Value, schema: &mut Schema) -> String {
    let number = |field: &str| told[field].as_u64().expect("a number");
    let kind = told["kind"].as_str().expect("a kind");
    match (kind, engine) {
        ("varchar" | "varbinary", _) if told["length"].is_u64() => {
            format!("{}({})", kind.to_uppercase(), number("length"))
        }
        ("numeric", _) if told["scale"].is_u64() => {
            format!("NUMERIC({}, {})", number("precision"), number("scale"))
        }
        ("numeric", _) if told["precision"].is_u64() => format!("NUMERIC({})", number("precision")),
        ("boolean", Engine::Mariadb) => "BOOL".to_owned(),
        ("timestamp", Engine::Postgres) if told["tz"] == true => "TIMESTAMP WITH TIME ZONE".to_owned(),
        ("timestamp", Engine::Mariadb | Engine::Sqlite) => "DATETIME".to_owned(),
        ("mysql_timestamp", _) => "TIMESTAMP".to_owned(),
        ("binary", Engine::Postgres) => "BYTEA".to_owned(),
        ("binary", _) => "BLOB".to_owned(),
        ("tinyint", _) => format!("TINYINT({})", number("display")),
        ("array", _) => {
            let dimensions = told["dimensions"].as_u64().unwrap_or(1);
            let brackets = (0..dimensions).map(|_| "[]").collect::<String>();
            format!("{}{brackets}", data_type(engine, &told["of"], schema))
        }
        ("enum", _) if told["native"] == false => format!("VARCHAR({})", number("length")),
        ("enum", Engine::Postgres) => {
            let (name, values) = (name(told, "schema", "name"), strings(&told["values"]));
            let sql = name.to_string();
            schema.enums.insert(Enum { name, values, comment: None });
            sql
        }
        ("enum", _) => {
            format!("ENUM({})", list(&told["values"]).iter().map(quoted).collect::<Vec<_>>().join(","))
        }
        _ => kind.to_uppercase(),
    }
}

fn name(told: &Value, schema: &str, name: &str) -> Name {
    Name::new(told[schema].as_str(), string(&told[name]))
}

fn quoted(value: &Value) -> String {
    format!("'{}'", string(value).replace('\'', "''"))
}

fn string(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    list(value).iter().map(string).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
