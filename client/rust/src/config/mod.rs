//! Configuration: defaults < `migratectl.toml`, found by walking up < `MIGRATECTL_*` < flags, merged by figment.

mod choice;
pub mod keys;
pub mod layers;

pub use choice::{TargetChoice, database_url_for_daemon};

use crate::error::{Error, Own, Result};
use figment::Figment;
use figment::providers::Serialized;
use layers::Rank;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The configuration file's name.
pub const FILE_NAME: &str = "migratectl.toml";

/// The merged settings. The names are the keys of `migratectl.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Address of the daemon; without one the embedded daemon is used.
    pub server: Option<String>,
    /// Bearer token.
    pub token: Option<String>,
    /// File that holds the token.
    pub token_file: Option<PathBuf>,
    /// Transport security.
    pub tls: Tls,
    /// Project; the name of the project's folder where it is not set.
    pub project: Option<String>,
    /// Named target.
    pub target: Option<String>,
    /// URL of an ad-hoc target; `${VAR}` is replaced.
    pub database_url: Option<String>,
    /// File that holds the URL.
    pub database_url_file: Option<PathBuf>,
    /// Default schema of an ad-hoc target.
    pub database_schema: Option<String>,
    /// Version table of an ad-hoc target.
    pub version_table: Option<String>,
    /// Schema of its version table.
    pub version_table_schema: Option<String>,
    /// Version locations, in order; `./migrations` where none is set.
    pub dirs: Vec<PathBuf>,
    /// Whether folders inside of version locations are read too.
    pub recursive: bool,
    /// File with the rules of comparisons.
    pub rules: Option<PathBuf>,
    /// How new revision files are named and written.
    pub revision: Revision,
    /// What lint looks at.
    pub lint: Lint,
    /// Form of the output.
    pub output: Option<String>,
    /// `auto`, `always` or `never`.
    pub color: Option<String>,
    /// What Ctrl-C does to a run: `cancel` or `detach`.
    pub on_interrupt: Option<String>,
    /// Who asks, as shown to others.
    pub actor: Option<String>,
    /// The embedded daemon.
    pub embedded: Embedded,
}

/// Section `tls`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// Certificates to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate.
    pub cert_file: Option<PathBuf>,
    /// Its key.
    pub key_file: Option<PathBuf>,
    /// Name that the server's certificate must carry, where it is not the address.
    pub server_name: Option<String>,
}

/// Section `revision`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Revision {
    /// Alembic's `file_template`.
    pub file_template: Option<String>,
    /// IANA time zone of new files.
    pub timezone: Option<String>,
    /// Longest slug in characters.
    pub truncate_slug_length: Option<u32>,
    /// `sql` or `yaml`.
    pub format: Option<String>,
    /// Commands to run over a new file.
    pub post_write: Vec<PostWrite>,
}

/// A command of `[[revision.post_write]]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostWrite {
    /// Program and arguments; `REVISION_FILENAME` stands for the new file and is added at the end where it is missing.
    pub command: Vec<String>,
    /// Working directory, relative to the project's folder.
    #[serde(default)]
    pub cwd: Option<PathBuf>,
}

/// Section `lint`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lint {
    /// Rules that are switched off.
    pub ignore: Vec<String>,
}

/// Section `embedded`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Embedded {
    /// How long an idle daemon stays, as `10m`.
    pub idle: Option<String>,
    /// The daemon's binary, where it is neither beside our own nor on the PATH.
    pub binary: Option<PathBuf>,
}

/// What the configuration is read from. Nothing else of the process is looked at.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Working directory, absolute.
    pub cwd: PathBuf,
    /// `--config` or `MIGRATECTL_CONFIG`.
    pub file: Option<PathBuf>,
    /// The environment.
    pub variables: Vec<(String, String)>,
    /// Flags as `(key, text)`.
    pub flags: Vec<(&'static str, String)>,
}

/// The configuration with its origins.
#[derive(Clone)]
pub struct Config {
    /// The merged settings.
    pub settings: Settings,
    /// The project's folder: that of the file, else the working directory.
    pub project_dir: PathBuf,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// The working directory.
    pub cwd: PathBuf,
    variables: Vec<(String, String)>,
    figment: Figment,
}

/// Reads and merges the configuration.
///
/// # Errors
/// CONFIG_INVALID for an unknown key, a value of the wrong type, or a file that is not TOML; LOCAL_FILE for one that
/// cannot be read.
pub fn load(sources: &Sources) -> Result<Config> {
    let named = sources.file.as_ref().map(|f| sources.cwd.join(f));
    let file = named.or_else(|| find_file(&sources.cwd));
    let mut figment = Figment::from(Serialized::defaults(Settings::default()));
    if let Some(path) = &file {
        let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, "read", &e))?;
        figment = figment.merge(layers::file(path, &text)?);
    }
    let project_dir = file.as_deref().and_then(Path::parent).unwrap_or(&sources.cwd).to_path_buf();
    figment = figment
        .merge(layers::variables(&sources.variables, &sources.cwd)?)
        .merge(layers::flags(&sources.flags, &sources.cwd)?);
    let settings: Settings = figment.extract().map_err(|e| wrong_type(&figment, file.as_deref(), &e))?;
    let variables = sources.variables.clone();
    Ok(Config { settings, project_dir, file, cwd: sources.cwd.clone(), variables, figment })
}

impl Config {
    /// The layer that a key's value comes from.
    pub fn rank(&self, key: &str) -> Rank {
        layers::rank(self.figment.find_metadata(key))
    }

    /// Where a key's value comes from, in words.
    pub fn origin(&self, key: &str) -> String {
        match self.rank(key) {
            Rank::Default => "default".into(),
            Rank::File => self.file.as_deref().unwrap_or(Path::new(FILE_NAME)).display().to_string(),
            Rank::Variable => format!("{}{}", layers::PREFIX, key.to_uppercase().replace('.', "__")),
            Rank::Flag => "flag".into(),
        }
    }

    /// A key's value as text; none where it is not set.
    pub fn shown(&self, key: &str) -> Option<String> {
        use figment::value::Value;
        match self.figment.find_value(key).ok()? {
            Value::Empty(..) => None,
            Value::String(_, text) => Some(text),
            Value::Bool(_, on) => Some(on.to_string()),
            Value::Num(_, n) => Some(n.to_i128().map_or_else(|| format!("{n:?}"), |n| n.to_string())),
            value => serde_json::to_string(&value).ok().filter(|json| json != "[]"),
        }
    }

    /// A variable of the environment, if it is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// The environment.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// The project's name: as configured, else the name of its folder.
    pub fn project(&self) -> String {
        let configured = self.settings.project.clone();
        let folder = || self.project_dir.file_name().map(|n| n.to_string_lossy().into_owned());
        configured.or_else(folder).unwrap_or_else(|| "default".into())
    }

    /// The version locations as absolute paths, and whether somebody named them.
    pub fn version_locations(&self) -> (Vec<PathBuf>, bool) {
        match self.settings.dirs.as_slice() {
            [] => (vec![self.project_dir.join("migrations")], false),
            dirs => (dirs.to_vec(), true),
        }
    }

    /// The bearer token.
    ///
    /// # Errors
    /// CONFIG_INVALID or LOCAL_FILE, see [`Config::secret`].
    pub fn token(&self) -> Result<Option<String>> {
        self.secret(
            "token",
            self.settings.token.as_deref(),
            "token_file",
            self.settings.token_file.as_deref(),
        )
    }

    /// A secret that has a `_file` form: that of the higher layer.
    ///
    /// # Errors
    /// CONFIG_INVALID where one layer gives both forms, LOCAL_FILE where the file cannot be read.
    pub(crate) fn secret(
        &self,
        key: &str,
        value: Option<&str>,
        file_key: &str,
        file: Option<&Path>,
    ) -> Result<Option<String>> {
        let path = match (value, file) {
            (None, None) => return Ok(None),
            (Some(value), None) => return Ok(Some(value.into())),
            (None, Some(path)) => path,
            (Some(value), Some(path)) => match self.rank(key).cmp(&self.rank(file_key)) {
                std::cmp::Ordering::Greater => return Ok(Some(value.into())),
                std::cmp::Ordering::Less => path,
                std::cmp::Ordering::Equal => {
                    let text = format!("`{key}` and `{file_key}` are both set in {}", self.origin(key));
                    return Err(Own::ConfigInvalid.error(text));
                }
            },
        };
        let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, "read", &e))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_string()))
    }
}

fn find_file(start: &Path) -> Option<PathBuf> {
    start.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
}

fn wrong_type(figment: &Figment, file: Option<&Path>, error: &figment::Error) -> Box<Error> {
    let key = error.path.join(".");
    let rank = layers::rank(figment.find_metadata(&key).or(error.metadata.as_ref()));
    let place = match (rank, file) {
        (Rank::File, Some(path)) => format!(" in {}", path.display()),
        (Rank::Variable, _) => " in the environment".into(),
        _ => String::new(),
    };
    Own::ConfigInvalid.error(format!("`{key}`{place}: {}", error.kind))
}

#[cfg(test)]
mod tests;
