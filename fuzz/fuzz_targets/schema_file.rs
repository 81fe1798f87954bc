//! Schema and rule files: read or refused with a place; what was read is the same after it was written and read again, and
//! a comparison with nothing finds something or nothing, but ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrated_core::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::Server;
use migrated_core::schema::Schema;
use migrated_core::schema::text::{read_json, read_rules, read_yaml, write_json, write_yaml};

fn followed(schema: &Schema) {
    assert_eq!(&read_yaml(&write_yaml(schema)).expect("our own YAML is read"), schema);
    assert_eq!(&read_json(&write_json(schema)).expect("our own JSON is read"), schema);
    let rules = Rules::default();
    assert!(diff(schema, schema, &rules).operations.is_empty(), "nothing differs from itself");
    let dialect = schema.dialect.unwrap_or(DialectName::Postgres);
    let server = Server::oldest(dialect);
    for operation in diff(&Schema::new(dialect), schema, &rules).operations {
        let _ = operation.render(&server);
        let _ = operation.reverse();
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match choice % 3 {
        0 => drop(read_yaml(text).map(|schema| followed(&schema))),
        1 => drop(read_json(text).map(|schema| followed(&schema))),
        _ => drop(read_rules(text)),
    }
});
