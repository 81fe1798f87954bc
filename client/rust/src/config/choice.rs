//! Which target a command means: a named one, or a database URL.

use super::{Config, Rank};
use crate::error::{Own, Result};
use migrated_proto::v1::{AdHocTarget, TargetRef, target_ref};
use std::path::Path;

/// The target that the configuration chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChoice {
    /// A named target.
    Named(String),
    /// A database URL, as the daemon is to see it.
    Url(String),
}

impl Config {
    /// The target: a flag wins over variables, those over the file; `DATABASE_URL`, which other programs set too, wins
    /// only over the file's `database_url`.
    ///
    /// # Errors
    /// CONFIG_INVALID where one layer names both a target and a URL, or the URL names an unset variable; LOCAL_FILE
    /// where `database_url_file` cannot be read.
    pub fn target(&self) -> Result<Option<TargetChoice>> {
        let s = &self.settings;
        let named = s.target.as_ref().map(|name| (self.rank("target"), name));
        let url_rank = [
            ("database_url", s.database_url.is_some()),
            ("database_url_file", s.database_url_file.is_some()),
        ]
        .iter()
        .filter(|(_, set)| *set)
        .map(|(key, _)| self.rank(key))
        .max();
        let generic = self.variable("DATABASE_URL");
        match (named, url_rank) {
            (Some((rank, _)), Some(url)) if rank == url => {
                let text = format!("both a target and a database URL are set ({})", self.origin("target"));
                Err(Own::ConfigInvalid.error(text).next("give `--target NAME` or `--database-url URL`"))
            }
            (Some((rank, name)), url) if url.is_none_or(|url| rank > url) => {
                Ok(Some(TargetChoice::Named(name.clone())))
            }
            (_, Some(rank)) if rank > Rank::File || generic.is_none() => Ok(self.configured_url()?),
            (_, _) => generic.map(|url| self.for_daemon(url)).transpose(),
        }
    }

    /// The target as requests carry it.
    ///
    /// # Errors
    /// As [`Config::target`], and CONFIG_INVALID where there is none.
    pub fn target_ref(&self) -> Result<TargetRef> {
        let target = self.target()?.ok_or_else(|| {
            Own::ConfigInvalid
                .error("no target: neither a name nor a database URL is given")
                .next("give `--target NAME` or `--database-url URL`, set DATABASE_URL, or put `target` in migratectl.toml")
        })?;
        let s = &self.settings;
        let target = match target {
            TargetChoice::Named(name) => target_ref::Target::Name(name),
            TargetChoice::Url(url) => target_ref::Target::AdHoc(AdHocTarget {
                url,
                schema: s.database_schema.clone().unwrap_or_default(),
                version_table: s.version_table.clone().unwrap_or_default(),
                version_table_schema: s.version_table_schema.clone().unwrap_or_default(),
            }),
        };
        Ok(TargetRef { target: Some(target) })
    }

    /// A target as an argument names it: a database URL, or the name of a target.
    pub fn target_named(&self, name: &str) -> TargetRef {
        let target = if name.contains(':') {
            let s = &self.settings;
            target_ref::Target::AdHoc(AdHocTarget {
                url: database_url_for_daemon(name, &self.project_dir),
                schema: s.database_schema.clone().unwrap_or_default(),
                version_table: s.version_table.clone().unwrap_or_default(),
                version_table_schema: s.version_table_schema.clone().unwrap_or_default(),
            })
        } else {
            target_ref::Target::Name(name.to_owned())
        };
        TargetRef { target: Some(target) }
    }

    fn configured_url(&self) -> Result<Option<TargetChoice>> {
        let s = &self.settings;
        let url = self.secret(
            "database_url",
            s.database_url.as_deref(),
            "database_url_file",
            s.database_url_file.as_deref(),
        )?;
        let from_file = self.rank("database_url") == Rank::File;
        url.map(|url| if from_file { self.expand(&url) } else { Ok(url) })
            .transpose()?
            .map(|u| self.for_daemon(&u))
            .transpose()
    }

    fn for_daemon(&self, url: &str) -> Result<TargetChoice> {
        Ok(TargetChoice::Url(database_url_for_daemon(url, &self.project_dir)))
    }

    /// Replaces `${VAR}` by the variable's value.
    fn expand(&self, text: &str) -> Result<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else {
                return Err(Own::ConfigInvalid.error("`database_url` has a `${` without its `}`"));
            };
            let value = self.variable(name).ok_or_else(|| {
                Own::ConfigInvalid
                    .error(format!("`database_url` names the variable {name}, which is not set"))
            })?;
            out.push_str(before);
            out.push_str(value);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// A database URL as the daemon, whose working directory is another, has to see it: SQLAlchemy's
/// `sqlite:///relative.db` (three slashes) becomes `sqlite:////absolute/relative.db`.
pub fn database_url_for_daemon(url: &str, project_dir: &Path) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.into() };
    if scheme != "sqlite" && !scheme.starts_with("sqlite+") {
        return url.into();
    }
    let Some(path) = rest.strip_prefix('/') else { return url.into() };
    let (file, query) = path.split_once('?').map_or((path, None), |(file, query)| (file, Some(query)));
    if file.is_empty() || file.starts_with('/') || file.starts_with(':') || file.starts_with("file:") {
        return url.into();
    }
    let file = file.strip_prefix("./").unwrap_or(file);
    let absolute = project_dir.join(file);
    let query = query.map(|q| format!("?{q}")).unwrap_or_default();
    format!("{scheme}:///{}{query}", absolute.display())
}
