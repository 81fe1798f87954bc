//! The rules of comparisons as files: YAML or JSON, with the same check of fields as schemas have.

use super::shape::Kind::{self, Flag, List, Object, Pair, Text, Word};
use super::shape::Shape;
use super::tree::{Node, Value};
use super::{SchemaTextError, check, yaml};
use crate::diff::Rules;

/// Reads the rules of a comparison, from YAML or JSON.
///
/// # Errors
/// What is wrong, with its place.
pub fn read_rules(text: &str) -> Result<Rules, SchemaTextError> {
    let root: Node = yaml::<serde_saphyr::Spanned<Value>>(text)?.into();
    if matches!(root.value, Value::Null) {
        return Ok(Rules::default());
    }
    check::check(&root, &RULES)?;
    yaml(text)
}

const FILTERS: Kind = List(&Object(&FILTER));

/// The rules of a comparison.
static RULES: Shape = Shape {
    what: "rules file",
    named: false,
    fields: &[
        ("renames", List(&Pair)),
        ("include", FILTERS),
        ("exclude", FILTERS),
        ("compare_type", Flag),
        ("compare_server_default", Flag),
        ("compare_nullable", Flag),
        ("compare_comment", Flag),
        ("compare_collation", Flag),
        ("compare_identity", Flag),
        ("compare_computed", Flag),
        ("compare_table_options", Flag),
        ("drop", Word(&["all", "owned", "none"])),
        ("owned", List(&Object(&OBJECT_ID))),
        ("partitions", Flag),
        ("types", List(&Object(&TYPE_REWRITE))),
        ("tolerate", List(&Object(&TOLERANCE))),
        ("naming", Object(&NAMING)),
    ],
};

const OBJECT_KIND: Kind = Word(&[
    "schema",
    "extension",
    "enum",
    "composite",
    "domain",
    "sequence",
    "table",
    "column",
    "primary_key",
    "unique",
    "check",
    "foreign_key",
    "exclude",
    "index",
    "function",
    "view",
    "trigger",
    "policy",
]);

static FILTER: Shape = Shape {
    what: "filter",
    named: false,
    fields: &[("kind", OBJECT_KIND), ("schema", Text), ("table", Text), ("name", Text)],
};

static OBJECT_ID: Shape =
    Shape { what: "object", named: true, fields: &[("kind", OBJECT_KIND), ("name", Text)] };

static TYPE_REWRITE: Shape =
    Shape { what: "type rewrite", named: false, fields: &[("type", Text), ("to", Text), ("table", Text)] };

static TOLERANCE: Shape = Shape {
    what: "tolerance",
    named: false,
    fields: &[
        ("of", Object(&FILTER)),
        (
            "aspects",
            List(&Word(&[
                "type",
                "server_default",
                "nullable",
                "comment",
                "collation",
                "identity",
                "computed",
                "options",
            ])),
        ),
    ],
};

static NAMING: Shape = Shape {
    what: "naming convention",
    named: false,
    fields: &[("pk", Text), ("uq", Text), ("ck", Text), ("fk", Text)],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Drops;

    #[test]
    fn rules_are_read_from_yaml_and_json_and_what_is_wrong_is_placed() {
        let rules = Rules {
            renames: vec![("users".into(), "accounts".into())],
            compare_comment: false,
            drop: Drops::Owned,
            ..Rules::default()
        };
        let json = serde_json::to_string_pretty(&rules).expect("JSON");
        assert_eq!(read_rules(&json).as_ref(), Ok(&rules));
        let yaml = "renames: [[users, accounts]]\ncompare_comment: false\ndrop: owned\n";
        assert_eq!(read_rules(yaml).as_ref(), Ok(&rules));
        assert_eq!(read_rules("# nothing\n"), Ok(Rules::default()));
        for (text, line, message) in [
            ("exlude: []\n", 1, "a rules file has no field `exlude`; did you mean `exclude`?"),
            ("exclude:\n- kind: tabel\n", 2, "filter, kind: expected one of schema, "),
            ("drop: owned\ncompare_type: maybe\n", 2, "compare_type: expected true or false"),
            ("exclude:\n- name: '/(/'\n", 2, "\"/(/\" is no pattern"),
        ] {
            let found = read_rules(text).expect_err(text);
            assert!(found.message.contains(message), "{text}: {found:?}");
            assert_eq!(found.line, line, "{text}: {found:?}");
        }
    }

    #[test]
    fn the_page_about_rules_has_every_field_of_a_file() {
        let page = include_str!("../../../../../docs/rules/README.md");
        for (field, _) in RULES.fields {
            assert!(page.contains(&format!("[`{field}`]")), "docs/rules/README.md does not name `{field}`");
        }
    }
}
