//! Puts a new revision's file into the folder and runs the project's commands over it.

use crate::config::{Config, PostWrite};
use crate::error::{Error, Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::show_rows;
use migrated_proto::v1::{Revision, RevisionFile, RevisionFileSettings, RevisionFormat};
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What commands name the new file by; the second is Alembic's.
const TOKENS: [&str; 2] = ["REVISION_FILENAME", "REVISION_SCRIPT_FILENAME"];

/// How files are named and written, as requests carry it.
///
/// # Errors
/// CONFIG_INVALID for an unknown format.
pub(super) fn settings(config: &Config) -> Result<RevisionFileSettings> {
    let s = &config.settings.revision;
    let format = match s.format.as_deref() {
        None => RevisionFormat::Unspecified,
        Some("sql") => RevisionFormat::Sql,
        Some("yaml") => RevisionFormat::Yaml,
        Some(other) => {
            return Err(Own::ConfigInvalid
                .error(format!("`revision.format`: `{other}` is unknown"))
                .next("choose sql or yaml"));
        }
    };
    Ok(RevisionFileSettings {
        file_template: s.file_template.clone().unwrap_or_default(),
        truncate_slug_length: s.truncate_slug_length.unwrap_or_default(),
        timezone: s.timezone.clone().unwrap_or_default(),
        format: format.into(),
    })
}

/// Writes the file of a new revision and shows where it is; the result is `answer`, which brought both.
///
/// # Errors
/// LOCAL_FILE where the path leaves the folder, the file is there already, or a command fails.
pub(super) fn finish<T: Serialize>(
    context: &mut Context,
    answer: &T,
    revision: Option<&Revision>,
    file: Option<&RevisionFile>,
) -> Result<Exit> {
    let path = write(context, &revision.cloned().unwrap_or_default(), &file.cloned().unwrap_or_default())?;
    let shown = shown(&path, &context.config);
    context.out.result(answer, |out| out.line(&shown));
    Ok(Exit::Done)
}

/// Writes the file, which must not be there yet, runs the commands, and tells its path.
fn write(context: &mut Context, revision: &Revision, file: &RevisionFile) -> Result<PathBuf> {
    let path = context.locations().file_of(&file.path).ok_or_else(|| {
        Own::LocalFile
            .error(format!("the daemon named a file outside of the version locations: {}", file.path))
    })?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, "make", &e))?;
    }
    let wrong = |e: std::io::Error| Error::file(&path, "create", &e);
    let mut new = std::fs::File::create_new(&path).map_err(wrong)?;
    new.write_all(file.content.as_bytes()).map_err(wrong)?;
    drop(new);
    context.forget_folder();
    let parents = show_rows(&revision.down_revisions);
    context.out.note(&format!("revision {} on {parents}", revision.id));
    for hook in &context.config.settings.revision.post_write {
        run(hook, &path, &context.config.project_dir)?;
    }
    Ok(path)
}

/// A path as the user would write it: relative where it lies below the working directory.
fn shown(path: &Path, config: &Config) -> String {
    path.strip_prefix(&config.cwd).unwrap_or(path).display().to_string()
}

fn run(hook: &PostWrite, file: &Path, project_dir: &Path) -> Result<()> {
    let command = hook.command.join(" ");
    let mut words = words(hook, &file.to_string_lossy()).into_iter();
    let Some(program) = words.next() else { return Ok(()) };
    let cwd = hook.cwd.as_ref().map_or_else(|| project_dir.to_path_buf(), |cwd| project_dir.join(cwd));
    let ran = std::process::Command::new(program)
        .args(words)
        .current_dir(cwd)
        // stdout carries the new file's path, and nothing else.
        .stdout(std::io::stderr())
        .status();
    let failed = match ran {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    Err(Own::LocalFile
        .error(format!("the command `{command}` of `revision.post_write` failed: {failed}"))
        .state(format!("{} is written", file.display()))
        .next("correct the command, then run it over the file by hand"))
}

fn words(hook: &PostWrite, file: &str) -> Vec<String> {
    let named = |word: &String| TOKENS.iter().any(|token| word.contains(token));
    let mut words: Vec<String> = hook
        .command
        .iter()
        .map(|word| TOKENS.iter().fold(word.clone(), |word, token| word.replace(token, file)))
        .collect();
    if !words.is_empty() && !hook.command.iter().any(named) {
        words.push(file.into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(command: &[&str]) -> PostWrite {
        PostWrite { command: command.iter().map(|w| (*w).to_string()).collect(), cwd: None }
    }

    #[test]
    fn the_file_stands_where_the_token_is_and_else_at_the_end() {
        assert_eq!(
            words(&hook(&["fmt", "--in=REVISION_FILENAME", "-q"]), "a.sql"),
            ["fmt", "--in=a.sql", "-q"]
        );
        assert_eq!(words(&hook(&["fmt", "REVISION_SCRIPT_FILENAME"]), "a.sql"), ["fmt", "a.sql"]);
        assert_eq!(words(&hook(&["fmt", "-q"]), "a.sql"), ["fmt", "-q", "a.sql"]);
        assert!(words(&hook(&[]), "a.sql").is_empty());
    }

    #[test]
    fn a_command_that_fails_is_told_with_the_file_that_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = run(&hook(&["false"]), Path::new("a.sql"), folder.path()).expect_err("it fails");
        assert!(error.message.contains("`false`") && error.state == "a.sql is written", "{error}");
        run(&hook(&["touch"]), &folder.path().join("made"), folder.path()).expect("it runs");
        assert!(folder.path().join("made").exists());
    }
}
