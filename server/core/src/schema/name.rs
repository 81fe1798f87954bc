//! Names of objects.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An object's name. Ordered by schema, the target's own first, then by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    /// Its schema; `None` is the target's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its name within the schema, without quotes.
    pub name: String,
}

impl Name {
    /// A name in the target's own schema.
    pub fn local(name: impl Into<String>) -> Name {
        Name { schema: None, name: name.into() }
    }

    /// A name in `schema`.
    pub fn new(schema: Option<&str>, name: impl Into<String>) -> Name {
        Name { schema: schema.map(str::to_owned), name: name.into() }
    }
}

/// As people read it: unquoted, the schema in front where there is one. Never SQL.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
