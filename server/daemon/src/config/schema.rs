//! What may stand in a configuration: the keys of each section, declared once together with their struct.

use super::value::{Secret, Size, Span, Words};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text; taken as it is from a variable.
    Text(&'static str),
    /// A number, a truth value or a list; read as TOML from a variable.
    Literal(&'static str),
    /// A text that is never shown.
    Secret,
    /// A path; in a file, relative to that file's folder.
    Path,
    /// A table of keys.
    Table(&'static [Key]),
    /// A list of tables.
    List(&'static [Key]),
}

/// Name of the key that stands for any name, as in `[connections.NAME]`.
pub(crate) const ANY: &str = "NAME";

/// A key, with the text that the reference shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// Its name, or [`ANY`].
    pub(crate) name: &'static str,
    /// Its documentation, line by line.
    pub(crate) docs: &'static [&'static str],
    /// What it holds.
    pub(crate) kind: Kind,
}

/// A type that a key can have.
pub(crate) trait Typed {
    /// What a key of this type holds.
    const KIND: Kind;
}

macro_rules! typed {
    ($($ty:ty: $kind:expr;)*) => { $(impl Typed for $ty { const KIND: Kind = $kind; })* };
}

typed! {
    bool: Kind::Literal("true or false");
    u16: Kind::Literal("number");
    u32: Kind::Literal("number");
    u64: Kind::Literal("number");
    usize: Kind::Literal("number");
    f64: Kind::Literal("number");
    String: Kind::Text("text");
    PathBuf: Kind::Path;
    Secret: Kind::Secret;
    Span: Kind::Text("duration");
    Size: Kind::Text("size");
    Words: Kind::Literal("text or list of texts");
    Vec<u32>: Kind::Literal("list of numbers");
    BTreeMap<String, String>: Kind::Table(&[Key { name: ANY, docs: &[" A name and its value."], kind: Kind::Text("text") }]);
    BTreeMap<String, Secret>: Kind::Table(&[Key { name: ANY, docs: &[" A name and its value."], kind: Kind::Secret }]);
    BTreeMap<String, PathBuf>: Kind::Table(&[Key { name: ANY, docs: &[" A name and the file with its value."], kind: Kind::Path }]);
}

impl<T: Typed> Typed for Option<T> {
    const KIND: Kind = T::KIND;
}

/// Declares a section: its struct with defaults, and the same keys with their documentation for the reference, for
/// the search for unknown keys and for `migrated config`.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $key:ident: $ty:ty = $default:expr,)*
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        pub(crate) struct $name { $($(#[doc = $doc])+ pub(crate) $key: $ty,)* }

        impl Default for $name {
            fn default() -> Self { $name { $($key: $default,)* } }
        }

        impl $name {
            /// The keys of this section.
            pub(crate) const KEYS: &'static [crate::config::schema::Key] = &[$(crate::config::schema::Key {
                name: stringify!($key),
                docs: &[$($doc),+],
                kind: <$ty as crate::config::schema::Typed>::KIND,
            }),*];
        }

        impl crate::config::schema::Typed for $name {
            const KIND: crate::config::schema::Kind = crate::config::schema::Kind::Table($name::KEYS);
        }
    };
}
pub(crate) use section;

/// The key of that name in a table.
pub(crate) fn find(keys: &[Key], name: &str) -> Option<Key> {
    keys.iter().find(|k| k.name == name).or_else(|| keys.iter().find(|k| k.name == ANY)).copied()
}
