//! Options of the verbs that look at schemas, and where a schema comes from.

use crate::config::Config;
use crate::error::{Own, Result};
use crate::graph_call::Context;
use crate::output::Output;
use clap::Args;
use migrated_proto::v1::{
    DiffRules, Difference, Rename, ReplayedRevisions, RulesFile, SchemaDiff, SchemaFile, SchemaFiles,
    SchemaFormat, SchemaScope, SchemaSource, schema_source::Source,
};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What is compared, and how.
#[derive(Args, Clone, Debug, Default)]
pub struct Comparison {
    /// Look at this schema too (PostgreSQL); several allowed
    #[arg(long = "include-schema", value_name = "SCHEMA")]
    pub schemas: Vec<String>,
    /// Look at all schemas (PostgreSQL)
    #[arg(long, conflicts_with = "schemas")]
    pub all_schemas: bool,
    /// A table or column that got another name: `old=new`, `table.old=table.new`; several allowed
    #[arg(long = "rename", value_name = "OLD=NEW", value_parser = rename)]
    pub renames: Vec<(String, String)>,
    /// Rules for the comparison, in a .yaml or .json file; that of `rules` in migratectl.toml by default
    #[arg(long = "rules", value_name = "FILE")]
    pub rules_file: Option<PathBuf>,
    /// Show what was left out, too
    #[arg(short, long)]
    pub verbose: bool,
}

fn rename(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => Ok((old.to_owned(), new.to_owned())),
        _ => Err("write OLD=NEW, such as users=accounts or users.mail=users.email".to_owned()),
    }
}

impl Comparison {
    /// Which part of a database is looked at.
    pub(super) fn scope(&self) -> SchemaScope {
        SchemaScope { schemas: self.schemas.clone(), all_schemas: self.all_schemas }
    }

    /// What the comparison lets pass; the daemon reads the file.
    ///
    /// # Errors
    /// LOCAL_FILE where the file of rules cannot be read.
    pub(super) fn rules(&self, config: &Config) -> Result<DiffRules> {
        let named = self.rules_file.as_ref().map(|path| config.cwd.join(path));
        let file = named.or_else(|| config.settings.rules.clone()).map(|path| {
            let shown = path.strip_prefix(&config.cwd).unwrap_or(&path).display().to_string();
            let bytes = std::fs::read(&path).map_err(|e| unreadable(&shown, &e))?;
            let text = String::from_utf8(bytes).map_err(|e| not_utf8(&shown, &e))?;
            Ok::<_, Box<crate::error::Error>>(RulesFile { path: shown, text })
        });
        let renames = self.renames.iter();
        let renames = renames.map(|(old, new)| Rename { old_name: old.clone(), new_name: new.clone() });
        Ok(DiffRules { renames: renames.collect(), rules: None, file: file.transpose()? })
    }
}

/// The form that a file's name says.
fn form(path: &str) -> Option<SchemaFormat> {
    match Path::new(path).extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "sql" => Some(SchemaFormat::Sql),
        "yaml" | "yml" => Some(SchemaFormat::Yaml),
        "json" => Some(SchemaFormat::Json),
        _ => None,
    }
}

/// A schema as the command line names it: `-` for SQL on the standard input, a `.sql`, `.yaml` or `.json` file, a
/// folder of such files, a database URL, `revisions` for what the revisions make, or the name of a target.
///
/// # Errors
/// LOCAL_FILE where a file cannot be read.
pub(super) fn source(context: &mut Context, name: &str) -> Result<SchemaSource> {
    let source = if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| unreadable("the standard input", &e))?;
        Source::Files(SchemaFiles {
            format: guess(&text).into(),
            files: vec![SchemaFile { path: "stdin".into(), text }],
        })
    } else if name == "revisions" {
        Source::Revisions(ReplayedRevisions {
            project: context.config.project(),
            graph: None,
            revision: String::new(),
        })
    } else if form(name).is_some() || context.config.cwd.join(name).is_dir() {
        Source::Files(files(context, name)?)
    } else {
        Source::Target(context.config.target_named(name))
    };
    Ok(SchemaSource { source: Some(source) })
}

/// A file, or those of a folder in the order of their names; all of one form.
fn files(context: &Context, name: &str) -> Result<SchemaFiles> {
    let path = context.config.cwd.join(name);
    let mut found = Vec::new();
    if path.is_dir() {
        let entries = std::fs::read_dir(&path).map_err(|e| unreadable(name, &e))?;
        for entry in entries {
            let file = entry.map_err(|e| unreadable(name, &e))?.file_name().to_string_lossy().into_owned();
            if form(&file).is_some() {
                found.push(format!("{}/{file}", name.trim_end_matches('/')));
            }
        }
        found.sort();
    } else {
        found.push(name.to_owned());
    }
    let Some(format) = found.first().and_then(|first| form(first)) else {
        return Err(Own::LocalFile
            .error(format!("{name} holds no .sql, .yaml or .json file"))
            .state("nothing was done")
            .next("name the file or folder that holds the schema"));
    };
    if let Some(other) = found.iter().find(|path| form(path) != Some(format)) {
        return Err(Own::LocalFile
            .error(format!("{name} holds files of several forms: {} and {other}", found[0]))
            .state("nothing was done")
            .next("name one file, or a folder with files of one form"));
    }
    let files = found.into_iter().map(|path| {
        let bytes = std::fs::read(context.config.cwd.join(&path)).map_err(|e| unreadable(&path, &e))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(SchemaFile { path, text }),
            Err(e) => Err(not_utf8(&path, &e)),
        }
    });
    Ok(SchemaFiles { format: format.into(), files: files.collect::<Result<_>>()? })
}

/// What the standard input holds: JSON begins with a brace, a description in YAML with a key, everything else is SQL.
fn guess(text: &str) -> SchemaFormat {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#') && *l != "---");
    match first {
        Some(line) if line.starts_with('{') => SchemaFormat::Json,
        Some(line) if line.ends_with(':') && !line.contains(' ') => SchemaFormat::Yaml,
        _ => SchemaFormat::Sql,
    }
}

fn unreadable(what: &str, error: &std::io::Error) -> Box<crate::error::Error> {
    Own::LocalFile
        .error(format!("{what} cannot be read: {error}"))
        .state("nothing was done")
        .next("correct the name or the rights of the file, then repeat")
}

fn not_utf8(path: &str, error: &std::string::FromUtf8Error) -> Box<crate::error::Error> {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    Own::LocalFile
        .error(format!("{path} is not UTF-8: line {line} holds bytes that are no character"))
        .state("nothing was done")
        .next("save the file as UTF-8, then repeat")
}

/// Fills in the graph of a source that replays revisions.
pub(super) fn with_graph(source: &SchemaSource, graph: &migrated_proto::v1::GraphRef) -> SchemaSource {
    let mut source = source.clone();
    if let Some(Source::Revisions(replayed)) = &mut source.source {
        replayed.graph = Some(graph.clone());
    }
    source
}

/// Shows what a comparison found: the differences as the result, the rest beside it.
pub(super) fn show(out: &mut Output, diff: &SchemaDiff, verbose: bool) {
    for difference in &diff.differences {
        out.line(&line(difference));
    }
    ask(out, diff, verbose);
}

/// Tells what a comparison found beside another result.
pub(super) fn tell(out: &mut Output, diff: &SchemaDiff, verbose: bool) {
    for difference in &diff.differences {
        out.note(&line(difference));
    }
    ask(out, diff, verbose);
}

/// How many differences there are, in words.
pub(super) fn counted(diff: &SchemaDiff) -> String {
    match diff.differences.len() {
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    }
}

fn line(difference: &Difference) -> String {
    let mark = if difference.destroys.is_empty() { "" } else { "  (destroys data)" };
    format!("{}{mark}", difference.summary)
}

/// What may have got another name and, where it is asked for, what was left out.
fn ask(out: &mut Output, diff: &SchemaDiff, verbose: bool) {
    for question in &diff.questions {
        out.note(&format!(
            "{} {} may be {} with another name ({:.0} % alike): --rename {}={}",
            question.kind,
            question.new_name,
            question.old_name,
            question.similarity * 100.0,
            question.old_name,
            question.new_name
        ));
    }
    if verbose {
        for line in diff.left_out.iter().chain(&diff.notes) {
            out.note(line);
        }
    }
}
