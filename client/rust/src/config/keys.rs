//! Every key of the configuration, once: for reading variables, for telling unknown keys, and for showing.

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Count,
    /// A path; relative ones belong to the folder of the file, or to the working directory.
    Path,
    /// A list of paths; in a variable separated by commas.
    Paths,
    /// A list of texts; in a variable separated by commas.
    Texts,
    /// A list of tables.
    Tables,
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name, with a dot for each section.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether its value is never shown.
    pub secret: bool,
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, secret: false }
}

const fn secret(name: &'static str) -> Key {
    Key { name, kind: Kind::Text, secret: true }
}

/// All keys, in the order in which they are shown.
pub const KEYS: [Key; 29] = [
    key("server", Kind::Text),
    secret("token"),
    key("token_file", Kind::Path),
    key("tls.ca_file", Kind::Path),
    key("tls.cert_file", Kind::Path),
    key("tls.key_file", Kind::Path),
    key("tls.server_name", Kind::Text),
    key("project", Kind::Text),
    key("target", Kind::Text),
    secret("database_url"),
    key("database_url_file", Kind::Path),
    key("database_schema", Kind::Text),
    key("version_table", Kind::Text),
    key("version_table_schema", Kind::Text),
    key("dirs", Kind::Paths),
    key("recursive", Kind::Switch),
    key("rules", Kind::Path),
    key("revision.file_template", Kind::Text),
    key("revision.timezone", Kind::Text),
    key("revision.truncate_slug_length", Kind::Count),
    key("revision.format", Kind::Text),
    key("revision.post_write", Kind::Tables),
    key("lint.ignore", Kind::Texts),
    key("output", Kind::Text),
    key("color", Kind::Text),
    key("on_interrupt", Kind::Text),
    key("actor", Kind::Text),
    key("embedded.idle", Kind::Text),
    key("embedded.binary", Kind::Path),
];

/// The key of that name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

/// The known name that resembles `name` most, if any resembles it at all.
pub fn nearest(name: &str) -> Option<&'static str> {
    KEYS.iter()
        .map(|k| (strsim::normalized_damerau_levenshtein(name, k.name), k.name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
