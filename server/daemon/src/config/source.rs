//! Where values come from: defaults < file < `MIGRATED_*` variables < flags.

use super::schema::{ANY, Key, Kind, find};
use super::{Config, Problems};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use std::path::{Path, PathBuf};

/// Variables begin with it.
const PREFIX: &str = "MIGRATED_";

/// Variables that are no keys: where the file is.
const CONFIG_VARIABLE: &str = "MIGRATED_CONFIG";

/// Variables that are short for a key.
const SHORT: [(&str, &str); 1] = [("MIGRATED_LOG", "telemetry.log.filter")];

/// Everything that a configuration is read from. Passed in, so that tests need no environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// Defaults of a mode, as (key, value): above the general ones, below everything else.
    pub(crate) mode: Vec<(String, Value)>,
    /// The file, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// Environment variables.
    pub(crate) variables: Vec<(String, String)>,
    /// Flags, as (flag, key, value).
    pub(crate) flags: Vec<(String, String, Value)>,
}

/// A configuration with where each value comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The configuration; it may still have [`Config::validate`] problems.
    pub(crate) config: Config,
    figment: Figment,
}

impl Loaded {
    /// Where a key's value comes from: a file, a variable, a flag, or `default`. The key comes in its parts, which may
    /// hold dots themselves.
    pub(crate) fn origin(&self, path: &[String]) -> String {
        let value = path.split_first().and_then(|(section, rest)| {
            let section = self.figment.find_value(section).ok()?;
            rest.iter().try_fold(section, |value, name| value.into_dict()?.remove(name))
        });
        let metadata = value.and_then(|v| self.figment.get_metadata(v.tag()).map(|m| m.name.to_string()));
        metadata.unwrap_or_else(|| "default".to_owned())
    }
}

/// The file to read: the one named, which must exist, or the first of the usual places that does.
pub(crate) fn file(
    named: Option<&Path>,
    variables: &[(String, String)],
) -> Result<Option<PathBuf>, Problems> {
    let variable = variables.iter().find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
    let (path, how) = match (named, variable) {
        (Some(path), _) => (path.to_owned(), "--config"),
        (None, Some((name, path))) => (PathBuf::from(path), name.as_str()),
        (None, None) => {
            let usual = ["migrated.toml", "/etc/migrated/migrated.toml"].map(PathBuf::from);
            return Ok(usual.into_iter().find(|path| path.is_file()));
        }
    };
    match path.is_file() {
        true => Ok(Some(path)),
        false => Err(Problems(vec![format!("{how}: there is no file {}", path.display())])),
    }
}

/// Reads and merges all sources. Every fault found is told, not only the first.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let mut layers = Vec::new();
    let mut problems = Problems::default();
    for (key, value) in &sources.mode {
        layers.push(Layer::of("default of this mode", key, value.clone()));
    }
    if let Some(path) = &sources.file {
        match read_file(path) {
            Ok(dict) => layers.push(Layer { origin: path.display().to_string(), dict }),
            Err(e) => problems.0.push(e),
        }
    }
    layers.extend(variables(&sources.variables));
    for (flag, key, value) in &sources.flags {
        layers.push(Layer::of(flag, key, value.clone()));
    }
    let mut figment = Figment::new();
    for layer in layers {
        unknown(&layer.dict, Config::KEYS, &mut Vec::new(), &mut |path, nearest| {
            let meant = nearest.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            problems.0.push(format!("{}: unknown key `{path}`{meant}", layer.origin));
        });
        figment = figment.merge(layer);
    }
    if !problems.0.is_empty() {
        return Err(problems);
    }
    match figment.extract::<Config>() {
        Ok(config) => Ok(Loaded { config, figment }),
        Err(faults) => Err(Problems(faults.into_iter().map(|fault| told(&fault)).collect())),
    }
}

/// A value that a key cannot have, with the key and where it stands.
fn told(fault: &figment::Error) -> String {
    let origin = fault.metadata.as_ref().map(|m| format!("{}: ", m.name)).unwrap_or_default();
    // A wrong value is repeated in the message; a secret's would be too.
    let kind = match kind_at(&fault.path) {
        Some(Kind::Secret) => "a text is wanted".to_owned(),
        _ => fault.kind.to_string(),
    };
    format!("{origin}{}: {kind}", fault.path.join("."))
}

fn kind_at(path: &[String]) -> Option<Kind> {
    let mut kind = Kind::Table(Config::KEYS);
    for name in path {
        kind = match kind {
            Kind::Table(keys) => find(keys, name)?.kind,
            Kind::List(keys) if name.parse::<usize>().is_ok() => Kind::Table(keys),
            _ => return None,
        };
    }
    Some(kind)
}

/// One source with one name.
struct Layer {
    origin: String,
    dict: Dict,
}

impl Layer {
    /// One value under a dotted key.
    fn of(origin: &str, key: &str, value: Value) -> Layer {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        Layer::at(origin, &path, value)
    }

    fn at(origin: &str, path: &[String], value: Value) -> Layer {
        let mut dict = Dict::new();
        if let Some((last, parents)) = path.split_last() {
            dict.insert(last.clone(), value);
            for name in parents.iter().rev() {
                dict = Dict::from([(name.clone(), Value::from(dict))]);
            }
        }
        Layer { origin: origin.to_owned(), dict }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

/// The variables that are keys: `MIGRATED_LISTEN__GRPC_WEB` is `listen.grpc_web`.
fn variables(all: &[(String, String)]) -> Vec<Layer> {
    let mut all: Vec<_> =
        all.iter().filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG_VARIABLE).collect();
    // Two spellings of one key must not depend on the environment's order.
    all.sort();
    let layer = |(name, value): &(String, String)| {
        let key = match SHORT.iter().find(|(short, _)| short == name) {
            Some((_, key)) => key.split('.').map(str::to_owned).collect(),
            None => name[PREFIX.len()..].split("__").map(str::to_lowercase).collect::<Vec<_>>(),
        };
        Layer::at(name, &key, literal(value, kind_at(&key)))
    };
    // A short form is weaker than the key written out.
    let (short, full): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(n, _)| SHORT.iter().any(|(s, _)| s == n));
    short.into_iter().chain(full).map(layer).collect()
}

/// A value as it was written outside of a file: as it is where the key holds a text, else read as TOML would be.
pub(crate) fn literal(text: &str, kind: Option<Kind>) -> Value {
    match kind {
        Some(Kind::Literal(_) | Kind::Table(_) | Kind::List(_)) => match text.parse::<Value>() {
            Ok(value) => value,
            Err(never) => match never {},
        },
        _ => Value::from(text),
    }
}

/// The kind of value of a dotted key.
pub(crate) fn kind(key: &str) -> Option<Kind> {
    kind_at(&key.split('.').map(str::to_owned).collect::<Vec<_>>())
}

fn read_file(path: &Path) -> Result<Dict, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| format!("{shown}: {e}"))?;
    // The parser's message shows the line, in which a secret may stand: only its place and what is wrong are told.
    let table: toml::Table = toml::from_str(&text).map_err(|e| {
        let line = e.span().map(|s| text[..s.start.min(text.len())].lines().count().max(1));
        format!("{shown}{}: {}", line.map(|l| format!(":{l}")).unwrap_or_default(), e.message())
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(dict(table, Config::KEYS, folder))
}

fn dict(table: toml::Table, keys: &[Key], folder: &Path) -> Dict {
    let value = |name: &str, value| self::value(value, find(keys, name).map(|k| k.kind), folder);
    table.into_iter().map(|(name, v)| (name.clone(), value(&name, v))).collect()
}

/// A value of a file; paths become relative to its folder, times become texts.
fn value(value: toml::Value, kind: Option<Kind>, folder: &Path) -> Value {
    match (value, kind) {
        (toml::Value::String(text), Some(Kind::Path)) => {
            Value::from(folder.join(text).to_string_lossy().into_owned())
        }
        (toml::Value::String(text), _) => Value::from(text),
        (toml::Value::Integer(number), _) => Value::from(number),
        (toml::Value::Float(number), _) => Value::from(number),
        (toml::Value::Boolean(truth), _) => Value::from(truth),
        (toml::Value::Datetime(time), _) => Value::from(time.to_string()),
        (toml::Value::Array(all), Some(Kind::List(keys))) => {
            let table = Some(Kind::Table(keys));
            Value::from(all.into_iter().map(|v| self::value(v, table, folder)).collect::<Vec<_>>())
        }
        (toml::Value::Array(all), kind) => {
            Value::from(all.into_iter().map(|v| self::value(v, kind, folder)).collect::<Vec<_>>())
        }
        (toml::Value::Table(table), Some(Kind::Table(keys))) => Value::from(dict(table, keys, folder)),
        (toml::Value::Table(table), _) => Value::from(dict(table, &[], folder)),
    }
}

/// Tells every key that no section has, with the nearest one that its section has.
fn unknown(dict: &Dict, keys: &[Key], path: &mut Vec<String>, tell: &mut dyn FnMut(String, Option<String>)) {
    for (name, value) in dict {
        path.push(name.clone());
        match (find(keys, name).map(|k| k.kind), value) {
            (None, _) => {
                let near = nearest(name, keys.iter().map(|k| k.name).filter(|n| *n != ANY));
                let near = near.map(|n| [&path[..path.len() - 1], &[n.to_owned()]].concat().join("."));
                tell(path.join("."), near.or_else(|| elsewhere(name)));
            }
            (Some(Kind::Table(keys)), Value::Dict(_, dict)) => unknown(dict, keys, path, tell),
            (Some(Kind::List(keys)), Value::Array(_, all)) => {
                for (i, one) in all.iter().enumerate() {
                    if let Value::Dict(_, dict) = one {
                        path.push(i.to_string());
                        unknown(dict, keys, path, tell);
                        path.pop();
                    }
                }
            }
            _ => {}
        }
        path.pop();
    }
}

/// A key of that very name in another section.
fn elsewhere(name: &str) -> Option<String> {
    let within = |section: &Key| match section.kind {
        Kind::Table(keys) => keys.iter().any(|k| k.name == name),
        _ => false,
    };
    Config::KEYS.iter().find(|section| within(section)).map(|section| format!("{}.{name}", section.name))
}

/// The nearest of several names, if one is near.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|k| (strsim::jaro_winkler(k, name), k)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (near.0 > 0.75).then_some(near.1)
}
