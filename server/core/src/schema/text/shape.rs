//! What a schema file may hold: every object with its fields. Serde cannot refuse an unknown field where a structure
//! flattens another into itself, and it forgets the place of a value there; this table does neither.

/// An object.
#[derive(Debug)]
pub struct Shape {
    /// What it is, for messages.
    pub what: &'static str,
    /// Whether it must have a `name`.
    pub named: bool,
    /// Its fields in the order in which they are written.
    pub fields: &'static [(&'static str, Kind)],
}

/// What stands in a field.
#[derive(Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An object.
    Object(&'static Shape),
    /// A list.
    List(&'static Kind),
    /// Free keys with a text each.
    Texts,
    /// A list of two texts.
    Pair,
    /// SQL in a text, or `literal: VALUE`.
    Default,
    /// `by: TEXT`, or `of:` with a parent and a bound.
    Partition,
}

use Kind::{Default, Flag, List, Number, Object, Pair, Partition, Text, Texts, Word};

const TEXTS: Kind = List(&Text);
const DEFERRAL: Kind = Word(&["not_deferrable", "immediate", "deferred"]);
const ACTION: Kind = Word(&["no_action", "restrict", "cascade", "set_null", "set_default"]);
const INDEXES: Kind = List(&Object(&INDEX));
const TRIGGERS: Kind = List(&Object(&TRIGGER));
const NAMES: Kind = List(&Object(&NAME));

/// A whole schema.
pub static SCHEMA: Shape = Shape {
    what: "schema",
    named: false,
    fields: &[
        ("dialect", Word(&["postgres", "mysql", "sqlite"])),
        ("schemas", List(&Object(&NAMESPACE))),
        ("extensions", List(&Object(&EXTENSION))),
        ("enums", List(&Object(&ENUM))),
        ("composites", List(&Object(&COMPOSITE))),
        ("domains", List(&Object(&DOMAIN))),
        ("sequences", List(&Object(&SEQUENCE))),
        ("tables", List(&Object(&TABLE))),
        ("functions", List(&Object(&FUNCTION))),
        ("views", List(&Object(&VIEW))),
    ],
};

static NAMESPACE: Shape = Shape { what: "schema", named: true, fields: &[("name", Text), ("comment", Text)] };

static EXTENSION: Shape =
    Shape { what: "extension", named: true, fields: &[("name", Text), ("schema", Text), ("version", Text)] };

static ENUM: Shape = Shape {
    what: "enum",
    named: true,
    fields: &[("schema", Text), ("name", Text), ("values", TEXTS), ("comment", Text)],
};

static COMPOSITE: Shape = Shape {
    what: "composite",
    named: true,
    fields: &[
        ("schema", Text),
        ("name", Text),
        ("fields", List(&Object(&COMPOSITE_FIELD))),
        ("comment", Text),
    ],
};

static COMPOSITE_FIELD: Shape =
    Shape { what: "field", named: true, fields: &[("name", Text), ("type", Text), ("collation", Text)] };

static DOMAIN: Shape = Shape {
    what: "domain",
    named: true,
    fields: &[
        ("schema", Text),
        ("name", Text),
        ("type", Text),
        ("collation", Text),
        ("not_null", Flag),
        ("default", Text),
        ("checks", List(&Object(&DOMAIN_CHECK))),
        ("comment", Text),
    ],
};

static DOMAIN_CHECK: Shape =
    Shape { what: "check", named: false, fields: &[("name", Text), ("expr", Text), ("not_valid", Flag)] };

static SEQUENCE: Shape = Shape {
    what: "sequence",
    named: true,
    fields: &[
        ("schema", Text),
        ("name", Text),
        ("type", Text),
        ("start", Number),
        ("increment", Number),
        ("min", Number),
        ("max", Number),
        ("cache", Number),
        ("cycle", Flag),
        ("owned_by", Object(&OWNER)),
        ("unlogged", Flag),
        ("comment", Text),
    ],
};

static OWNER: Shape = Shape { what: "owner", named: false, fields: &[("table", Text), ("column", Text)] };

static TABLE: Shape = Shape {
    what: "table",
    named: true,
    fields: &[
        ("schema", Text),
        ("name", Text),
        ("columns", List(&Object(&COLUMN))),
        ("primary_key", Object(&PRIMARY_KEY)),
        ("uniques", List(&Object(&UNIQUE))),
        ("checks", List(&Object(&CHECK))),
        ("foreign_keys", List(&Object(&FOREIGN_KEY))),
        ("excludes", List(&Object(&EXCLUDE))),
        ("indexes", INDEXES),
        ("triggers", TRIGGERS),
        ("policies", List(&Object(&POLICY))),
        ("row_security", Word(&["disabled", "enabled", "forced"])),
        ("comment", Text),
        ("options", Object(&TABLE_OPTIONS)),
    ],
};

static COLUMN: Shape = Shape {
    what: "column",
    named: true,
    fields: &[
        ("name", Text),
        ("type", Text),
        ("nullable", Flag),
        ("default", Default),
        ("identity", Object(&IDENTITY)),
        ("computed", Object(&COMPUTED)),
        ("autoincrement", Flag),
        ("on_update", Text),
        ("charset", Text),
        ("collation", Text),
        ("invisible", Flag),
        ("storage", Text),
        ("compression", Text),
        ("statistics", Number),
        ("comment", Text),
        ("verbatim", TEXTS),
    ],
};

static IDENTITY: Shape = Shape {
    what: "identity",
    named: false,
    fields: &[
        ("always", Flag),
        ("start", Number),
        ("increment", Number),
        ("min", Number),
        ("max", Number),
        ("cache", Number),
        ("cycle", Flag),
    ],
};

static COMPUTED: Shape = Shape {
    what: "computed",
    named: false,
    fields: &[("expr", Text), ("kind", Word(&["stored", "virtual"]))],
};

static PRIMARY_KEY: Shape = Shape {
    what: "primary key",
    named: false,
    fields: &[
        ("name", Text),
        ("columns", TEXTS),
        ("items", List(&Object(&INDEX_ITEM))),
        ("include", TEXTS),
        ("deferral", DEFERRAL),
        ("verbatim", TEXTS),
        ("comment", Text),
    ],
};

static UNIQUE: Shape = Shape {
    what: "unique constraint",
    named: false,
    fields: &[
        ("name", Text),
        ("columns", TEXTS),
        ("include", TEXTS),
        ("nulls_not_distinct", Flag),
        ("deferral", DEFERRAL),
        ("verbatim", TEXTS),
        ("comment", Text),
    ],
};

static CHECK: Shape = Shape {
    what: "check",
    named: false,
    fields: &[
        ("name", Text),
        ("expr", Text),
        ("no_inherit", Flag),
        ("not_valid", Flag),
        ("not_enforced", Flag),
        ("comment", Text),
    ],
};

static FOREIGN_KEY: Shape = Shape {
    what: "foreign key",
    named: false,
    fields: &[
        ("name", Text),
        ("columns", TEXTS),
        ("ref_schema", Text),
        ("ref_table", Text),
        ("ref_columns", TEXTS),
        ("on_delete", ACTION),
        ("on_delete_columns", TEXTS),
        ("on_update", ACTION),
        ("match", Word(&["simple", "full", "partial"])),
        ("deferral", DEFERRAL),
        ("not_valid", Flag),
        ("comment", Text),
    ],
};

static EXCLUDE: Shape = Shape {
    what: "exclusion constraint",
    named: false,
    fields: &[
        ("name", Text),
        ("method", Text),
        ("items", List(&Object(&EXCLUDE_ITEM))),
        ("include", TEXTS),
        ("where", Text),
        ("deferral", DEFERRAL),
        ("verbatim", TEXTS),
        ("comment", Text),
    ],
};

static EXCLUDE_ITEM: Shape =
    Shape { what: "exclusion item", named: false, fields: &[("element", Text), ("operator", Text)] };

static INDEX: Shape = Shape {
    what: "index",
    named: true,
    fields: &[
        ("name", Text),
        ("items", List(&Object(&INDEX_ITEM))),
        ("unique", Flag),
        ("kind", Word(&["plain", "fulltext", "spatial", "vector"])),
        ("method", Text),
        ("where", Text),
        ("include", TEXTS),
        ("nulls_not_distinct", Flag),
        ("with", Texts),
        ("tablespace", Text),
        ("invisible", Flag),
        ("verbatim", TEXTS),
        ("comment", Text),
    ],
};

static INDEX_ITEM: Shape = Shape {
    what: "index item",
    named: false,
    fields: &[
        ("column", Text),
        ("expr", Text),
        ("length", Number),
        ("collation", Text),
        ("opclass", Text),
        ("desc", Flag),
        ("nulls", Word(&["first", "last"])),
    ],
};

static TRIGGER: Shape = Shape {
    what: "trigger",
    named: true,
    fields: &[("name", Text), ("definition", Text), ("enabled", Text), ("sql_mode", Text), ("comment", Text)],
};

static POLICY: Shape = Shape {
    what: "policy",
    named: true,
    fields: &[
        ("name", Text),
        ("permissive", Flag),
        ("command", Word(&["all", "select", "insert", "update", "delete"])),
        ("roles", TEXTS),
        ("using", Text),
        ("check", Text),
        ("comment", Text),
    ],
};

static TABLE_OPTIONS: Shape = Shape {
    what: "options",
    named: false,
    fields: &[
        ("unlogged", Flag),
        ("with", Texts),
        ("tablespace", Text),
        ("access_method", Text),
        ("replica_identity", Text),
        ("inherits", NAMES),
        ("partition", Partition),
        ("engine", Text),
        ("charset", Text),
        ("collation", Text),
        ("without_rowid", Flag),
        ("strict", Flag),
        ("virtual_table", Text),
        ("verbatim", TEXTS),
    ],
};

/// A table of a partition or of an inheritance: its name, in its schema.
static NAME: Shape = Shape { what: "name", named: true, fields: &[("schema", Text), ("name", Text)] };

/// The table that a partition belongs to, and which rows it holds.
pub static PARTITION_OF: Shape =
    Shape { what: "partition", named: false, fields: &[("parent", Object(&NAME)), ("bound", Text)] };

static FUNCTION: Shape = Shape {
    what: "function",
    named: true,
    fields: &[
        ("schema", Text),
        ("name", Text),
        ("kind", Word(&["function", "procedure", "aggregate", "event"])),
        ("arguments", Text),
        ("returns", Text),
        ("definition", Text),
        ("sql_mode", Text),
        ("comment", Text),
    ],
};

static VIEW: Shape = Shape {
    what: "view",
    named: true,
    fields: &[
        ("schema", Text),
        ("name", Text),
        ("query", Text),
        ("columns", List(&Pair)),
        ("materialized", Flag),
        ("options", Texts),
        ("indexes", INDEXES),
        ("triggers", TRIGGERS),
        ("depends_on", NAMES),
        ("comment", Text),
    ],
};
