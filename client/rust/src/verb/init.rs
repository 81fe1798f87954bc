//! `init [DIR]`.

use crate::config::FILE_NAME;
use crate::error::{Error, Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::Args;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;

/// Arguments of `init`.
#[derive(Args, Debug)]
pub struct Init {
    /// Folder for revisions
    #[arg(default_value = "migrations")]
    pub dir: String,
    /// Form of new revisions: sql or yaml
    #[arg(long, value_parser = ["sql", "yaml"])]
    pub format: Option<String>,
}

/// Runs the verb: writes `migratectl.toml` into the working directory and makes the folder. Overwrites nothing.
///
/// # Errors
/// LOCAL_FILE where the file is there already, the folder is not empty, or either cannot be made.
pub fn run(context: &mut Context, args: &Init) -> Result<Exit> {
    let cwd = context.config.cwd.clone();
    let (file, folder) = (cwd.join(FILE_NAME), cwd.join(&args.dir));
    let taken = |path: &Path, what: &str| {
        Own::LocalFile
            .error(format!("{} {what}", path.display()))
            .state("nothing was written")
            .next("name another folder, or remove what is there")
    };
    if file.exists() {
        return Err(taken(&file, "exists already"));
    }
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(taken(&folder, "is not empty"));
    }
    std::fs::create_dir_all(&folder).map_err(|e| Error::file(&folder, "make", &e))?;
    let wrong = |e: std::io::Error| Error::file(&file, "write", &e);
    let text = text(&args.dir, args.format.as_deref().unwrap_or("sql"));
    std::fs::File::create_new(&file).and_then(|mut f| f.write_all(text.as_bytes())).map_err(wrong)?;
    let made = json!({"config": file.display().to_string(), "folder": folder.display().to_string()});
    context.out.result(&made, |out| {
        out.line(&format!("{FILE_NAME} and {}/ are made", args.dir.trim_end_matches('/')));
        out.note("next: `migratectl revision -m MESSAGE`, then `migratectl upgrade head --database-url URL`");
    });
    Ok(Exit::Done)
}

fn text(dir: &str, format: &str) -> String {
    let dir = toml::Value::String(dir.trim_end_matches('/').into());
    format!(
        "# Settings of migratectl for this project; `migratectl config` shows what applies and where it comes from.\n\
         \n\
         # Where revisions live; several folders are allowed.\n\
         dirs = [{dir}]\n\
         \n\
         # The database: a target that the daemon knows by name, or a URL. DATABASE_URL wins over this URL.\n\
         # target = \"prod\"\n\
         # database_url = \"postgresql://app:${{PGPASSWORD}}@localhost/app\"\n\
         \n\
         # A shared daemon; without one a daemon of this project is started when it is needed.\n\
         # server = \"https://migrated.example.org:7465\"\n\
         # token_file = \"/run/secrets/migrated-token\"\n\
         \n\
         [revision]\n\
         # Form of new revisions: sql or yaml (typed operations).\n\
         format = \"{format}\"\n\
         # file_template = \"%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d_%(rev)s_%(slug)s\"\n\
         # timezone = \"Europe/Zurich\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Sources};

    #[test]
    fn what_is_written_can_be_read() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join(FILE_NAME), text("db/my \"own\"/", "yaml")).expect("it is written");
        let sources = Sources { cwd: dir.path().into(), ..Sources::default() };
        let config = config::load(&sources).expect("it is read");
        assert_eq!(config.settings.revision.format.as_deref(), Some("yaml"));
        assert_eq!(config.settings.dirs, [dir.path().join("db/my \"own\"")]);
    }
}
